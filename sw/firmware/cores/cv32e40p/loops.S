// The inner loops of the sums and of the residual add, with hardware loops. C calls them (sum.c, add.c) with a record
// whose layout is checked there.
#include "hardware_loops.inc"

// Offsets in struct ohmic_run (kernels.h).
#define IN 0
#define OUT 4
#define PIXELS 8
#define BLOCKS 12
#define STEP 16
#define OUT_STEP 20
#define M 28
#define B 32
#define SHIFT 36
#define LO 40
#define IN8 44
#define OFFSET 52
#define QUADS 56
#define BLOCK_OUT 60
#define BLOCK_OFFSET 64

// void ohmic_requantise_N(struct ohmic_run *): N int8 inputs. Per block of 4 channels the constants are loaded, then
// all pixels go by. The lower bound is 0 or -128, so that one instruction clips on both sides: CLIP is cv.clipu or cv.clip.

// One input: two pixels a turn, so that nobody waits for a load. Codes are widened to halves, even and odd bytes apart,
// and multiplied as halves; s8 and s9 hold the multipliers of even and odd channels.
  .macro ONE_PIXEL clip, word, s0, s1, s2, s3
  cv.sll.sci.h \s0, \word, 8
  cv.sra.sci.h \s2, \word, 8
  cv.sra.sci.h \s0, \s0, 8
  cv.mulhhsn \s1, \s0, s8, 0
  cv.mulhhsn \s3, \s2, s9, 0
  cv.mulsn \s0, \s0, s8, 0
  cv.mulsn \s2, \s2, s9, 0
  cv.addnr \s1, t5, a7
  cv.addnr \s3, t6, a7
  cv.addnr \s0, t3, a7
  cv.addnr \s2, t4, a7
  \clip \s1, \s1, 8
  \clip \s3, \s3, 8
  \clip \s0, \s0, 8
  \clip \s2, \s2, 8
  cv.packlo.b \s0, \s2, \s0
  cv.packhi.b \s0, \s3, \s1
  cv.sw \s0, (a5), a6
  .endm

  .macro REQUANTISE_1 clip
.Lone_block\@:
  mv a1, t1
  mv a5, t2
  cv.lw s8, (a2), 4
  cv.lw s9, (a2), 4
  cv.lw t3, (a3), 4
  cv.lw t4, (a3), 4
  cv.lw t5, (a3), 4
  cv.lw t6, (a3), 4
  cv.pack s10, s9, s8 // channels 2, 0
  cv.pack.h s9, s9, s8 // channels 3, 1
  mv s8, s10
  beqz s11, .Lone_last\@
  LOOP0 s11, 38
.Lone_pair\@:
  cv.lw s4, (a1), a4
  cv.lw s5, (a1), a4
  ONE_PIXEL \clip, s4, s0, s1, s2, s3
  ONE_PIXEL \clip, s5, s0, s1, s2, s3
.Lone_pair_end\@:
  CHECK .Lone_pair\@, .Lone_pair_end\@, 38
.Lone_last\@:
  beqz ra, .Lone_next\@
  lw s4, 0(a1)
  nop
  ONE_PIXEL \clip, s4, s0, s1, s2, s3
.Lone_next\@:
  addi t1, t1, 4
  addi t2, t2, 4
  addi t0, t0, -1
  bnez t0, .Lone_block\@
  LEAVE
  .endm

  .section .text.hot.ohmic_requantise_1, "ax"
  .balign 64
  .globl ohmic_requantise_1
ohmic_requantise_1:
  ENTER
  lw t1, IN(a0)
  lw a4, STEP(a0)
  lw a6, OUT_STEP(a0)
  lw a7, SHIFT(a0)
  lw gp, LO(a0)
  lw t0, BLOCKS(a0)
  lw s11, PIXELS(a0)
  lw a2, M(a0)
  lw a3, B(a0)
  lw t2, OUT(a0)
  lw t1, 0(t1)
  andi ra, s11, 1
  srli s11, s11, 1
  bnez gp, .Lone_signed
  REQUANTISE_1 cv.clipu
.Lone_signed:
  REQUANTISE_1 cv.clip

