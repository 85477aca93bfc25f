// Small programs for one cluster, each with its own entry. Tables and results lie in the own L1; the test bench fills
// the table of core n at L1 + 64 n and reads results from L1 + 0x1000 + 64 n. L1 has 1 MiB here.
#include "registers/ohmic_registers.h"

#define EVENT(name) (OHMIC_EVENT_UNIT_BASE + OHMIC_EVENT_UNIT_##name##_OFFSET - 0x1800)
#define CONTROL(name) (OHMIC_CLUSTER_CONTROL_##name##_OFFSET)

  .option norvc
  .section .text.start, "ax"

// a0: core; s0: its table; s1: its results; tp: own peripherals + 0x1800; gp: own peripherals; s2: L1
.macro ENTRY_POINT name
  .balign 64
  .globl \name
\name:
  csrr a0, mhartid
  andi a0, a0, 63
  lui s2, 0x10000
  slli s0, a0, 6
  add s0, s0, s2
  lui s1, 1
  add s1, s1, s0
  lui gp, 0x10100
  lui tp, 2
  add tp, tp, gp
  addi tp, tp, -0x800
.endm

  .globl _start
_start:
// Sleeps for ever.
  .globl sleep
ENTRY_POINT idle
sleep:
  sw zero, EVENT(OWN_MASK)(tp)
1:
  addi t6, tp, EVENT(OWN_WAIT)
  cv.elw t5, 0(t6)
  j 1b

// table: address, stride, count. Two loads per turn, the address moves by the stride.
ENTRY_POINT conflict
  lw t0, 0(s0)
  lw t1, 4(s0)
  lw t2, 8(s0)
  beqz t2, sleep
  j 1f
  .balign 64
  .globl conflict_loop
  .globl conflict_end
1:
conflict_loop:
  lw a1, 0(t0)
  lw a2, 0(t0)
  add t0, t0, t1
  addi t2, t2, -1
  bnez t2, conflict_loop
conflict_end:
  j sleep

// table: address. Stores of every size at every alignment, then loads of every size, sign and alignment.
ENTRY_POINT sizes
  lw t0, 0(s0)
  li t1, 0x81828384
  sw t1, 0(t0)
  sw t1, 5(t0)
  sw t1, 10(t0)
  sw t1, 15(t0)
  li t1, 0x0000F1F2
  sh t1, 20(t0)
  sh t1, 23(t0)
  sh t1, 26(t0)
  sh t1, 29(t0)
  sb t1, 32(t0)
  sb t1, 35(t0)
  lw a1, 0(t0)
  sw a1, 0(s1)
  lw a1, 5(t0)
  sw a1, 4(s1)
  lw a1, 10(t0)
  sw a1, 8(s1)
  lw a1, 15(t0)
  sw a1, 12(s1)
  lh a1, 20(t0)
  sw a1, 16(s1)
  lhu a1, 23(t0)
  sw a1, 20(s1)
  lh a1, 26(t0)
  sw a1, 24(s1)
  lhu a1, 29(t0)
  sw a1, 28(s1)
  lb a1, 32(t0)
  sw a1, 32(s1)
  lbu a1, 35(t0)
  sw a1, 36(s1)
  lw a1, 21(t0)
  sw a1, 40(s1)
  j sleep

// Register reads and writes back to back; the loop runs twice so that its lines are in the cache.
ENTRY_POINT registers
  li t2, 2
  .balign 64
1:
  .globl registers_loop
registers_loop:
  lw a1, CONTROL(CORE_COUNT)(gp)
  lw a2, CONTROL(CYCLE_LO)(gp)
  lw a3, CONTROL(CYCLE_LO)(gp)
  sw a1, CONTROL(ACTIVITY)(gp)
  lw a4, 0(s0)
  addi t2, t2, -1
  bnez t2, 1b
  sw a1, 0(s1)
  sub a3, a3, a2
  sw a3, 4(s1)
  j sleep

