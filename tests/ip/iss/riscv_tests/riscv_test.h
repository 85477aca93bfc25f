// The environment of the riscv-tests sources for a bare CV32E40P in a flat_machine: starts at 0x80000000 and
// ends with a store to 0xF0000000: 0 if the test passed, else 2 * number + 1 of the case that failed.
// Assembly in macros: a formatter would take it apart.
// clang-format off
#ifndef OHMIC_RISCV_TEST_H
#define OHMIC_RISCV_TEST_H

#define RVTEST_RV32U
#define RVTEST_RV64U
#define TESTNUM gp

#define RVTEST_CODE_BEGIN                                 \
        .section .text.init, "ax", @progbits;             \
        .globl _start;                                    \
_start:                                                   \
        j 2f;                                             \
        .balign 256;                                      \
1:      li gp, 0x1000;                                    \
        j test_failed;                                    \
2:      la t0, 1b;                                        \
        csrw mtvec, t0;                                   \
        li gp, 0;                                         \
        .weak test_failed;

#define RVTEST_CODE_END                                   \
test_failed:                                              \
        slli gp, gp, 1;                                   \
        addi gp, gp, 1;                                   \
        lui t0, 0xF0000;                                  \
        sw gp, 0(t0);                                     \
        unimp

#define RVTEST_PASS                                       \
        lui t0, 0xF0000;                                  \
        sw zero, 0(t0);
#define RVTEST_FAIL j test_failed;

#define EXTRA_DATA
#define RVTEST_DATA_BEGIN
#define RVTEST_DATA_END

#endif