// Two or three: one instruction a code, three for multiply, add-and-shift, clip.
  .macro REQUANTISE_LOOP inputs, clip
  LOOP1 t0, (3 * \inputs + 17 + 1 + 5 * \inputs + 15 + 3)
.Lblock\@:
  lw t0, IN(a0)
  lw a1, 0(t0)
  addi t1, a1, 4
  sw t1, 0(t0)
  lw a2, 4(t0)
  addi t1, a2, 4
  sw t1, 4(t0)
  .if \inputs > 2
  lw a3, 8(t0)
  addi t1, a3, 4
  sw t1, 8(t0)
  .endif
  lw t1, M(a0)
  lw t2, B(a0)
  cv.lh s8, (t1), 2
  cv.lh s9, (t1), 2
  cv.lh s10, (t1), 2
  cv.lh s11, (t1), 2
  cv.lw t3, (t2), 4
  cv.lw t4, (t2), 4
  cv.lw t5, (t2), 4
  cv.lw t6, (t2), 4
  sw t1, M(a0)
  sw t2, B(a0)
  lw a5, OUT(a0)
  nop
  addi t1, a5, 4
  sw t1, OUT(a0)
  LOOP0 ra, (5 * \inputs + 15)
.Lpixel\@:
  cv.lw t0, (a1), a4
  cv.lw t1, (a2), a4
  .if \inputs > 2
  cv.lw t2, (a3), a4
  .endif
  cv.dotsp.b s0, t0, s4
  cv.dotsp.b s1, t0, s5
  cv.dotsp.b s2, t0, s6
  cv.dotsp.b s3, t0, s7
  cv.sdotsp.b s0, t1, s4
  cv.sdotsp.b s1, t1, s5
  cv.sdotsp.b s2, t1, s6
  cv.sdotsp.b s3, t1, s7
  .if \inputs > 2
  cv.sdotsp.b s0, t2, s4
  cv.sdotsp.b s1, t2, s5
  cv.sdotsp.b s2, t2, s6
  cv.sdotsp.b s3, t2, s7
  .endif
  mul s0, s0, s8
  mul s1, s1, s9
  mul s2, s2, s10
  mul s3, s3, s11
  cv.addnr s0, t3, a7
  cv.addnr s1, t4, a7
  cv.addnr s2, t5, a7
  cv.addnr s3, t6, a7
  \clip s0, s0, 8
  \clip s1, s1, 8
  \clip s2, s2, 8
  \clip s3, s3, 8
  cv.packlo.b t0, s1, s0
  cv.packhi.b t0, s3, s2
  cv.sw t0, (a5), a6
.Lpixel_end\@:
  nop
  nop
  nop
.Lblock_end\@:
  CHECK .Lpixel\@, .Lpixel_end\@, (5 * \inputs + 15)
  CHECK .Lblock\@, .Lblock_end\@, (3 * \inputs + 17 + 1 + 5 * \inputs + 15 + 3)
  LEAVE
  .endm

  .macro REQUANTISE inputs
  .section .text.hot.ohmic_requantise_\inputs, "ax"
  .balign 64
  .globl ohmic_requantise_\inputs
ohmic_requantise_\inputs:
  ENTER
  li s4, 0x1
  li s5, 0x100
  lui s6, 0x10
  lui s7, 0x1000
  lw a4, STEP(a0)
  lw a6, OUT_STEP(a0)
  lw a7, SHIFT(a0)
  lw gp, LO(a0)
  lw t0, BLOCKS(a0)
  lw ra, PIXELS(a0)
  bnez gp, .Lsigned\inputs
  REQUANTISE_LOOP \inputs, cv.clipu
.Lsigned\inputs:
  REQUANTISE_LOOP \inputs, cv.clip
  .endm

  REQUANTISE 2
  REQUANTISE 3