// Core 0 waits for software event 3 `table[0]` times, clearing it in between; core 1 raises it as often, `table[1]`
// instructions after core 0 said in L1 that it reads 16 cycles later. Core 0 counts in result[0].
ENTRY_POINT ping
  lw s3, 0(s0)
  lw s4, 4(s0)
  li s5, 8
  lui s6, 3
  add s6, s6, s2
  bnez a0, raise
  sw s5, EVENT(OWN_MASK)(tp)
  addi t6, tp, EVENT(OWN_WAIT)
  li s7, 0
  j 1f
  .balign 64
1:
  addi s7, s7, 1
  sw s7, 0(s6)
  .rept 16
  nop
  .endr
  .globl ping_wait
ping_wait:
  cv.elw a1, 0(t6)
  sw s5, EVENT(OWN_CLEAR)(tp)
  sw a1, 4(s1)
  sw s7, 0(s1)
  bne s7, s3, 1b
  j sleep
raise:
  li s7, 0
  li s8, 1
  la t4, sled_end
  slli t5, s4, 2
  sub t4, t4, t5
  j 1f
  .balign 64
1:
  addi s7, s7, 1
2:
  lw a1, 0(s6)
  bne a1, s7, 2b
  jr t4
  .balign 64
  .rept 48
  nop
  .endr
sled_end:
  .globl ping_raise
ping_raise:
  sw s8, EVENT(SOFTWARE_EVENT) + 3 * 8 (tp)
  bne s7, s3, 1b
  j sleep

// Waits for software event 1 with doorbell 0 as an interrupt. Handler: counts in result[0] and keeps mepc there.
ENTRY_POINT interrupted
  sw zero, 0(s1)
  la t0, vectors + 1
  csrw mtvec, t0
  li t0, 2
  sw t0, EVENT(OWN_MASK)(tp)
  lui t0, 0x10000
  sw t0, EVENT(OWN_IRQ_MASK)(tp)
  lui t0, 1
  addi t0, t0, -0x800
  csrw mie, t0
  csrsi mstatus, 8
  addi t6, tp, EVENT(OWN_WAIT)
  .globl interrupted_wait
interrupted_wait:
  cv.elw a1, 0(t6)
  sw a1, 8(s1)
  li t1, 1
  sw t1, 12(s1)
  j sleep

// The same interrupt while the core computes without touching the bus; result[2] counts turns.
ENTRY_POINT computing
  sw zero, 0(s1)
  la t0, vectors + 1
  csrw mtvec, t0
  lui t0, 1
  addi t0, t0, -0x800
  csrw mie, t0
  csrsi mstatus, 8
  .globl computing_loop
computing_loop:
  addi s7, s7, 1
  j computing_loop

  .balign 256
vectors:
  .rept 11
  j sleep
  .endr
  lw t3, 0(s1)
  addi t3, t3, 1
  sw t3, 0(s1)
  csrr t3, mepc
  sw t3, 4(s1)
  lui t3, 0x10000
  sw t3, EVENT(OWN_CLEAR)(tp)
  mret

// Counts its starts in result[0] and goes where table[0] says: 0 sleeps, 1 computes for ever, 2 loads from table[1]
// and stores the answer in result[1], 3 jumps to table[1], 4 stores to table[1] in an endless loop,
// 5 computes for about 1000 cycles, then stores 1 to result[2] and sleeps, 6 disables itself, 7 computes for about 1000
// cycles and jumps to table[1].
ENTRY_POINT restart
  lw t0, 0(s1)
  addi t0, t0, 1
  sw t0, 0(s1)
  lw t1, 0(s0)
  lw t2, 4(s0)
  beqz t1, sleep
  addi t1, t1, -1
  beqz t1, 1f
  addi t1, t1, -1
  beqz t1, 2f
  addi t1, t1, -1
  beqz t1, 3f
  addi t1, t1, -1
  beqz t1, 4f
  addi t1, t1, -1
  beqz t1, 5f
  addi t1, t1, -1
  bnez t1, 7f
  lw t1, CONTROL(CORE_ENABLE_LO)(gp)
  li t2, 1
  sll t2, t2, a0
  xor t1, t1, t2
  sw t1, CONTROL(CORE_ENABLE_LO)(gp)
  sw t2, 8(s1)
  j sleep
