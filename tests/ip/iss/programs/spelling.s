# One instruction a line, in canonical spelling: assembled by clang, disassembled by ohmic::iss::disassemble.
	.option norvc
	.text
	add s4, s1, s9
	sub gp, tp, t1
	sll s7, gp, a3
	slt sp, t0, s11
	sltu s10, tp, a5
	xor t0, s11, gp
	srl t2, a4, gp
	sra s9, gp, a4
	or sp, s0, s2
	and s10, s1, t2
	mul s3, a1, t1
	mulh a2, s7, t1
	mulhsu tp, gp, a3
	mulhu t6, s11, s4
	div t4, t4, s7
	divu s3, a5, a1
	rem a5, t0, s3
	remu t6, s5, t3
	addi s2, tp, -1081
	slti s10, a0, 754
	sltiu s1, t6, 1406
	xori sp, tp, 522
	ori s5, s6, 2020
	andi t4, tp, -1282
	slli a7, t5, 4
	srli gp, s3, 28
	srai s2, s8, 22
	lui ra, 968245
	auipc s6, 352422
	lb t2, 1996(gp)
	lh a3, 306(s0)
	lw a5, 1211(s9)
	lbu t6, -1388(a0)
	lhu t3, 1242(a7)
	sb s0, 1478(a7)
	sh s10, 891(s8)
	sw a4, -812(t0)
	jalr a1, -809(a4)
	cv.lb a4, (zero), 1924
	cv.lb a1, (a6), s2
	cv.lb zero, s1(s10)
	cv.lbu s7, (s4), -1020
	cv.lbu gp, (t4), s9
	cv.lbu s9, s9(s9)
	cv.lh t1, (t5), 1232
	cv.lh gp, (a2), tp
	cv.lh a3, t3(a0)
	cv.lhu t2, (s5), -1618
	cv.lhu t1, (zero), s1
	cv.lhu t1, s7(ra)
	cv.lw tp, (a3), 1034
	cv.lw s1, (a6), s6
	cv.lw s7, t5(t2)
	cv.sb t2, (t6), 1769
	cv.sb t5, (t5), s3
	cv.sb t0, s1(t1)
	cv.sh s5, (a6), 1872
	cv.sh a0, (ra), a3
	cv.sh s7, s1(ra)
	cv.sw s3, (t0), 91
	cv.sw s7, (a0), s6
	cv.sw a4, s5(a4)
	cv.elw a2, -87(s9)
	cv.extract a4, a2, 31, 22
	cv.extractu ra, ra, 17, 30
	cv.insert a6, a2, 22, 28
	cv.bclr s6, s7, 5, 14
	cv.bset t1, a4, 30, 12
	cv.bitrev s5, a3, 3, 0
	cv.extractr t5, s6, t0
	cv.extractur t2, s8, a2
	cv.insertr t5, a1, s11
	cv.bclrr s5, t0, s9
	cv.bsetr t4, s9, t0
	cv.ror a0, a0, s0
	cv.ff1 ra, s1
	cv.fl1 t4, s1
	cv.clb t5, s6
	cv.cnt s1, s0
	cv.abs ra, zero
	cv.exths t1, s0
	cv.exthz s11, a2
	cv.extbs a3, ra
	cv.extbz a6, a3
	cv.slet s2, a5, s4
	cv.sletu a6, s10, s0
	cv.min gp, s6, t4
	cv.minu s10, s0, s1
	cv.max ra, t3, a1
	cv.maxu zero, s1, a1
	cv.clipr s1, t5, t2
	cv.clipur gp, s4, t5
	cv.addnr t1, gp, a5
	cv.addunr a2, a7, sp
	cv.addrnr t1, t3, ra
	cv.addurnr tp, t3, s4
	cv.subnr a2, a7, t3
	cv.subunr t5, a5, a6
	cv.subrnr a2, t3, s0
	cv.suburnr s10, t2, s9
	cv.mac t3, s4, tp
	cv.msu a5, s11, tp
	cv.clip a3, s3, 7
	cv.clipu s1, s7, 9
	cv.addn a6, s0, t4, 14
	cv.addun t1, s9, t6, 10
	cv.addrn a4, a0, s11, 25
	cv.addurn s5, s10, a2, 22
	cv.subn s4, t0, s7, 1
	cv.subun s5, t4, t3, 1
	cv.subrn s8, s5, s2, 4
	cv.suburn t2, a4, t1, 5
	cv.mulun a6, a7, sp, 11
	cv.mulhhun a7, s0, s11, 16
	cv.mulsn s9, s1, t6, 20
	cv.mulhhsn t0, a7, gp, 11
	cv.mulurn s11, tp, a7, 1
	cv.mulhhurn t0, a6, t0, 14
	cv.mulsrn tp, a6, t2, 29
	cv.mulhhsrn zero, s5, s10, 17
	cv.macun s0, sp, a5, 7
	cv.machhun a0, a6, gp, 11
	cv.macsn a2, s3, s3, 13
	cv.machhsn s2, t3, a1, 17
	cv.macurn s6, ra, a6, 2
	cv.machhurn zero, ra, a2, 30
	cv.macsrn a5, t3, t1, 27
	cv.machhsrn t6, s9, s3, 13
	cv.add.h a4, s5, a2
	cv.add.sc.h s0, s9, s6
	cv.add.sci.h s0, zero, -26
	cv.add.b tp, a6, s11
	cv.add.sc.b a0, gp, t0
	cv.add.sci.b s2, a5, 16
	cv.sub.h s2, sp, t4
	cv.sub.sc.h a1, a0, a7
	cv.sub.sci.h zero, a6, 25
	cv.sub.b s7, s5, s4
	cv.sub.sc.b a5, sp, s3
	cv.sub.sci.b s6, a1, -5
	cv.avg.h zero, s5, s8
	cv.avg.sc.h t0, t5, a7
	cv.avg.sci.h a5, zero, -7
	cv.avg.b t0, a6, t0
	cv.avg.sc.b s1, s9, sp
	cv.avg.sci.b ra, s3, 18
	cv.min.h s3, a4, t0
	cv.min.sc.h s1, s8, s4
	cv.min.sci.h s1, s2, 31
	cv.min.b s1, sp, s11
	cv.min.sc.b s0, ra, a4
	cv.min.sci.b ra, sp, -22
	cv.max.h s0, s7, t1
	cv.max.sc.h s8, t3, gp
	cv.max.sci.h a5, t6, -30
	cv.max.b a6, zero, t4
	cv.max.sc.b tp, t0, tp
	cv.max.sci.b a6, tp, 28
	cv.or.h a6, a5, a3
	cv.or.sc.h a4, t4, t6
	cv.or.sci.h tp, t5, 16
	cv.or.b s2, sp, a2
	cv.or.sc.b tp, s1, s5
	cv.or.sci.b s3, s0, 0
	cv.xor.h zero, t5, gp
	cv.xor.sc.h t6, a7, t1
	cv.xor.sci.h t6, s2, -5
	cv.xor.b s2, t4, t4
	cv.xor.sc.b t4, t2, a2
	cv.xor.sci.b t0, t5, 7
	cv.and.h ra, s2, t4
	cv.and.sc.h tp, t3, a7
	cv.and.sci.h a3, a3, 17
	cv.and.b tp, t0, s1
	cv.and.sc.b a6, s7, s0
	cv.and.sci.b t2, s7, 3
	cv.cmpeq.h a4, t6, t6
	cv.cmpeq.sc.h s9, ra, a0
	cv.cmpeq.sci.h t6, t3, -32
	cv.cmpeq.b s9, s3, s1
	cv.cmpeq.sc.b s10, s6, s8
	cv.cmpeq.sci.b t2, s5, 8
	cv.cmpne.h zero, s4, s5
	cv.cmpne.sc.h s9, t2, a2
	cv.cmpne.sci.h s2, a6, -31
	cv.cmpne.b s7, tp, s9
	cv.cmpne.sc.b s8, tp, s7
	cv.cmpne.sci.b a7, gp, 22
	cv.cmpgt.h a7, t1, gp
	cv.cmpgt.sc.h s2, s1, a5
	cv.cmpgt.sci.h s11, s4, 2
	cv.cmpgt.b a2, s7, s11
	cv.cmpgt.sc.b ra, s9, a3
	cv.cmpgt.sci.b gp, s10, -22
	cv.cmpge.h t3, s0, s2
	cv.cmpge.sc.h t6, gp, s0
	cv.cmpge.sci.h t5, s10, -11
	cv.cmpge.b s5, s2, s3
	cv.cmpge.sc.b a6, a6, s9
	cv.cmpge.sci.b s3, t5, -2
	cv.cmplt.h s9, t2, a0
	cv.cmplt.sc.h a0, tp, a3
	cv.cmplt.sci.h a4, t3, 31
	cv.cmplt.b s5, t3, s11
	cv.cmplt.sc.b s0, a2, a5
	cv.cmplt.sci.b a1, s5, -21
	cv.cmple.h t0, s4, a5
	cv.cmple.sc.h s7, a6, a2
	cv.cmple.sci.h s10, s8, -30
	cv.cmple.b s10, a3, s8
	cv.cmple.sc.b a7, s5, gp
	cv.cmple.sci.b a7, s7, 31
	cv.dotusp.h s0, a3, t0
	cv.dotusp.sc.h a7, a5, s8
	cv.dotusp.sci.h t3, s11, 19
	cv.dotusp.b s3, ra, s0
	cv.dotusp.sc.b sp, s11, t5
	cv.dotusp.sci.b zero, tp, 30
	cv.dotsp.h s9, t4, t3
	cv.dotsp.sc.h a5, t1, a4
	cv.dotsp.sci.h s1, t1, -13
	cv.dotsp.b t4, t0, sp
	cv.dotsp.sc.b zero, s0, a4
	cv.dotsp.sci.b s3, s0, -28
	cv.sdotusp.h a6, s11, t2
	cv.sdotusp.sc.h t1, tp, s3
	cv.sdotusp.sci.h s8, a6, -8
	cv.sdotusp.b a4, zero, zero
	cv.sdotusp.sc.b s3, t4, a7
	cv.sdotusp.sci.b a5, t5, 8
	cv.sdotsp.h a5, a5, ra
	cv.sdotsp.sc.h s10, s3, gp
	cv.sdotsp.sci.h a2, t6, -30
	cv.sdotsp.b s10, t0, a6
	cv.sdotsp.sc.b a4, s11, s7
	cv.sdotsp.sci.b t6, sp, -3
	cv.avgu.h s5, s10, s7
	cv.avgu.sc.h s9, a2, zero
	cv.avgu.sci.h tp, a3, 37
	cv.avgu.b t6, a2, s3
	cv.avgu.sc.b a2, a4, t4
	cv.avgu.sci.b a6, s2, 28
	cv.minu.h t1, t6, a1
	cv.minu.sc.h a4, t6, s10
	cv.minu.sci.h s1, s9, 7
	cv.minu.b gp, a3, ra
	cv.minu.sc.b s1, s10, gp
	cv.minu.sci.b a1, s9, 7
	cv.maxu.h t3, s4, t2
	cv.maxu.sc.h t0, a0, s5
	cv.maxu.sci.h a1, t4, 24
	cv.maxu.b sp, s3, s8
	cv.maxu.sc.b s7, s5, t3
	cv.maxu.sci.b t1, zero, 21
	cv.cmpgtu.h t0, a7, t0
	cv.cmpgtu.sc.h s6, s10, t2
	cv.cmpgtu.sci.h s8, s6, 26
	cv.cmpgtu.b s3, s11, t0
	cv.cmpgtu.sc.b gp, t5, a2
	cv.cmpgtu.sci.b t3, a2, 47
	cv.cmpgeu.h s4, s7, t5
	cv.cmpgeu.sc.h ra, s10, a5
	cv.cmpgeu.sci.h sp, s8, 51
	cv.cmpgeu.b sp, t4, tp
	cv.cmpgeu.sc.b gp, a6, a2
	cv.cmpgeu.sci.b s5, s7, 8
	cv.cmpltu.h a7, s5, sp
	cv.cmpltu.sc.h a6, s4, a7
	cv.cmpltu.sci.h zero, tp, 38
	cv.cmpltu.b ra, a4, t1
	cv.cmpltu.sc.b t5, t4, s8
	cv.cmpltu.sci.b s11, t6, 32
	cv.cmpleu.h s0, t6, a1
	cv.cmpleu.sc.h zero, s3, s1
	cv.cmpleu.sci.h s4, s4, 30
	cv.cmpleu.b t4, s7, t0
	cv.cmpleu.sc.b a2, s9, a0
	cv.cmpleu.sci.b s10, tp, 31
	cv.dotup.h sp, t5, s4
	cv.dotup.sc.h a0, s11, t1
	cv.dotup.sci.h a6, t0, 9
	cv.dotup.b a3, t1, s10
	cv.dotup.sc.b t6, t3, a1
	cv.dotup.sci.b s0, s10, 29
	cv.sdotup.h t4, a5, t2
	cv.sdotup.sc.h s2, s2, a7
	cv.sdotup.sci.h s7, a6, 34
	cv.sdotup.b a6, a2, t3
	cv.sdotup.sc.b a5, a1, a5
	cv.sdotup.sci.b s1, s2, 30
	cv.srl.h a2, s4, tp
	cv.srl.sc.h s9, a6, a5
	cv.srl.sci.h t1, t4, 7
	cv.srl.b sp, t1, zero
	cv.srl.sc.b t5, a4, t3
	cv.srl.sci.b sp, s2, 5
	cv.sra.h a4, t2, gp
	cv.sra.sc.h a2, a2, tp
	cv.sra.sci.h a1, t3, 11
	cv.sra.b a6, zero, t1
	cv.sra.sc.b s6, a3, sp
	cv.sra.sci.b s5, s1, 5
	cv.sll.h sp, a3, a6
	cv.sll.sc.h sp, a3, zero
	cv.sll.sci.h s10, s7, 10
	cv.sll.b a1, s3, tp
	cv.sll.sc.b a3, sp, t6
	cv.sll.sci.b tp, s10, 7
	cv.abs.h t1, s9
	cv.extract.h s1, t0, 0
	cv.extractu.h s9, a7, 1
	cv.insert.h s2, s3, 1
	cv.shuffle.h gp, s3, s6
	cv.shuffle2.h s10, s10, ra
	cv.abs.b s7, a2
	cv.extract.b s9, s9, 1
	cv.extractu.b zero, s11, 1
	cv.insert.b s11, t2, 0
	cv.shuffle.b s9, s7, t4
	cv.shuffle2.b a0, s0, zero
	cv.shuffle.sci.h gp, s1, 3
	cv.shufflei0.sci.b t0, s7, 21
	cv.shufflei1.sci.b s1, s6, 36
	cv.shufflei2.sci.b a0, a0, 8
	cv.shufflei3.sci.b t1, s8, 62
	cv.pack a2, s3, s0
	cv.pack.h sp, t5, s4
	cv.packhi.b gp, s8, t0
	cv.packlo.b a0, a4, s9
	cv.cplxmul.r a2, t5, a1
	cv.cplxmul.r.div2 a3, sp, s9
	cv.cplxmul.r.div4 a0, s8, s6
	cv.cplxmul.r.div8 t2, s1, a5
	cv.cplxmul.i a2, sp, sp
	cv.cplxmul.i.div2 s4, t2, s8
	cv.cplxmul.i.div4 t4, s3, s10
	cv.cplxmul.i.div8 s3, a5, s11
	cv.subrotmj s8, s7, t3
	cv.subrotmj.div2 t3, a1, ra
	cv.subrotmj.div4 zero, t6, t4
	cv.subrotmj.div8 a5, t3, t4
	cv.cplxconj a1, t5
	cv.add.div2 s9, t1, tp
	cv.add.div4 s0, s6, s11
	cv.add.div8 s7, t0, t3
	cv.sub.div2 sp, sp, s0
	cv.sub.div4 t0, s4, t0
	cv.sub.div8 gp, s8, s0
	csrrw ra, mie, t2
	csrrs a2, mtvec, t6
	csrrc s2, mtvec, a4
	csrrwi tp, mie, 16
	csrrsi a0, mie, 17
	csrrci t4, mstatus, 16
	add t5, a3, a6
	sub a5, s4, s7
	sll sp, a2, a1
	slt s9, a0, a7
	sltu s4, s8, a0
	xor a6, t2, gp
	srl s7, t3, t1
	sra a6, s9, s7
	or a6, s8, s7
	and s1, s7, s5
	mul t0, t3, a4
	mulh a1, gp, s2
	mulhsu a6, s3, s4
	mulhu zero, sp, a4
	div s1, s2, s11
	divu s10, s7, gp
	rem s0, t6, a4
	remu sp, ra, gp
	addi zero, s6, 440
	slti t1, s6, -211
	sltiu s10, s3, -953
	xori a3, s7, 1842
	ori a0, s0, -1933
	andi a5, s1, 1645
	slli t1, tp, 9
	srli a7, s9, 16
	srai zero, gp, 22
	lui t3, 1033584
	auipc a5, 346238
	lb zero, -1688(gp)
	lh ra, 1277(a1)
	lw a5, -744(gp)
	lbu t1, -1947(a2)
	lhu s1, 1336(a2)
	sb s10, -618(s3)
	sh tp, 411(gp)
	sw t5, -1996(s8)
	jalr s11, 1763(t0)
	cv.lb t3, (a1), -198
	cv.lb t1, (a6), a4
	cv.lb sp, t2(s5)
	cv.lbu a6, (gp), 130
	cv.lbu s11, (a6), s2
	cv.lbu a3, t0(zero)
	cv.lh a0, (a6), -114
	cv.lh a2, (a0), s4
	cv.lh a2, s8(s5)
	cv.lhu a5, (s8), 1798
	cv.lhu t5, (zero), ra
	cv.lhu s11, a4(s3)
	cv.lw a3, (s9), -1411
	cv.lw a0, (s1), sp
	cv.lw ra, t2(t1)
	cv.sb a0, (s6), -887
	cv.sb ra, (ra), sp
	cv.sb s0, sp(tp)
	cv.sh sp, (tp), 929
	cv.sh a2, (tp), s8
	cv.sh t1, a5(a3)
	cv.sw a3, (t2), -1771
	cv.sw sp, (t0), s2
	cv.sw t5, t1(s0)
	cv.elw t1, -369(s2)
	cv.extract s4, s5, 27, 16
	cv.extractu ra, s6, 16, 18
	cv.insert gp, s7, 20, 30
	cv.bclr s2, ra, 26, 1
	cv.bset s11, t1, 22, 30
	cv.bitrev gp, a3, 0, 18
	cv.extractr a0, s11, zero
	cv.extractur a2, s2, gp
	cv.insertr zero, s6, t6
	cv.bclrr t1, t6, a1
	cv.bsetr t6, s6, a6
	cv.ror a0, s2, a3
	cv.ff1 a4, t6
	cv.fl1 a0, t2
	cv.clb t0, t6
	cv.cnt t1, s4
	cv.abs s6, t1
	cv.exths s9, s9
	cv.exthz t0, s11
	cv.extbs ra, s7
	cv.extbz a3, s3
	cv.slet a6, s11, a0
	cv.sletu s8, a4, t4
	cv.min s0, sp, s6
	cv.minu s4, s1, t3
	cv.max s4, a0, t4
	cv.maxu t3, a6, a4
	cv.clipr s0, s5, t4
	cv.clipur a5, a2, a7
	cv.addnr s3, s1, s1
	cv.addunr a5, s4, s6
	cv.addrnr a0, a5, s4
	cv.addurnr a2, a6, t1
	cv.subnr a0, t1, a2
	cv.subunr s8, s1, s1
	cv.subrnr s3, s3, s11
	cv.suburnr a7, a2, t1
	cv.mac t1, a7, a3
	cv.msu s8, t4, sp
	cv.clip zero, s9, 27
	cv.clipu a4, s2, 29
	cv.addn ra, s1, a6, 25
	cv.addun zero, a5, s11, 26
	cv.addrn a4, a4, a1, 7
	cv.addurn t4, s11, s4, 16
	cv.subn t1, s10, a5, 25
	cv.subun a0, a6, s11, 30
	cv.subrn t4, ra, s10, 11
	cv.suburn s4, zero, s8, 31
	cv.mulun t1, sp, a6, 13
	cv.mulhhun a0, a2, s6, 6
	cv.mulsn t4, a3, t5, 1
	cv.mulhhsn s7, s5, s10, 29
	cv.mulurn a3, a1, s9, 7
	cv.mulhhurn s6, gp, a6, 17
	cv.mulsrn s8, s9, gp, 0
	cv.mulhhsrn tp, s10, s10, 22
	cv.macun a6, t1, a4, 19
	cv.machhun s9, a4, s9, 29
	cv.macsn a3, a0, s0, 4
	cv.machhsn a2, t5, a4, 9
	cv.macurn s6, s10, t4, 18
	cv.machhurn s0, t5, s6, 14
	cv.macsrn a7, s8, a6, 27
	cv.machhsrn a1, t5, zero, 17
	cv.add.h s6, a5, s3
	cv.add.sc.h s4, t5, t6
	cv.add.sci.h t0, s7, 22
	cv.add.b s1, s3, s8
	cv.add.sc.b gp, t0, s4
	cv.add.sci.b s6, zero, -15
	cv.sub.h zero, a3, tp
	cv.sub.sc.h s2, a6, t1
	cv.sub.sci.h a4, a1, -14
	cv.sub.b t3, s6, s1
	cv.sub.sc.b a3, s9, a0
	cv.sub.sci.b s3, a2, -21
	cv.avg.h t6, a3, t0
	cv.avg.sc.h t3, t2, t2
	cv.avg.sci.h s10, a4, 1
	cv.avg.b s0, t5, t6
	cv.avg.sc.b gp, t5, t4
	cv.avg.sci.b t6, a5, -14
	cv.min.h t6, a0, zero
	cv.min.sc.h a0, s4, t4
	cv.min.sci.h s2, t4, 31
	cv.min.b s7, s11, s10
	cv.min.sc.b tp, a1, s7
	cv.min.sci.b ra, sp, -29
	cv.max.h s5, t1, t5
	cv.max.sc.h t6, s1, sp
	cv.max.sci.h s10, s0, -5
	cv.max.b s5, t1, s7
	cv.max.sc.b s5, t5, a3
	cv.max.sci.b s11, s5, 4
	cv.or.h s11, a6, gp
	cv.or.sc.h s2, s2, s6
	cv.or.sci.h s9, s5, 31
	cv.or.b a7, s6, a3
	cv.or.sc.b t6, t2, s5
	cv.or.sci.b s4, s3, -8
	cv.xor.h s0, t0, sp
	cv.xor.sc.h s9, s9, gp
	cv.xor.sci.h s3, t1, 19
	cv.xor.b zero, sp, a2
	cv.xor.sc.b t5, gp, s8
	cv.xor.sci.b t0, a3, -14
	cv.and.h sp, t4, a1
	cv.and.sc.h t1, a1, sp
	cv.and.sci.h t1, zero, 21
	cv.and.b s7, s0, s3
	cv.and.sc.b a6, s3, a1
	cv.and.sci.b sp, s4, 21
	cv.cmpeq.h ra, s11, gp
	cv.cmpeq.sc.h t6, sp, t2
	cv.cmpeq.sci.h s9, t3, 21
	cv.cmpeq.b tp, zero, s8
	cv.cmpeq.sc.b s1, t5, s10
	cv.cmpeq.sci.b t0, t5, -19
	cv.cmpne.h a3, s1, zero
	cv.cmpne.sc.h s11, zero, zero
	cv.cmpne.sci.h t0, a3, -17
	cv.cmpne.b t2, s0, t5
	cv.cmpne.sc.b ra, a7, a5
	cv.cmpne.sci.b a1, gp, 25
	cv.cmpgt.h s7, s1, t0
	cv.cmpgt.sc.h s2, t6, t4
	cv.cmpgt.sci.h gp, sp, 0
	cv.cmpgt.b zero, gp, zero
	cv.cmpgt.sc.b t0, s8, s3
	cv.cmpgt.sci.b a0, t6, 7
	cv.cmpge.h gp, s4, s7
	cv.cmpge.sc.h t3, t5, a0
	cv.cmpge.sci.h t2, s7, -14
	cv.cmpge.b a0, s10, t5
	cv.cmpge.sc.b s8, t3, a7
	cv.cmpge.sci.b s2, a7, 10
	cv.cmplt.h gp, s5, zero
	cv.cmplt.sc.h s1, s3, s11
	cv.cmplt.sci.h s8, s8, -1
	cv.cmplt.b s8, a4, t3
	cv.cmplt.sc.b s2, zero, s4
	cv.cmplt.sci.b a7, s11, 1
	cv.cmple.h a0, sp, s2
	cv.cmple.sc.h s1, s1, a7
	cv.cmple.sci.h s6, t0, 31
	cv.cmple.b t6, s8, a2
	cv.cmple.sc.b a4, s3, gp
	cv.cmple.sci.b t4, a3, 18
	cv.dotusp.h a6, zero, s8
	cv.dotusp.sc.h t4, t0, s6
	cv.dotusp.sci.h a4, s9, -24
	cv.dotusp.b a6, s4, t5
	cv.dotusp.sc.b a2, a2, a3
	cv.dotusp.sci.b t0, a1, -8
	cv.dotsp.h s2, s7, s6
	cv.dotsp.sc.h s9, s1, a5
	cv.dotsp.sci.h t6, s7, -27
	cv.dotsp.b t1, s7, t4
	cv.dotsp.sc.b t0, s1, s4
	cv.dotsp.sci.b s6, a7, -29
	cv.sdotusp.h ra, t1, sp
	cv.sdotusp.sc.h a3, t6, a3
	cv.sdotusp.sci.h a7, s11, 1
	cv.sdotusp.b t1, t3, s0
	cv.sdotusp.sc.b a6, sp, s5
	cv.sdotusp.sci.b a1, s8, -7
	cv.sdotsp.h t0, ra, gp
	cv.sdotsp.sc.h sp, s7, t4
	cv.sdotsp.sci.h tp, s9, 30
	cv.sdotsp.b t2, t0, a6
	cv.sdotsp.sc.b s4, a4, t0
	cv.sdotsp.sci.b a1, t3, 18
	cv.avgu.h a0, s7, a5
	cv.avgu.sc.h a4, a1, sp
	cv.avgu.sci.h s6, gp, 32
	cv.avgu.b ra, gp, a6
	cv.avgu.sc.b t5, gp, t1
	cv.avgu.sci.b s4, zero, 18
	cv.minu.h a2, s3, t3
	cv.minu.sc.h t1, t5, s4
	cv.minu.sci.h a6, s8, 47
	cv.minu.b t2, s7, t5
	cv.minu.sc.b s8, a0, t3
	cv.minu.sci.b s1, zero, 30
	cv.maxu.h t4, a2, sp
	cv.maxu.sc.h a0, a4, tp
	cv.maxu.sci.h s0, t3, 47
	cv.maxu.b t1, s8, ra
	cv.maxu.sc.b tp, t3, s5
	cv.maxu.sci.b a4, t5, 41
	cv.cmpgtu.h t2, s7, s1
	cv.cmpgtu.sc.h s5, a4, gp
	cv.cmpgtu.sci.h t3, s1, 23
	cv.cmpgtu.b t3, s1, a7
	cv.cmpgtu.sc.b s10, s10, a5
	cv.cmpgtu.sci.b ra, a7, 19
	cv.cmpgeu.h s2, s5, a0
	cv.cmpgeu.sc.h a6, t6, t1
	cv.cmpgeu.sci.h t4, t5, 40
	cv.cmpgeu.b t2, s1, gp
	cv.cmpgeu.sc.b a3, t5, s2
	cv.cmpgeu.sci.b a6, a2, 15
	cv.cmpltu.h s7, s11, a6
	cv.cmpltu.sc.h a5, a5, t1
	cv.cmpltu.sci.h s2, s10, 49
	cv.cmpltu.b a0, gp, s2
	cv.cmpltu.sc.b s1, ra, t3
	cv.cmpltu.sci.b s0, t3, 43
	cv.cmpleu.h zero, s2, a1
	cv.cmpleu.sc.h s7, s11, sp
	cv.cmpleu.sci.h a3, a7, 52
	cv.cmpleu.b a1, s0, a1
	cv.cmpleu.sc.b a4, a1, a2
	cv.cmpleu.sci.b t0, t6, 10
	cv.dotup.h a7, a1, a3
	cv.dotup.sc.h s0, a2, s3
	cv.dotup.sci.h zero, tp, 25
	cv.dotup.b s10, gp, s6
	cv.dotup.sc.b s5, s2, t6
	cv.dotup.sci.b zero, s10, 11
	cv.sdotup.h t5, s0, a7
	cv.sdotup.sc.h a5, a1, s7
	cv.sdotup.sci.h a0, s7, 4
	cv.sdotup.b zero, s6, t3
	cv.sdotup.sc.b tp, t2, s6
	cv.sdotup.sci.b s4, s8, 31
	cv.srl.h gp, s2, t1
	cv.srl.sc.h t6, t3, ra
	cv.srl.sci.h ra, a5, 4
	cv.srl.b t0, a4, a1
	cv.srl.sc.b a0, t1, s3
	cv.srl.sci.b ra, ra, 4
	cv.sra.h t1, a2, a6
	cv.sra.sc.h ra, t4, a5
	cv.sra.sci.h t1, s6, 14
	cv.sra.b t1, a1, sp
	cv.sra.sc.b a7, t2, t4
	cv.sra.sci.b a7, t2, 7
	cv.sll.h t2, t2, s9
	cv.sll.sc.h s0, a4, a4
	cv.sll.sci.h t4, s9, 4
	cv.sll.b a0, ra, s8
	cv.sll.sc.b s10, sp, s9
	cv.sll.sci.b s7, s5, 0
	cv.abs.h s9, a5
	cv.extract.h s5, s11, 1
	cv.extractu.h s9, gp, 1
	cv.insert.h s1, s6, 0
	cv.shuffle.h s11, zero, s7
	cv.shuffle2.h t1, a1, tp
	cv.abs.b s4, s11
	cv.extract.b a2, ra, 1
	cv.extractu.b s0, s10, 3
	cv.insert.b t4, sp, 0
	cv.shuffle.b sp, a7, a7
	cv.shuffle2.b sp, t1, a6
	cv.shuffle.sci.h t2, zero, 3
	cv.shufflei0.sci.b a5, sp, 36
	cv.shufflei1.sci.b t2, s3, 44
	cv.shufflei2.sci.b a0, t2, 7
	cv.shufflei3.sci.b a7, t0, 59
	cv.pack s1, t3, t2
	cv.pack.h s0, s2, s10
	cv.packhi.b s2, a7, a5
	cv.packlo.b t0, s2, t4
	cv.cplxmul.r a4, s8, a2
	cv.cplxmul.r.div2 s7, t4, s3
	cv.cplxmul.r.div4 t5, t5, s3
	cv.cplxmul.r.div8 ra, a5, s5
	cv.cplxmul.i a4, a2, s8
	cv.cplxmul.i.div2 s9, zero, s6
	cv.cplxmul.i.div4 a0, a5, s4
	cv.cplxmul.i.div8 s4, t6, a7
	cv.subrotmj s2, a3, s2
	cv.subrotmj.div2 gp, ra, a0
	cv.subrotmj.div4 tp, s6, t3
	cv.subrotmj.div8 gp, s8, t3
	cv.cplxconj s6, t1
	cv.add.div2 a4, s1, s10
	cv.add.div4 s5, s6, s0
	cv.add.div8 a2, a7, t1
	cv.sub.div2 t5, a7, s0
	cv.sub.div4 s10, t1, zero
	cv.sub.div8 s10, t2, t6
	csrrw s9, mhartid, s1
	csrrs s10, mepc, t2
	csrrc s8, mcycle, t4
	csrrwi s2, mtvec, 22
	csrrsi s2, mie, 25
	csrrci s8, mtvec, 20
	ecall
	ebreak
	mret
	wfi
	fence.i