// One pixel of four whose sums are in \s0..\s3: constants in t0-t2, a6 (m), t3-t6 (b), a7 (shift).
  .macro FINISH clip, s0, s1, s2, s3
  mul \s0, \s0, t0
  mul \s1, \s1, t1
  mul \s2, \s2, t2
  mul \s3, \s3, a6
  cv.addnr \s0, t3, a7
  cv.addnr \s1, t4, a7
  cv.addnr \s2, t5, a7
  cv.addnr \s3, t6, a7
  \clip \s0, \s0, 8
  \clip \s1, \s1, 8
  \clip \s2, \s2, 8
  \clip \s3, \s3, 8
  cv.packlo.b \s0, \s1, \s0
  cv.packhi.b \s0, \s3, \s2
  cv.sw \s0, (gp), ra
  .endm
  .macro DOTS op, w, s0, s1, s2, s3
  \op \s0, \w, t3
  \op \s1, \w, t4
  \op \s2, \w, t5
  \op \s3, \w, t6
  .endm

// void ohmic_requantise_many(struct ohmic_run *): 2 or more int8 inputs, a multiple of 4 pixels. 4 pixels of 4 channels
// are summed at once in 16 registers while the inputs go by.
  .macro REQUANTISE_MANY clip
  sw zero, BLOCK_OFFSET(a0)
.Lmany_block\@:
  lw t0, BLOCK_OFFSET(a0)
  lw t1, PIXELS(a0)
  lw gp, OUT(a0)
  sw t0, OFFSET(a0)
  srli t1, t1, 2
  sw t1, QUADS(a0)
  sw gp, BLOCK_OUT(a0)
.Lmany_quad\@:
  lw a1, IN(a0)
  lw gp, OFFSET(a0)
  cv.lw a7, (a1), 4
  lw ra, STEP(a0)
  add a7, a7, gp
  cv.lw t0, (a7), ra
  cv.lw t1, (a7), ra
  cv.lw t2, (a7), ra
  lw a6, 0(a7)
  cv.lw a7, (a1), 4
  li t3, 0x1
  li t4, 0x100
  lui t5, 0x10
  lui t6, 0x1000
  DOTS cv.dotsp.b, t0, s0, s1, s2, s3
  lw t0, IN8(a0)
  DOTS cv.dotsp.b, t1, s4, s5, s6, s7
  addi t0, t0, -1
  DOTS cv.dotsp.b, t2, s8, s9, s10, s11
  DOTS cv.dotsp.b, a6, a2, a3, a4, a5
  LOOP0 t0, 22
.Lmany_input\@:
  add a7, a7, gp
  cv.lw t0, (a7), ra
  cv.lw t1, (a7), ra
  cv.lw t2, (a7), ra
  lw a6, 0(a7)
  cv.lw a7, (a1), 4 // behind the last input: one more word of the list
  DOTS cv.sdotsp.b, t0, s0, s1, s2, s3
  DOTS cv.sdotsp.b, t1, s4, s5, s6, s7
  DOTS cv.sdotsp.b, t2, s8, s9, s10, s11
  DOTS cv.sdotsp.b, a6, a2, a3, a4, a5
.Lmany_input_end\@:
  CHECK .Lmany_input\@, .Lmany_input_end\@, 22
  slli t0, ra, 2
  add gp, gp, t0
  sw gp, OFFSET(a0)
  lw a7, M(a0)
  lw a1, B(a0)
  lh t0, 0(a7)
  lh t1, 2(a7)
  lh t2, 4(a7)
  lh a6, 6(a7)
  lw t3, 0(a1)
  lw t4, 4(a1)
  lw t5, 8(a1)
  lw t6, 12(a1)
  lw a7, SHIFT(a0)
  lw gp, BLOCK_OUT(a0)
  lw ra, OUT_STEP(a0)
  FINISH \clip, s0, s1, s2, s3
  FINISH \clip, s4, s5, s6, s7
  FINISH \clip, s8, s9, s10, s11
  FINISH \clip, a2, a3, a4, a5
  lw t0, QUADS(a0)
  sw gp, BLOCK_OUT(a0)
  addi t0, t0, -1
  sw t0, QUADS(a0)
  bnez t0, .Lmany_quad\@
  lw t0, BLOCK_OFFSET(a0)
  lw t1, M(a0)
  lw t2, B(a0)
  lw t3, OUT(a0)
  lw t4, BLOCKS(a0)
  addi t0, t0, 4
  addi t1, t1, 8
  addi t2, t2, 16
  addi t3, t3, 4
  addi t4, t4, -1
  sw t0, BLOCK_OFFSET(a0)
  sw t1, M(a0)
  sw t2, B(a0)
  sw t3, OUT(a0)
  sw t4, BLOCKS(a0)
  bnez t4, .Lmany_block\@
  LEAVE
  .endm

  .section .text.hot.ohmic_requantise_many, "ax"
  .balign 64
  .globl ohmic_requantise_many
