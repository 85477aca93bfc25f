# One snippet per instruction class, between two markers: addi zero, zero, 1 (begin) and 2 (end).
# The test measures the cycles from the begin marker's issue to the end marker's issue, less 1 for the marker.
# sp points to data, s0 = 0x40 bytes further; t0..t6 hold small numbers.
	.option norvc
	.text
	.macro snippet name
	.balign 4
	.globl \name
\name:
	addi	zero, zero, 1
	.endm
	.macro finish
	addi	zero, zero, 2
	ecall
	.endm

	snippet alu
	add	a0, a1, a2
	xor	a3, a0, a1
	finish
	snippet mul_dependent
	mul	a0, a1, a2
	cv.mac	a0, a0, a0
	cv.sdotsp.b	a0, a0, a0
	finish
	snippet mulh_all
	mulh	a0, a1, a2
	mulhsu	a0, a1, a2
	mulhu	a0, a1, a2
	finish
	snippet load_independent
	lw	a0, 0(sp)
	add	a1, a2, a3
	finish
	snippet load_use
	lw	a0, 0(sp)
	add	a1, a0, a3
	finish
	snippet load_use_as_store_data
	lw	a0, 0(sp)
	sw	a0, 4(sp)
	finish
	snippet load_use_as_address
	lw	a0, 16(sp)
	lw	a1, 0(a0)
	finish
	snippet load_use_one_apart
	lw	a0, 0(sp)
	addi	a5, a5, 1
	add	a1, a0, a3
	finish
	snippet load_overwritten
	lw	a0, 0(sp)
	addi	a0, a3, 1
	finish
	snippet loads_back_to_back
	lw	a0, 0(sp)
	lw	a1, 4(sp)
	lw	a2, 8(sp)
	finish
	snippet load_use_sdot
	cv.lw	a0, (s0), 4
	cv.sdotsp.b	a3, a0, a1
	finish
	snippet post_increment_base_reuse
	cv.lw	a0, (s0), 4
	cv.lw	a1, (s0), 4
	cv.lw	a2, t0(s0)
	finish
	snippet stores
	sw	a0, 0(sp)
	sb	a0, 5(sp)
	cv.sw	a0, (s0), 4
	cv.sw	a0, (s0), t0
	finish
	snippet misaligned_word
	lw	a0, 1(sp)
	finish
	snippet misaligned_half
	lh	a0, 3(sp)
	finish
	snippet unaligned_half_in_word
	lh	a0, 1(sp)
	finish
	snippet misaligned_store
	sw	a0, 2(sp)
	finish
	snippet misaligned_load_use
	lw	a0, 1(sp)
	add	a1, a0, a0
	finish
	snippet branch_not_taken
	bne	zero, zero, 1f
1:	finish
	snippet branch_taken
	beq	zero, zero, 1f
	nop
1:	finish
	snippet branch_immediate_taken
	cv.beqimm	zero, 0, 1f
	nop
1:	finish
	snippet branch_immediate_not_taken
	cv.bneimm	zero, 0, 1f
1:	finish
	snippet jump
	j	1f
	nop
1:	finish
	snippet jump_register
	la	a0, 1f
	nop
	jr	a0
	nop
1:	finish
	snippet jump_register_after_alu
	la	a0, 1f
	jr	a0
	nop
1:	finish
	snippet jump_register_after_load
	la	a0, 1f
	sw	a0, 0(sp)
	lw	a1, 0(sp)
	jr	a1
	nop
1:	finish
	snippet jump_register_one_after_load
	la	a0, 1f
	sw	a0, 0(sp)
	lw	a1, 0(sp)
	nop
	jr	a1
	nop
1:	finish
	snippet jump_register_two_after_load
	la	a0, 1f
	sw	a0, 0(sp)
	lw	a1, 0(sp)
	nop
	nop
	jr	a1
	nop
1:	finish

	.option rvc
	snippet compressed
	c.addi	a0, 1
	c.mv	a1, a0
	c.add	a1, a0
	c.nop
	finish
	snippet branch_to_wide_at_2mod4
	.option norvc
	beq	zero, zero, 1f
	.option rvc
	c.nop
1:	.option norvc
	finish
	.option rvc
	c.nop
	snippet branch_to_compressed_at_2mod4
	.option norvc
	beq	zero, zero, 1f
	.option rvc
	c.nop
1:	c.nop
	.option norvc
	finish
	.option rvc
	snippet jump_to_wide_at_2mod4
	.option norvc
	jal	zero, 1f
	.option rvc
	c.nop
1:	.option norvc
	finish
	.option rvc
	c.nop
	snippet jump_register_to_wide_at_2mod4
	.option norvc
	la	a0, 1f
	nop
	jalr	zero, 0(a0)
	.option rvc
	c.nop
1:	.option norvc
	finish
	.option rvc
	c.nop
	.balign 4
	.option norvc

	snippet divu_by_2_to_31
	divu	a0, a1, s1
	finish
	snippet div_by_int_min
	div	a0, a1, s1
	finish
	snippet div_by_7fffffff
	div	a0, a1, s2
	finish
	snippet div_by_12345678
	divu	a0, a1, s3
	finish
	snippet rem_by_1000
	rem	a0, a1, s4
	finish
	snippet remu_by_7
	remu	a0, a1, s5
	finish
	snippet div_by_1
	div	a0, a1, s6
	finish
	snippet div_by_minus_1
	div	a0, a1, s7
	finish
	snippet divu_by_minus_1
	divu	a0, a1, s7
	finish
	snippet div_by_0
	div	a0, a1, zero
	finish
	snippet div_by_minus_1000
	div	a0, a1, s8
	finish

	snippet csr_quick
	csrr	a0, mhartid
	csrw	mscratch, a0
	csrr	a0, mie
	csrr	a0, 0xcc2
	finish
	snippet csr_mcycle
	csrr	a0, mcycle
	finish
	snippet csr_mcycleh
	csrr	a0, mcycleh
	finish
	snippet csr_cycle
	csrr	a0, cycle
	finish
	snippet csr_privlv
	csrr	a0, 0xcd1
	finish
	snippet csr_mcountinhibit
	csrr	a0, mcountinhibit
	finish
	snippet csr_mhpmevent31
	csrr	a0, mhpmevent31
	finish
	snippet csr_mtvec
	csrr	a0, mtvec
	finish
	snippet csr_mcause
	csrr	a0, mcause
	finish
	snippet csr_mtval
	csrr	a0, mtval
	finish
	snippet csr_mstatus
	csrr	a0, mstatus
	finish
	snippet csr_mepc
	csrw	mepc, a0
	finish
	snippet event_load
	cv.elw	a0, 0(sp)
	finish
	snippet event_load_use
	cv.elw	a0, 0(sp)
	add	a1, a0, a0
	finish
	snippet fence_both
	fence
	fence.i
	finish
	snippet wait_for_interrupt
	wfi
	finish

	# cv.setupi 0, 5, 16: body of three instructions, five times
	snippet loop_hardware
	.insn i 0x2b, 4, x12, x4, 5
	addi	a0, a0, 1
	addi	a1, a1, 1
	addi	a2, a2, 1
	finish
	# the last instruction's load is used by the first of the next round, not by the one behind the loop
	snippet loop_hardware_hazard
	.insn i 0x2b, 4, x12, x4, 5
	add	a1, a1, a0
	addi	a2, a2, 1
	lw	a0, 0(sp)
	finish
	snippet loop_software
	li	a0, 5
1:	addi	a1, a1, 1
	addi	a0, a0, -1
	bnez	a0, 1b
	finish
