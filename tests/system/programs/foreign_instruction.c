/* An instruction of CV32E40P in a program for plain RV32IMC. */
int main(void) {
  __asm__ volatile(".insn 4, 0x0045258b"); /* cv.lw a1, (a0), 4 */
  return 0;
}