ohmic_requantise_many:
  ENTER
  lw t0, LO(a0)
  bnez t0, .Lmany_signed
  REQUANTISE_MANY cv.clipu
.Lmany_signed:
  REQUANTISE_MANY cv.clip

// void ohmic_partial_many(struct ohmic_run *): 2 or more int8 inputs, one block of a multiple of 4 quads, each 4 bytes
// behind the other. 4 quads are summed at once in 16 registers while the inputs go by.
  .macro PACK_HALVES s0, s1, s2, s3
  cv.pack \s0, \s1, \s0
  cv.pack \s2, \s3, \s2
  cv.sw \s0, (gp), 4
  cv.sw \s2, (gp), 4
  .endm

  .section .text.hot.ohmic_partial_many, "ax"
  .balign 64
  .globl ohmic_partial_many
ohmic_partial_many:
  ENTER
  lw t1, PIXELS(a0)
  li t3, 0x1
  li t4, 0x100
  lui t5, 0x10
  lui t6, 0x1000
  srli t1, t1, 2
  sw t1, QUADS(a0)
  li ra, 0 // bytes behind the inputs' beginnings
.Lpartial_quads:
  lw a1, IN(a0)
  lw t2, IN8(a0)
  cv.lw a7, (a1), 4
  addi t2, t2, -1
  add a7, a7, ra
  lw t0, 0(a7)
  lw t1, 4(a7)
  DOTS cv.dotsp.b, t0, s0, s1, s2, s3
  lw t0, 8(a7)
  DOTS cv.dotsp.b, t1, s4, s5, s6, s7
  lw a6, 12(a7)
  DOTS cv.dotsp.b, t0, s8, s9, s10, s11
  cv.lw a7, (a1), 4
  DOTS cv.dotsp.b, a6, a2, a3, a4, a5
  LOOP0 t2, 22
.Lpartial_input:
  add a7, a7, ra
  lw t0, 0(a7)
  lw t1, 4(a7)
  DOTS cv.sdotsp.b, t0, s0, s1, s2, s3
  lw t0, 8(a7)
  DOTS cv.sdotsp.b, t1, s4, s5, s6, s7
  lw a6, 12(a7)
  DOTS cv.sdotsp.b, t0, s8, s9, s10, s11
  cv.lw a7, (a1), 4 // behind the last input: one more word of the list
  DOTS cv.sdotsp.b, a6, a2, a3, a4, a5
.Lpartial_input_end:
  CHECK .Lpartial_input, .Lpartial_input_end, 22
  lw gp, OUT(a0)
  lw t0, QUADS(a0)
  PACK_HALVES s0, s1, s2, s3
  PACK_HALVES s4, s5, s6, s7
  PACK_HALVES s8, s9, s10, s11
  PACK_HALVES a2, a3, a4, a5
  sw gp, OUT(a0)
  addi t0, t0, -1
  sw t0, QUADS(a0)
  addi ra, ra, 16
  bnez t0, .Lpartial_quads
  LEAVE

// Offsets in struct ohmic_add_run (kernels.h).
#define ADD_Y 0
#define ADD_X 4
#define ADD_R 8
#define ADD_Y_PITCH 12
#define ADD_X_PITCH 16
#define ADD_R_PITCH 20
#define ADD_PIXELS 24
#define ADD_BLOCKS 28
#define ADD_A 32
#define ADD_B 36
#define ADD_SHIFT 40
#define ADD_ROUNDING 44
#define ADD_LO 48

// void ohmic_add_blocks(struct ohmic_add_run *): y = max(clip((x*a + r*b + rounding) >> shift), lo), 4 channels a time.
  .section .text.hot.ohmic_add_blocks, "ax"
  .balign 64
  .globl ohmic_add_blocks