1:
  j 1b
2:
  lw t2, 0(t2)
  sw t2, 4(s1)
  j sleep
3:
  jr t2
4:
  sw t2, 0(t2)
  j 4b
5:
  li t3, 250
6:
  addi t3, t3, -1
  bnez t3, 6b
  li t3, 1
  sw t3, 8(s1)
  j sleep
7:
  li t3, 250
8:
  addi t3, t3, -1
  bnez t3, 8b
  jr t2

// table: address of a register. Loads of its bytes and halfwords, then stores of those, reading the word back.
ENTRY_POINT narrow
  lw t0, 0(s0)
  lbu a1, 1(t0)
  sw a1, 0(s1)
  lhu a1, 2(t0)
  sw a1, 4(s1)
  lb a1, 3(t0)
  sw a1, 8(s1)
  li a1, 0x12345678
  sb a1, 1(t0)
  lw a2, 0(t0)
  sw a2, 12(s1)
  sh a1, 2(t0)
  lw a2, 0(t0)
  sw a2, 16(s1)
  j sleep

// table: sp. Loads with it.
ENTRY_POINT overflow
  lw sp, 0(s0)
  .globl overflow_access
overflow_access:
  lw a1, 4(s0)
  j sleep

// A hardware loop of one instruction, which the manual forbids: cv.setupi 0, 5, 8.
ENTRY_POINT forbidden_loop
  .globl forbidden_setup
forbidden_setup:
  .word 5 << 20 | 2 << 15 | 4 << 12 | 6 << 8 | 0x2b
  addi a1, a1, 1
  j sleep

// An exception whose handler is the same exception.
  .balign 256
  .globl storm
storm:
  la t0, storm_again
  csrw mtvec, t0
  .balign 256
  .globl storm_again
storm_again:
  ecall

// `table[0]` times: take the lock, add 1 to the word at L1 + 0x8000 in several steps, release, meet at barrier 2.
ENTRY_POINT together
  lw s3, 0(s0)
  lui s4, 8
  add s4, s4, s2
  li s5, 0x400
  lui s6, 0x80
  addi t6, tp, EVENT(OWN_WAIT)
1:
  sw s6, EVENT(OWN_MASK)(tp)
  sw zero, EVENT(LOCK_REQUEST)(tp)
  cv.elw a1, 0(t6)
  sw s6, EVENT(OWN_CLEAR)(tp)
  lw a2, 0(s4)
  lw a3, 4(s4)
  sw a0, 4(s4)
  addi a2, a2, 1
  mul a4, a2, a2
  lw a5, 4(s4)
  sw a2, 0(s4)
  beq a5, a0, 2f
  sw a5, 4(s1)
2:
  sw zero, EVENT(LOCK_RELEASE)(tp)
  sw s5, EVENT(OWN_MASK)(tp)
  sw zero, EVENT(BARRIER) + 2 * 0x20 + 8 (tp)
  cv.elw a1, 0(t6)
  sw s5, EVENT(OWN_CLEAR)(tp)
  lw a2, 0(s4)
  sw a2, 0(s1)
  sw zero, EVENT(BARRIER) + 2 * 0x20 + 8 (tp)
  cv.elw a1, 0(t6)
  sw s5, EVENT(OWN_CLEAR)(tp)
  addi s3, s3, -1
  bnez s3, 1b
  j sleep

// Starts DMA channel 0 with the descriptor at L1 + table[0], waits for event line 20; result: pending lines, COMPLETED.
ENTRY_POINT move
  lw t0, 0(s0)
  lui t1, 0x100
  sw t1, EVENT(OWN_MASK)(tp)
  lui t2, 2
  add t2, t2, gp
  .globl move_start
