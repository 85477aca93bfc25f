// From reset to main(). Every core of every cluster starts at _start; nothing is assumed about memory contents
// except the loaded text, read-only data and .hbm section.
//
// tp holds the own peripherals' address + 0x1800 for ever (hal/chip.h): event unit registers are then one
// instruction away. gp is unused. Stacks: core 0 has the top 4 KiB of the reserved L1, core n the n-th slice below;
// the slice is 16 bytes more than a multiple of 256, so that the cores' stacks start in different banks. Each core tells
// cluster control where its stack ends: the stack guard.
//
// core/start.inc says how this kind of core loads and stores with a step, waits for events, and where its vector table
// stands: BEFORE_START or BEHIND_START emit VECTOR_TABLE.
#include "registers/ohmic_registers.h"

  // Vectored: entry n at 4 n; 0 is exceptions, 11 the event unit's interrupt.
  .macro VECTOR_TABLE
  .balign 256
  .option push
  .option norvc
  .globl ohmic_vectors
ohmic_vectors:
  .rept 32
  j trap
  .endr
  .option pop
  .endm
#include "core/start.inc"

#define OWN(name) (OHMIC_EVENT_UNIT_BASE + OHMIC_EVENT_UNIT_##name##_OFFSET - 0x1800)(tp)

  // Stores to cluster control, whose registers are further from tp than a store's offset reaches. `from`: a register
  // like tp, but further on.
  .macro STORE_CONTROL value, offset, scratch, from=tp
  lui \scratch, 0xfffff
  add \scratch, \scratch, \from
  sw \value, (\offset - 0x800)(\scratch)
  .endm

  .section .text.start, "ax"
  BEFORE_START
  .globl _start
  .type _start, @function
_start:
  // The address of the own peripherals depends on the chip's L1 size, which is a register there. The loader sets
  // this instruction's immediate when the size is not 1 MiB (its address is the symbol ohmic_boot_peripherals).
  .option push
  .option norvc
  .globl ohmic_boot_peripherals
ohmic_boot_peripherals:
  lui tp, 0x10100
  .option pop
  lui t0, 2
  add tp, tp, t0
  addi tp, tp, -0x800
  la t0, ohmic_vectors + 1
  csrw mtvec, t0
  csrr a0, mhartid
  andi a0, a0, 63
  // Two instructions of 4 bytes each, which the loader replaces where the program has less L1 for itself.
  .globl ohmic_boot_stacks
ohmic_boot_stacks:
  la sp, __stack_top
  bnez a0, other_core

  // Core 0: this cluster's data, then main() on behalf of the cluster.
  la t0, __data_start
  la t1, __data_end
  la t2, __data_source
  bgeu t0, t1, 2f
1:
  LOAD_NEXT t3, t2
  STORE_NEXT t3, t0
  bltu t0, t1, 1b
2:
  la t0, __bss_start
  la t1, __bss_end
  bgeu t0, t1, 4f
3:
  STORE_NEXT zero, t0
  bltu t0, t1, 3b
4:
  // Stack guard: overflows end where this program's data begin.
  la t0, __bss_end
  STORE_CONTROL t0, OHMIC_CLUSTER_CONTROL_STACK_FLOOR_OFFSET, t1
  li t0, -4096
  add t0, t0, sp
  STORE_CONTROL t0, OHMIC_CLUSTER_CONTROL_STACK_LIMIT_OFFSET, t1
  call ohmic_start_cluster
  call main
  call ohmic_finish_cluster
  j ohmic_sleep_forever
  .size _start, . - _start

other_core:
  // Slice by core count: 2064 B up to 16 cores, 1296 B up to 32, 784 B up to 64. The loader replaces the 8 bytes of
  // ohmic_boot_slices, too: t2 is less, and t3 no core count is above.
  li t0, OHMIC_CLUSTER_CONTROL_CORE_COUNT_OFFSET - 0x1800
  add t0, t0, tp
  lw t1, 0(t0)
  .globl ohmic_boot_slices
ohmic_boot_slices:
  li t2, 2064
  li t3, 16
  .if . - ohmic_boot_slices != 8
  .error "the loader replaces 8 bytes"
  .endif
  bleu t1, t3, 1f
  li t2, 1296
  li t3, 32
  bleu t1, t3, 1f
  li t2, 784
1:
  addi t0, a0, -1
  mul t0, t0, t2
  li t1, 4096
  add t0, t0, t1
  sub sp, sp, t0
  sub t0, sp, t2
  slli t1, a0, 2
  add t1, t1, tp
  STORE_CONTROL t0, OHMIC_CLUSTER_CONTROL_STACK_LIMIT_OFFSET, t2, t1
  j ohmic_work

  // Nothing will ever wake this core: no line is in its mask.
  .globl ohmic_sleep_forever
ohmic_sleep_forever:
  sw zero, OWN(OWN_MASK)
1:
  addi t0, tp, (OHMIC_EVENT_UNIT_BASE + OHMIC_EVENT_UNIT_OWN_WAIT_OFFSET - 0x1800)
  EVENT_LOAD t1, t0
  j 1b

  .section .text.vectors, "ax"
  BEHIND_START
  .option push
  .option norvc
trap:
  addi sp, sp, -80
  sw ra, 0(sp)
  sw t0, 4(sp)
  sw t1, 8(sp)
  sw t2, 12(sp)
  sw t3, 16(sp)
  sw t4, 20(sp)
  sw t5, 24(sp)
  sw t6, 28(sp)
  sw a0, 32(sp)
  sw a1, 36(sp)
  sw a2, 40(sp)
  sw a3, 44(sp)
  sw a4, 48(sp)
  sw a5, 52(sp)
  sw a6, 56(sp)
  sw a7, 60(sp)
  csrr a0, mcause
  csrr a1, mepc
  call ohmic_handle_trap
  lw ra, 0(sp)
  lw t0, 4(sp)
  lw t1, 8(sp)
  lw t2, 12(sp)
  lw t3, 16(sp)
  lw t4, 20(sp)
  lw t5, 24(sp)
  lw t6, 28(sp)
  lw a0, 32(sp)
  lw a1, 36(sp)
  lw a2, 40(sp)
  lw a3, 44(sp)
  lw a4, 48(sp)
  lw a5, 52(sp)
  lw a6, 56(sp)
  lw a7, 60(sp)
  addi sp, sp, 80
  mret
  .option pop