ohmic_add_blocks:
  ENTER
  lw s0, ADD_Y(a0)
  lw s1, ADD_X(a0)
  lw s2, ADD_R(a0)
  lw s3, ADD_Y_PITCH(a0)
  lw s4, ADD_X_PITCH(a0)
  lw s5, ADD_R_PITCH(a0)
  lw s6, ADD_A(a0)
  lw s7, ADD_B(a0)
  lw s8, ADD_SHIFT(a0)
  lw s9, ADD_ROUNDING(a0)
  lw s10, ADD_LO(a0)
  lw s11, ADD_PIXELS(a0)
  lw ra, ADD_BLOCKS(a0)
  LOOP1 ra, 4 + 28 + 3
.Ladd_block:
  mv a1, s0
  mv a2, s1
  mv a3, s2
  LOOP0 s11, 28
.Ladd_pixel:
  cv.lw a4, (a2), s4
  cv.lw a5, (a3), s5
  cv.sll.sci.h a6, a4, 8
  cv.sra.sci.h a4, a4, 8 // x: odd bytes
  cv.sra.sci.h a6, a6, 8 // x: even bytes
  cv.sll.sci.h a7, a5, 8
  cv.sra.sci.h a5, a5, 8
  cv.sra.sci.h a7, a7, 8
  cv.mulsn t0, a6, s6, 0
  cv.mulsn t1, a4, s6, 0
  cv.mulhhsn t2, a6, s6, 0
  cv.mulhhsn t3, a4, s6, 0
  cv.macsn t0, a7, s7, 0
  cv.macsn t1, a5, s7, 0
  cv.machhsn t2, a7, s7, 0
  cv.machhsn t3, a5, s7, 0
  cv.addnr t0, s9, s8
  cv.addnr t1, s9, s8
  cv.addnr t2, s9, s8
  cv.addnr t3, s9, s8
  cv.clip t0, t0, 8
  cv.clip t1, t1, 8
  cv.clip t2, t2, 8
  cv.clip t3, t3, 8
  cv.packlo.b t0, t1, t0
  cv.packhi.b t0, t3, t2
  cv.max.b t0, t0, s10
  cv.sw t0, (a1), s3
.Ladd_pixel_end:
  addi s0, s0, 4
  addi s1, s1, 4
  addi s2, s2, 4
.Ladd_block_end:
  CHECK .Ladd_pixel, .Ladd_pixel_end, 28
  CHECK .Ladd_block, .Ladd_block_end, 4 + 28 + 3
  LEAVE

// uint32_t ohmic_max_3x3(char *out, uint32_t out_pitch, const char *a, const char *b, const char *c, uint32_t pitch,
// uint32_t pixels, uint32_t shared): see kernels.h. Three columns side by side; a7 is the greatest of the row that a pixel
// shares with the next one.
  .section .text.hot.ohmic_max_3x3, "ax"
  .balign 64
  .globl ohmic_max_3x3
ohmic_max_3x3:
  LOOP0 a6, 13
.Lmax:
  cv.lw t0, (a2), a5
  cv.lw t1, (a3), a5
  cv.lw t2, (a4), a5
  cv.lw t3, (a2), a5
  cv.lw t4, (a3), a5
  cv.lw t5, (a4), a5
  cv.max.b t0, t0, t1
  cv.max.b a7, a7, t2
  cv.max.b t0, t0, a7
  cv.max.b a7, t3, t4
  cv.max.b a7, a7, t5
  cv.max.b t0, t0, a7
  cv.sw t0, (a0), a1
.Lmax_end:
  CHECK .Lmax, .Lmax_end, 13
  mv a0, a7
  ret

// void ohmic_copy_words(char *to, uint32_t to_pitch, const char *from, uint32_t from_pitch, uint32_t rows): one word of
// every row; rows > 0. The third instruction of the body waits for the load, which would cost its cycle anyway.
  .section .text.hot.ohmic_copy_words, "ax"
  .balign 64
  .globl ohmic_copy_words
ohmic_copy_words:
  LOOP0 a4, 3
.Lcopy:
  cv.lw t0, (a2), a3
  nop
  cv.sw t0, (a0), a1
.Lcopy_end:
  CHECK .Lcopy, .Lcopy_end, 3
  ret
