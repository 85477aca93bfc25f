# Pairs: a compressed instruction, c.nop to fill the word, and the 32-bit instruction it stands for.
	.text
	.option rvc
	c.addi4spn a1, sp, 4
	c.nop
	.option norvc
	addi a1, sp, 4
	.option rvc
	c.lw a1, 0(a0)
	c.nop
	.option norvc
	lw a1, 0(a0)
	.option rvc
	c.sw a1, 0(a0)
	c.nop
	.option norvc
	sw a1, 0(a0)
	.option rvc
	c.addi a2, -32
	c.nop
	.option norvc
	addi a2, a2, -32
	.option rvc
	c.li a2, -32
	c.nop
	.option norvc
	addi a2, zero, -32
	.option rvc
	c.addi16sp sp, -512
	c.nop
	.option norvc
	addi sp, sp, -512
	.option rvc
	c.lui s5, 1
	c.nop
	.option norvc
	lui s5, 1
	.option rvc
	c.srli a1, 1
	c.nop
	.option norvc
	srli a1, a1, 1
	.option rvc
	c.srai a1, 1
	c.nop
	.option norvc
	srai a1, a1, 1
	.option rvc
	c.andi a1, -32
	c.nop
	.option norvc
	andi a1, a1, -32
	.option rvc
	c.sub a1, a0
	c.nop
	.option norvc
	sub a1, a1, a0
	.option rvc
	c.xor a1, a0
	c.nop
	.option norvc
	xor a1, a1, a0
	.option rvc
	c.or a1, a0
	c.nop
	.option norvc
	or a1, a1, a0
	.option rvc
	c.and a1, a0
	c.nop
	.option norvc
	and a1, a1, a0
	.option rvc
	c.j 2
	c.nop
	.option norvc
	jal zero, 2
	.option rvc
	c.jal 2
	c.nop
	.option norvc
	jal ra, 2
	.option rvc
	c.beqz a1, 2
	c.nop
	.option norvc
	beq a1, zero, 2
	.option rvc
	c.bnez a1, 2
	c.nop
	.option norvc
	bne a1, zero, 2
	.option rvc
	c.slli a2, 1
	c.nop
	.option norvc
	slli a2, a2, 1
	.option rvc
	c.lwsp a2, 0(sp)
	c.nop
	.option norvc
	lw a2, 0(sp)
	.option rvc
	c.swsp a2, 0(sp)
	c.nop
	.option norvc
	sw a2, 0(sp)
	.option rvc
	c.jr a2
	c.nop
	.option norvc
	jalr zero, 0(a2)
	.option rvc
	c.jalr a2
	c.nop
	.option norvc
	jalr ra, 0(a2)
	.option rvc
	c.mv a2, t5
	c.nop
	.option norvc
	add a2, zero, t5
	.option rvc
	c.add a2, t5
	c.nop
	.option norvc
	add a2, a2, t5
	.option rvc
	c.addi4spn s0, sp, 1020
	c.nop
	.option norvc
	addi s0, sp, 1020
	.option rvc
	c.lw s0, 124(s1)
	c.nop
	.option norvc
	lw s0, 124(s1)
	.option rvc
	c.sw s0, 124(s1)
	c.nop
	.option norvc
	sw s0, 124(s1)
	.option rvc
	c.addi t1, 31
	c.nop
	.option norvc
	addi t1, t1, 31
	.option rvc
	c.li t1, 31
	c.nop
	.option norvc
	addi t1, zero, 31
	.option rvc
	c.addi16sp sp, 496
	c.nop
	.option norvc
	addi sp, sp, 496
	.option rvc
	c.lui s4, 31
	c.nop
	.option norvc
	lui s4, 31
	.option rvc
	c.srli s0, 31
	c.nop
	.option norvc
	srli s0, s0, 31
	.option rvc
	c.srai s0, 31
	c.nop
	.option norvc
	srai s0, s0, 31
	.option rvc
	c.andi s0, 31
	c.nop
	.option norvc
	andi s0, s0, 31
	.option rvc
	c.sub s0, s1
	c.nop
	.option norvc
	sub s0, s0, s1
	.option rvc
	c.xor s0, s1
	c.nop
	.option norvc
	xor s0, s0, s1
	.option rvc
	c.or s0, s1
	c.nop
	.option norvc
	or s0, s0, s1
	.option rvc
	c.and s0, s1
	c.nop
	.option norvc
	and s0, s0, s1
	.option rvc
	c.j -2
	c.nop
	.option norvc
	jal zero, -2
	.option rvc
	c.jal -2
	c.nop
	.option norvc
	jal ra, -2
	.option rvc
	c.beqz s0, -2
	c.nop
	.option norvc
	beq s0, zero, -2
	.option rvc
	c.bnez s0, -2
	c.nop
	.option norvc
	bne s0, zero, -2
	.option rvc
	c.slli t1, 31
	c.nop
	.option norvc
	slli t1, t1, 31
	.option rvc
	c.lwsp t1, 252(sp)
	c.nop
	.option norvc
	lw t1, 252(sp)
	.option rvc
	c.swsp t1, 252(sp)
	c.nop
	.option norvc
	sw t1, 252(sp)
	.option rvc
	c.jr t1
	c.nop
	.option norvc
	jalr zero, 0(t1)
	.option rvc
	c.jalr t1
	c.nop
	.option norvc
	jalr ra, 0(t1)
	.option rvc
	c.mv t1, s9
	c.nop
	.option norvc
	add t1, zero, s9
	.option rvc
	c.add t1, s9
	c.nop
	.option norvc
	add t1, t1, s9
	.option rvc
	c.addi4spn a5, sp, 644
	c.nop
	.option norvc
	addi a5, sp, 644
	.option rvc
	c.lw a5, 64(a1)
	c.nop
	.option norvc
	lw a5, 64(a1)
	.option rvc
	c.sw a5, 64(a1)
	c.nop
	.option norvc
	sw a5, 64(a1)
	.option rvc
	c.addi s1, -1
	c.nop
	.option norvc
	addi s1, s1, -1
	.option rvc
	c.li s1, -1
	c.nop
	.option norvc
	addi s1, zero, -1
	.option rvc
	c.addi16sp sp, -16
	c.nop
	.option norvc
	addi sp, sp, -16
	.option rvc
	c.lui s7, 1048544
	c.nop
	.option norvc
	lui s7, 1048544
	.option rvc
	c.srli a5, 19
	c.nop
	.option norvc
	srli a5, a5, 19
	.option rvc
	c.srai a5, 19
	c.nop
	.option norvc
	srai a5, a5, 19
	.option rvc
	c.andi a5, -1
	c.nop
	.option norvc
	andi a5, a5, -1
	.option rvc
	c.sub a5, a1
	c.nop
	.option norvc
	sub a5, a5, a1
	.option rvc
	c.xor a5, a1
	c.nop
	.option norvc
	xor a5, a5, a1
	.option rvc
	c.or a5, a1
	c.nop
	.option norvc
	or a5, a5, a1
	.option rvc
	c.and a5, a1
	c.nop
	.option norvc
	and a5, a5, a1
	.option rvc
	c.j 2046
	c.nop
	.option norvc
	jal zero, 2046
	.option rvc
	c.jal 2046
	c.nop
	.option norvc
	jal ra, 2046
	.option rvc
	c.beqz a5, 254
	c.nop
	.option norvc
	beq a5, zero, 254
	.option rvc
	c.bnez a5, 254
	c.nop
	.option norvc
	bne a5, zero, 254
	.option rvc
	c.slli s1, 19
	c.nop
	.option norvc
	slli s1, s1, 19
	.option rvc
	c.lwsp s1, 128(sp)
	c.nop
	.option norvc
	lw s1, 128(sp)
	.option rvc
	c.swsp s1, 128(sp)
	c.nop
	.option norvc
	sw s1, 128(sp)
	.option rvc
	c.jr s1
	c.nop
	.option norvc
	jalr zero, 0(s1)
	.option rvc
	c.jalr s1
	c.nop
	.option norvc
	jalr ra, 0(s1)
	.option rvc
	c.mv s1, t6
	c.nop
	.option norvc
	add s1, zero, t6
	.option rvc
	c.add s1, t6
	c.nop
	.option norvc
	add s1, s1, t6
	.option rvc
	c.addi4spn a1, sp, 1016
	c.nop
	.option norvc
	addi a1, sp, 1016
	.option rvc
	c.lw a1, 4(a2)
	c.nop
	.option norvc
	lw a1, 4(a2)
	.option rvc
	c.sw a1, 4(a2)
	c.nop
	.option norvc
	sw a1, 4(a2)
	.option rvc
	c.addi a0, -2
	c.nop
	.option norvc
	addi a0, a0, -2
	.option rvc
	c.li a0, -2
	c.nop
	.option norvc
	addi a0, zero, -2
	.option rvc
	c.addi16sp sp, 16
	c.nop
	.option norvc
	addi sp, sp, 16
	.option rvc
	c.lui tp, 1048575
	c.nop
	.option norvc
	lui tp, 1048575
	.option rvc
	c.srli a1, 5
	c.nop
	.option norvc
	srli a1, a1, 5
	.option rvc
	c.srai a1, 5
	c.nop
	.option norvc
	srai a1, a1, 5
	.option rvc
	c.andi a1, -2
	c.nop
	.option norvc
	andi a1, a1, -2
	.option rvc
	c.sub a1, a2
	c.nop
	.option norvc
	sub a1, a1, a2
	.option rvc
	c.xor a1, a2
	c.nop
	.option norvc
	xor a1, a1, a2
	.option rvc
	c.or a1, a2
	c.nop
	.option norvc
	or a1, a1, a2
	.option rvc
	c.and a1, a2
	c.nop
	.option norvc
	and a1, a1, a2
	.option rvc
	c.j -2048
	c.nop
	.option norvc
	jal zero, -2048
	.option rvc
	c.jal -2048
	c.nop
	.option norvc
	jal ra, -2048
	.option rvc
	c.beqz a1, -256
	c.nop
	.option norvc
	beq a1, zero, -256
	.option rvc
	c.bnez a1, -256
	c.nop
	.option norvc
	bne a1, zero, -256
	.option rvc
	c.slli a0, 5
	c.nop
	.option norvc
	slli a0, a0, 5
	.option rvc
	c.lwsp a0, 4(sp)
	c.nop
	.option norvc
	lw a0, 4(sp)
	.option rvc
	c.swsp a0, 4(sp)
	c.nop
	.option norvc
	sw a0, 4(sp)
	.option rvc
	c.jr a0
	c.nop
	.option norvc
	jalr zero, 0(a0)
	.option rvc
	c.jalr a0
	c.nop
	.option norvc
	jalr ra, 0(a0)
	.option rvc
	c.mv a0, tp
	c.nop
	.option norvc
	add a0, zero, tp
	.option rvc
	c.add a0, tp
	c.nop
	.option norvc
	add a0, a0, tp
	.option rvc
	c.addi4spn s0, sp, 64
	c.nop
	.option norvc
	addi s0, sp, 64
	.option rvc
	c.lw s0, 76(a4)
	c.nop
	.option norvc
	lw s0, 76(a4)
	.option rvc
	c.sw s0, 76(a4)
	c.nop
	.option norvc
	sw s0, 76(a4)
	.option rvc
	c.addi s7, 17
	c.nop
	.option norvc
	addi s7, s7, 17
	.option rvc
	c.li s7, 17
	c.nop
	.option norvc
	addi s7, zero, 17
	.option rvc
	c.addi16sp sp, -448
	c.nop
	.option norvc
	addi sp, sp, -448
	.option rvc
	c.lui a2, 20
	c.nop
	.option norvc
	lui a2, 20
	.option rvc
	c.srli s0, 16
	c.nop
	.option norvc
	srli s0, s0, 16
	.option rvc
	c.srai s0, 16
	c.nop
	.option norvc
	srai s0, s0, 16
	.option rvc
	c.andi s0, 17
	c.nop
	.option norvc
	andi s0, s0, 17
	.option rvc
	c.sub s0, a4
	c.nop
	.option norvc
	sub s0, s0, a4
	.option rvc
	c.xor s0, a4
	c.nop
	.option norvc
	xor s0, s0, a4
	.option rvc
	c.or s0, a4
	c.nop
	.option norvc
	or s0, s0, a4
	.option rvc
	c.and s0, a4
	c.nop
	.option norvc
	and s0, s0, a4
	.option rvc
	c.j 1292
	c.nop
	.option norvc
	jal zero, 1292
	.option rvc
	c.jal 1292
	c.nop
	.option norvc
	jal ra, 1292
	.option rvc
	c.beqz s0, 12
	c.nop
	.option norvc
	beq s0, zero, 12
	.option rvc
	c.bnez s0, 12
	c.nop
	.option norvc
	bne s0, zero, 12
	.option rvc
	c.slli s7, 16
	c.nop
	.option norvc
	slli s7, s7, 16
	.option rvc
	c.lwsp s7, 20(sp)
	c.nop
	.option norvc
	lw s7, 20(sp)
	.option rvc
	c.swsp s7, 20(sp)
	c.nop
	.option norvc
	sw s7, 20(sp)
	.option rvc
	c.jr s7
	c.nop
	.option norvc
	jalr zero, 0(s7)
	.option rvc
	c.jalr s7
	c.nop
	.option norvc
	jalr ra, 0(s7)
	.option rvc
	c.mv s7, s3
	c.nop
	.option norvc
	add s7, zero, s3
	.option rvc
	c.add s7, s3
	c.nop
	.option norvc
	add s7, s7, s3
	.option rvc
	c.addi4spn a3, sp, 512
	c.nop
	.option norvc
	addi a3, sp, 512
	.option rvc
	c.lw a3, 24(a3)
	c.nop
	.option norvc
	lw a3, 24(a3)
	.option rvc
	c.sw a3, 24(a3)
	c.nop
	.option norvc
	sw a3, 24(a3)
	.option rvc
	c.addi t6, 1
	c.nop
	.option norvc
	addi t6, t6, 1
	.option rvc
	c.li t6, 1
	c.nop
	.option norvc
	addi t6, zero, 1
	.option rvc
	c.addi16sp sp, 224
	c.nop
	.option norvc
	addi sp, sp, 224
	.option rvc
	c.lui t5, 1048559
	c.nop
	.option norvc
	lui t5, 1048559
	.option rvc
	c.srli a3, 8
	c.nop
	.option norvc
	srli a3, a3, 8
	.option rvc
	c.srai a3, 8
	c.nop
	.option norvc
	srai a3, a3, 8
	.option rvc
	c.andi a3, 1
	c.nop
	.option norvc
	andi a3, a3, 1
	.option rvc
	c.sub a3, a3
	c.nop
	.option norvc
	sub a3, a3, a3
	.option rvc
	c.xor a3, a3
	c.nop
	.option norvc
	xor a3, a3, a3
	.option rvc
	c.or a3, a3
	c.nop
	.option norvc
	or a3, a3, a3
	.option rvc
	c.and a3, a3
	c.nop
	.option norvc
	and a3, a3, a3
	.option rvc
	c.j 66
	c.nop
	.option norvc
	jal zero, 66
	.option rvc
	c.jal 66
	c.nop
	.option norvc
	jal ra, 66
	.option rvc
	c.beqz a3, 90
	c.nop
	.option norvc
	beq a3, zero, 90
	.option rvc
	c.bnez a3, 90
	c.nop
	.option norvc
	bne a3, zero, 90
	.option rvc
	c.slli t6, 8
	c.nop
	.option norvc
	slli t6, t6, 8
	.option rvc
	c.lwsp t6, 212(sp)
	c.nop
	.option norvc
	lw t6, 212(sp)
	.option rvc
	c.swsp t6, 212(sp)
	c.nop
	.option norvc
	sw t6, 212(sp)
	.option rvc
	c.jr t6
	c.nop
	.option norvc
	jalr zero, 0(t6)
	.option rvc
	c.jalr t6
	c.nop
	.option norvc
	jalr ra, 0(t6)
	.option rvc
	c.mv t6, t0
	c.nop
	.option norvc
	add t6, zero, t0
	.option rvc
	c.add t6, t0
	c.nop
	.option norvc
	add t6, t6, t0
	.option rvc
	c.nop
	c.nop
	.option norvc
	addi zero, zero, 0
	.option rvc
	c.ebreak
	c.nop
	.option norvc
	ebreak
