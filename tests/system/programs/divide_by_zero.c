/* Divides by zero as often as the first argument says, and prints the sum of the quotients. */
#include "sw/firmware/runtime/program.h"

int main(void) {
  int sum = 0;
  for (uint32_t i = 0; i < ohmic_argument_number(0, 0); ++i) {
    int quotient;
    __asm__ volatile("div %0, %1, zero" : "=r"(quotient) : "r"(100 + i));
    sum += quotient;
  }
  printf("sum %d\n", sum);
  return 0;
}