move_start:
  sw t0, OHMIC_DMA_CHANNEL_START_OFFSET(t2)
  addi t6, tp, EVENT(OWN_WAIT)
  cv.elw a1, 0(t6)
  sw a1, 0(s1)
  lw a2, OHMIC_DMA_CHANNEL_COMPLETED_OFFSET(t2)
  sw a2, 4(s1)
  lw a2, EVENT(OWN_PENDING)(tp)
  sw a2, 8(s1)
  j sleep

// Mistakes, one after the other; table: an unmapped address, another cluster's register that does not exist.
ENTRY_POINT mistakes
  lw t0, 0(s0)
  lw t1, 4(s0)
  .globl mistake_0
mistake_0:
  lw a1, 0(t0)
  .globl mistake_1
mistake_1:
  lhu a2, 2(t0)
  .globl mistake_2
mistake_2:
  sw a1, 4(t0)
  .globl mistake_3
mistake_3:
  lw a3, 0x2C(gp)
  .globl mistake_4
mistake_4:
  lbu a4, 0x2D(gp)
  .globl mistake_5
mistake_5:
  sw zero, CONTROL(CLUSTER_ID)(gp)
  .globl mistake_6
mistake_6:
  lw a5, 0(t1)
  .globl mistake_7
mistake_7:
  lb a6, 1(t1)
  sw a1, 0(s1)
  sw a2, 4(s1)
  sw a3, 8(s1)
  sw a4, 12(s1)
  sw a5, 16(s1)
  sw a6, 20(s1)
  lw a1, CONTROL(ERROR_STATUS)(gp)
  sw a1, 24(s1)
  lw a1, CONTROL(ERROR_ADDR)(gp)
  sw a1, 28(s1)
  lw a1, CONTROL(ERROR_CORE)(gp)
  sw a1, 32(s1)
  li a1, 1
  sw a1, CONTROL(ERROR_STATUS)(gp)
  lw a1, CONTROL(ERROR_STATUS)(gp)
  sw a1, 36(s1)
  lw a1, EVENT(OWN_PENDING)(tp)
  sw a1, 40(s1)
  li t0, 0x80F00000
  jr t0

// Random traffic: core n of a cluster runs `table[0]` turns; in each it stores its turn to the word table[1] (remote),
// reads it back, adds it to a sum and moves on by table[2]; the sum ends in result[0], 1 in result[1].
ENTRY_POINT traffic
  lw t0, 0(s0)
  lw t1, 4(s0)
  lw t2, 8(s0)
  li a1, 0
1:
  sw t0, 0(t1)
  lw a2, 0(t1)
  add a1, a1, a2
  sw a1, 16(s1)
  add t1, t1, t2
  addi t0, t0, -1
  bnez t0, 1b
  sw a1, 0(s1)
  li a2, 1
  sw a2, 4(s1)
  j sleep

// The core moves its own interrupt line, with interrupts off, and reads mip right behind each access.
ENTRY_POINT own_line
  li t0, 2
  li t1, 1
  addi t6, tp, EVENT(SOFTWARE_EVENT) + 1 * 8
  sw t0, EVENT(OWN_IRQ_MASK)(tp)
  csrr a1, mip
  sw t1, 0(t6)
  csrr a2, mip
  sw t0, EVENT(OWN_CLEAR)(tp)
  csrr a3, mip
  sw t1, 0(t6)
  csrr a4, mip
  sw zero, EVENT(OWN_IRQ_MASK)(tp)
  csrr a5, mip
  sw t0, EVENT(OWN_IRQ_MASK)(tp)
  csrr a6, mip
  sw a1, 0(s1)
  sw a2, 4(s1)
  sw a3, 8(s1)
  sw a4, 12(s1)
  sw a5, 16(s1)
  sw a6, 20(s1)
  j sleep
