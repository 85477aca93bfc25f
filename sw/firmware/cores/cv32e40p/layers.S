// Products of windows and weights: the inner loops of layers on cores (layer.c, which checks the record's layout).
//
// PX pixels and 4 output channels are summed at once, so that a word of weights serves PX pixels and a word of a pixel 4
// channels: for 4 pixels 8 loads and 16 dot products, 64 MAC in 24 cycles. Pixels lie PITCH bytes apart and are walked
// through by one pointer; sums of pixel 0 are s0-s3, of pixel 1 s4-s7, of pixel 2 s8-s11, of pixel 3 a2-a5.
#include "hardware_loops.inc"

// Offsets in struct ohmic_layer_run (kernels.h); from X_BACK on they are the loops' own.
#define RUNS 0
#define RUN_COUNT 4
#define WORDS 8
#define PITCH 12
#define WEIGHTS 16
#define BLOCK_WEIGHTS 20
#define BLOCKS 24
#define GROUPS 28
#define OUT 32
#define OUT_PITCH 36
#define SHIFT 40
#define LO 44
#define HI 48
#define FINISH 52
#define X_BACK 56
#define OUT_BACK 60
#define X_STEP 64
#define OUT_STEP 68
#define X 72
#define OUT_NOW 76
#define WEIGHTS_END 80

// What is done with the sums (enum ohmic_layer_finish).
#define RELU 0
#define RELU_LIMITED 1
#define ANY 2
#define SUMS 3

// One word of each of 4 channels and PX pixels. gp brings the pointer to the first pixel's next word.
  .macro DOTS op, x, s0, s1, s2, s3
  \op \s0, \x, t3
  \op \s1, \x, t4
  \op \s2, \x, t5
  \op \s3, \x, t6
  .endm
  .macro WORD px, op
  .if \px == 1
  cv.lw t0, (a7), gp
  .endif
  cv.lw t3, (a1), 4
  cv.lw t4, (a1), 4
  cv.lw t5, (a1), 4
  cv.lw t6, (a1), 4
  .if \px == 1
  DOTS \op, t0, s0, s1, s2, s3
  .endif
  .if \px == 2
  cv.lw t0, (a7), ra
  cv.lw t1, (a7), gp
  DOTS \op, t0, s0, s1, s2, s3
  DOTS \op, t1, s4, s5, s6, s7
  .endif
  .if \px == 4
  cv.lw t0, (a7), ra
  cv.lw t1, (a7), ra
  DOTS \op, t0, s0, s1, s2, s3
  cv.lw t0, (a7), ra
  DOTS \op, t1, s4, s5, s6, s7
  cv.lw t1, (a7), gp
  DOTS \op, t0, s8, s9, s10, s11
  DOTS \op, t1, a2, a3, a4, a5
  .endif
  .endm
#define WORD_LENGTH(px) (4 + 5 * (px))

// One channel of PX pixels: an ohmic_layer_channel at (a1), t0 the shift.
  .macro EACH px, op, s0, s1, s2, s3, rest:vararg
  \op \s0, \s0, \rest
  .if \px > 1
  \op \s1, \s1, \rest
  .endif
  .if \px > 2
  \op \s2, \s2, \rest
  \op \s3, \s3, \rest
  .endif
  .endm
  .macro EACH_IN_PLACE px, op, s0, s1, s2, s3, rest:vararg
  \op \s0, \rest
  .if \px > 1
  \op \s1, \rest
  .endif
  .if \px > 2
  \op \s2, \rest
  \op \s3, \rest
  .endif
  .endm
  .macro CHANNEL px, finish, s0, s1, s2, s3
  .if \finish != RELU
  lw t5, 8(a1)
  .endif
  cv.lw t3, (a1), 4
  cv.lw t4, (a1), 8
  .if \finish != RELU
  EACH \px, cv.clipr, \s0, \s1, \s2, \s3, t5
  .endif
  EACH \px, mul, \s0, \s1, \s2, \s3, t3
  EACH_IN_PLACE \px, cv.addnr, \s0, \s1, \s2, \s3, t4, t0
  .if \finish == ANY
  EACH \px, cv.clip, \s0, \s1, \s2, \s3, 8
  .else
  EACH \px, cv.clipu, \s0, \s1, \s2, \s3, 8
  .endif
  .endm
  .macro PIXEL finish, step, s0, s1, s2, s3
  .if \finish == SUMS
  cv.sw \s0, (t2), 4
  cv.sw \s1, (t2), 4
  cv.sw \s2, (t2), 4
  cv.sw \s3, (t2), \step
  .else
  cv.packlo.b \s0, \s1, \s0
  cv.packhi.b \s0, \s3, \s2
  .if \finish == ANY
  cv.max.b \s0, \s0, t3
  cv.min.b \s0, \s0, t4
  .endif
  cv.sw \s0, (t2), \step
  .endif
  .endm

// The block's outputs to (t2), which comes to the next block's; a1 from the block's constants to the next block.
  .macro FINISH_BLOCK px, finish
  lw gp, OUT_PITCH(a0)
  lw t1, OUT_BACK(a0)
  .if \finish == SUMS
  addi gp, gp, -12
  addi a1, a1, 48
  .else
  lw t0, SHIFT(a0)
  CHANNEL \px, \finish, s0, s4, s8, a2
  CHANNEL \px, \finish, s1, s5, s9, a3
  CHANNEL \px, \finish, s2, s6, s10, a4
  CHANNEL \px, \finish, s3, s7, s11, a5
  .endif
  .if \finish == ANY
  lw t3, LO(a0)
  lw t4, HI(a0)
  .endif
  .if \px == 1
  PIXEL \finish, t1, s0, s1, s2, s3
  .else
  PIXEL \finish, gp, s0, s1, s2, s3
  .endif
  .if \px == 2
  PIXEL \finish, t1, s4, s5, s6, s7
  .endif
  .if \px == 4
  PIXEL \finish, gp, s4, s5, s6, s7
  PIXEL \finish, gp, s8, s9, s10, s11
  PIXEL \finish, t1, a2, a3, a4, a5
  .endif
  lw gp, X_BACK(a0)
  .endm
// In instructions; to the assembler what is true is -1.
#define FINISH_LENGTH(px, finish) \
  (-((finish) == SUMS) * (5 + 4 * (px)) - ((finish) == RELU) * (4 + 4 * (2 + 3 * (px)) + 3 * (px)) - \
   ((finish) == RELU_LIMITED) * (4 + 4 * (3 + 4 * (px)) + 3 * (px)) - \
   ((finish) == ANY) * (6 + 4 * (3 + 4 * (px)) + 5 * (px)))

// Steps from pixel to pixel and from one group of pixels to the next. ra and gp stay what they are here.
  .macro STEPS px
  lw ra, PITCH(a0)
  lw t1, OUT_PITCH(a0)
  li t0, \px
  mul t2, ra, t0
  mul t3, t1, t0
  sw t2, X_STEP(a0)
  sw t3, OUT_STEP(a0)
  sub gp, ra, t2
  sub t3, t1, t3
  addi gp, gp, 4
  addi t3, t3, 4
  sw gp, X_BACK(a0)
  sw t3, OUT_BACK(a0)
  .endm

// One run makes up the window, so that weights are one stream: X is the first group's first pixel.
  .macro SINGLE px, finish
.Lgroup\@:
  lw a1, WEIGHTS(a0)
  lw t2, OUT(a0)
  lw t0, BLOCKS(a0)
  nop
  LOOP1 t0, 2 + 2 * WORD_LENGTH(\px) + FINISH_LENGTH(\px, \finish)
.Lblock\@:
  lw a7, X(a0)
  WORD \px, cv.dotsp.b
  LOOP0 a6, WORD_LENGTH(\px)
.Lword\@:
  WORD \px, cv.sdotsp.b
.Lword_end\@:
  FINISH_BLOCK \px, \finish
.Lblock_end\@:
  CHECK .Lword\@, .Lword_end\@, WORD_LENGTH(\px)
  CHECK .Lblock\@, .Lblock_end\@, 2 + 2 * WORD_LENGTH(\px) + FINISH_LENGTH(\px, \finish)
  lw t0, X(a0)
  lw t1, X_STEP(a0)
  lw t2, OUT(a0)
  lw t3, OUT_STEP(a0)
  add t0, t0, t1
  lw t4, GROUPS(a0)
  add t2, t2, t3
  sw t0, X(a0)
  addi t4, t4, -1
  sw t2, OUT(a0)
  sw t4, GROUPS(a0)
  bnez t4, .Lgroup\@
  LEAVE
  .endm

  .macro SINGLE_FUNCTION px
  .section .text.hot.ohmic_layer_single_\px, "ax"
  .balign 64
  .globl ohmic_layer_single_\px
ohmic_layer_single_\px:
  ENTER
  STEPS \px
  lw t0, RUNS(a0)
  lw t1, FINISH(a0)
  lw t2, 0(t0)
  lw a6, WORDS(a0)
  sw t2, X(a0)
  li t3, RELU_LIMITED
  addi a6, a6, -1
  beqz t1, .Lsingle_relu\px
  beq t1, t3, .Lsingle_relu_limited\px
  li t3, ANY
  beq t1, t3, .Lsingle_any\px
  SINGLE \px, SUMS
  .balign 64
.Lsingle_relu\px:
  SINGLE \px, RELU
  .balign 64
.Lsingle_relu_limited\px:
  SINGLE \px, RELU_LIMITED
  .balign 64
.Lsingle_any\px:
  SINGLE \px, ANY
  .endm

  SINGLE_FUNCTION 4
  SINGLE_FUNCTION 2
  SINGLE_FUNCTION 1

// Any number of runs of WORDS words: each an address, and the place of its weights in the block. X holds the block.
  .macro MANY px, finish
.Lgroup\@:
  lw t0, WEIGHTS(a0)
  lw t1, OUT(a0)
  sw t0, X(a0)
  sw t1, OUT_NOW(a0)
.Lblock\@:
  lw t2, RUNS(a0)
  lw t0, X(a0)
  cv.lw a7, (t2), 4
  cv.lw a1, (t2), 4
  lw a6, WORDS(a0)
  add a1, a1, t0
  addi a6, a6, -1
  WORD \px, cv.dotsp.b
  beqz a6, .Lfirst_end\@
  LOOP0 a6, WORD_LENGTH(\px)
.Lfirst\@:
  WORD \px, cv.sdotsp.b
.Lfirst_end\@:
  CHECK .Lfirst\@, .Lfirst_end\@, WORD_LENGTH(\px)
  lw t0, RUN_COUNT(a0)
  lw a6, WORDS(a0)
  addi t0, t0, -1
  beqz t0, .Lruns_end\@
  LOOP1 t0, 8 + WORD_LENGTH(\px)
.Lrun\@:
  cv.lw a7, (t2), 4
  cv.lw a1, (t2), 4
  lw t0, X(a0)
  nop
  add a1, a1, t0
  LOOP0 a6, WORD_LENGTH(\px)
.Lword\@:
  WORD \px, cv.sdotsp.b
.Lword_end\@:
  nop
  nop
.Lruns_end\@:
  CHECK .Lword\@, .Lword_end\@, WORD_LENGTH(\px)
  CHECK .Lrun\@, .Lruns_end\@, 8 + WORD_LENGTH(\px)
  lw a1, X(a0)
  lw t0, BLOCK_WEIGHTS(a0)
  lw t2, OUT_NOW(a0)
  add a1, a1, t0
  FINISH_BLOCK \px, \finish
  lw t0, WEIGHTS_END(a0)
  sw a1, X(a0)
  sw t2, OUT_NOW(a0)
  bltu a1, t0, .Lblock\@
  lw t0, RUNS(a0)
  lw t1, RUN_COUNT(a0)
  lw t2, X_STEP(a0)
.Ladvance\@:
  lw t3, 0(t0)
  addi t1, t1, -1
  add t3, t3, t2
  cv.sw t3, (t0), 8
  bnez t1, .Ladvance\@
  lw t2, OUT(a0)
  lw t3, OUT_STEP(a0)
  lw t4, GROUPS(a0)
  add t2, t2, t3
  addi t4, t4, -1
  sw t2, OUT(a0)
  sw t4, GROUPS(a0)
  bnez t4, .Lgroup\@
  LEAVE
  .endm

  .macro MANY_FUNCTION px
  .section .text.hot.ohmic_layer_many_\px, "ax"
  .balign 64
  .globl ohmic_layer_many_\px
ohmic_layer_many_\px:
  ENTER
  STEPS \px
  lw t0, BLOCK_WEIGHTS(a0)
  lw t1, BLOCKS(a0)
  addi t0, t0, 48
  mul t0, t0, t1
  lw t2, WEIGHTS(a0)
  lw t1, FINISH(a0)
  add t0, t0, t2
  sw t0, WEIGHTS_END(a0)
  li t3, ANY
  bltu t1, t3, .Lmany_relu\px
  beq t1, t3, .Lmany_any\px
  MANY \px, SUMS
  .balign 64
.Lmany_relu\px:
  MANY \px, RELU_LIMITED
  .balign 64
.Lmany_any\px:
  MANY \px, ANY
  .endm

  MANY_FUNCTION 4
  MANY_FUNCTION 2
  MANY_FUNCTION 1

// Depthwise layers (depthwise.c). Offsets in struct ohmic_depthwise_run (kernels.h).
#define PLANES 0
#define D_WEIGHTS 12
#define D_OUT 16
#define D_OUT_PITCH 20
#define D_QUADS 24
#define D_SHIFT 28
#define D_LO 32
#define D_HI 36
#define D_FINISH 40
#define D_CHANNELS 44
#define D_PLANE_BYTES 48
#define D_LIST 52
#define D_LIST_LENGTH 56
#define D_STRIDE 60

// The sums of 4 pixels of one channel, s6 to s9, to (t2).
  .macro FINISH_QUAD finish
  .if \finish != RELU
  EACH 4, cv.clipr, s6, s7, s8, s9, t1
  .endif
  EACH 4, mul, s6, s7, s8, s9, t3
  EACH_IN_PLACE 4, cv.addnr, s6, s7, s8, s9, t4, t0
  .if \finish == ANY
  EACH 4, cv.clip, s6, s7, s8, s9, 8
  EACH 4, cv.max, s6, s7, s8, s9, a6
  EACH 4, cv.min, s6, s7, s8, s9, a7
  .else
  EACH 4, cv.clipu, s6, s7, s8, s9, 8
  .endif
  cv.sb s6, (t2), gp
  cv.sb s7, (t2), gp
  cv.sb s8, (t2), gp
  cv.sb s9, (t2), gp
  .endm
#define FINISH_QUAD_LENGTH(finish) (16 - 4 * ((finish) != RELU) - 8 * ((finish) == ANY))

// One kernel column of 4 pixels: w is its word of weights. Windows 1 byte apart: two of them lie in each word that is
// loaded, the second by weights that are moved up by one (v).
  .macro KERNEL_COLUMN stride, op, plane, w, v
  .if \stride == 1
  cv.lw t5, (\plane), 2
  cv.lw t6, (\plane), 2 // at 2 modulo 4: two cycles
  \op s6, t5, \w
  \op s7, t5, \v
  \op s8, t6, \w
  \op s9, t6, \v
  .else
  cv.lw t5, (\plane), 2
  cv.lw t6, (\plane), 2
  \op s6, t5, \w
  cv.lw t5, (\plane), 2
  \op s7, t6, \w
  cv.lw t6, (\plane), 2
  \op s8, t5, \w
  \op s9, t6, \w
  .endif
  .endm
#define KERNEL_COLUMN_LENGTH(stride) (6 + 2 * ((stride) - 1))

  .macro THREE_COLUMNS stride, finish
.Lchannel\@:
  cv.lw s0, (a4), 4
  cv.lw s1, (a4), 4
  cv.lw s2, (a4), 4
  cv.lw t3, (a4), 4
  cv.lw t4, (a4), 4
  cv.lw t1, (a4), 4
  slli s3, s0, 8
  slli s4, s1, 8
  slli s5, s2, 8
  LOOP0 a5, 3 * KERNEL_COLUMN_LENGTH(\stride) + FINISH_QUAD_LENGTH(\finish)
.Lquad\@:
  KERNEL_COLUMN \stride, cv.dotsp.b, a1, s0, s3
  KERNEL_COLUMN \stride, cv.sdotsp.b, a2, s1, s4
  KERNEL_COLUMN \stride, cv.sdotsp.b, a3, s2, s5
  FINISH_QUAD \finish
.Lquad_end\@:
  CHECK .Lquad\@, .Lquad_end\@, 3 * KERNEL_COLUMN_LENGTH(\stride) + FINISH_QUAD_LENGTH(\finish)
  addi s11, s11, -1
  add a1, a1, ra
  add a2, a2, ra
  add a3, a3, ra
  add t2, t2, s10
  bnez s11, .Lchannel\@
  LEAVE
  .endm

// Fields that both functions keep in registers; s10: from the last quad's outputs to the next channel's first.
  .macro DEPTHWISE_ENTER
  ENTER
  lw a4, D_WEIGHTS(a0)
  lw a5, D_QUADS(a0)
  lw gp, D_OUT_PITCH(a0)
  lw t0, D_SHIFT(a0)
  slli s10, a5, 2
  mul s10, s10, gp
  lw t2, D_OUT(a0)
  lw a6, D_LO(a0)
  lw a7, D_HI(a0)
  lw s11, D_CHANNELS(a0)
  sub s10, zero, s10
  addi s10, s10, 1
  .endm

  .macro DEPTHWISE_3 stride
  .section .text.hot.ohmic_depthwise_3_\stride, "ax"
  .balign 64
  .globl ohmic_depthwise_3_\stride
ohmic_depthwise_3_\stride:
  DEPTHWISE_ENTER
  lw ra, D_PLANE_BYTES(a0)
  li t5, 4 * \stride
  mul t5, t5, a5
  lw a1, PLANES(a0)
  lw a2, PLANES + 4(a0)
  lw a3, PLANES + 8(a0)
  sub ra, ra, t5
  lw t5, D_FINISH(a0)
  li t6, ANY
  beqz t5, .Lthree_relu\stride
  bltu t5, t6, .Lthree_relu_limited\stride
  THREE_COLUMNS \stride, ANY
.Lthree_relu\stride:
  THREE_COLUMNS \stride, RELU
.Lthree_relu_limited\stride:
  THREE_COLUMNS \stride, RELU_LIMITED
  .endm

  DEPTHWISE_3 1
  DEPTHWISE_3 2

// void ohmic_depthwise_any(struct ohmic_depthwise_run *): a list of where the first pixel's words lie, one for each word
// of weights. s0: bytes from the list's places to the quad's first pixel, s1: of that in the first quad of the channel.
  .macro ANY_COLUMNS finish
.Lchannel\@:
  mv s0, s1
  mv s5, a4
.Lquad\@:
  lw a1, D_LIST(a0)
  mv a4, s5
  li s6, 0
  li s7, 0
  li s8, 0
  li s9, 0
  LOOP0 a2, 11
.Lword\@:
  cv.lw t5, (a1), 4
  cv.lw t6, (a4), 4
  add t5, t5, s0
  cv.lw t3, (t5), ra
  cv.lw t4, (t5), ra
  cv.lw a3, (t5), ra
  cv.sdotsp.b s6, t3, t6
  lw t1, 0(t5)
  cv.sdotsp.b s7, t4, t6
  cv.sdotsp.b s8, a3, t6
  cv.sdotsp.b s9, t1, t6
.Lword_end\@:
  CHECK .Lword\@, .Lword_end\@, 11
  cv.lw t3, (a4), 4
  cv.lw t4, (a4), 4
  cv.lw t1, (a4), 4
  add s0, s0, s3
  FINISH_QUAD \finish
  addi a5, a5, -1
  bnez a5, .Lquad\@
  lw a5, D_QUADS(a0)
  addi s11, s11, -1
  add s1, s1, s4
  add t2, t2, s10
  bnez s11, .Lchannel\@
  LEAVE
  .endm

  .section .text.hot.ohmic_depthwise_any, "ax"
  .balign 64
  .globl ohmic_depthwise_any
ohmic_depthwise_any:
  DEPTHWISE_ENTER
  lw ra, D_STRIDE(a0)
  lw s4, D_PLANE_BYTES(a0)
  lw a2, D_LIST_LENGTH(a0)
  li s1, 0
  slli s3, ra, 2
  lw t5, D_FINISH(a0)
  li t6, ANY
  bltu t5, t6, .Lany_relu
  ANY_COLUMNS ANY
.Lany_relu:
  ANY_COLUMNS RELU_LIMITED

// void ohmic_transpose_4(const char *from, uint32_t pitch, char *to, uint32_t plane_bytes, uint32_t groups)
  .section .text.hot.ohmic_transpose_4, "ax"
  .balign 64
  .globl ohmic_transpose_4
ohmic_transpose_4:
  li t0, 0x06040200
  li t1, 0x07050301
  slli t2, a3, 1
  add t2, t2, a3
  li t3, 4
  sub t2, t3, t2 // from the last plane to the first one's next word
  LOOP0 a4, 18
.Ltranspose:
  cv.lw t3, (a0), a1
  cv.lw t4, (a0), a1
  cv.lw t5, (a0), a1
  cv.lw t6, (a0), a1
  cv.pack a5, t4, t3 // channels 0 and 1 of rows 0 and 1
  cv.pack a6, t4, t3
  cv.pack.h t3, t4, t3 // channels 2 and 3
  cv.pack a7, t6, t5
  cv.pack.h t6, t6, t5
  mv t4, t3
  cv.shuffle2.b a5, a7, t0
  cv.shuffle2.b a6, a7, t1
  cv.shuffle2.b t3, t6, t0
  cv.shuffle2.b t4, t6, t1
  cv.sw a5, (a2), a3
  cv.sw a6, (a2), a3
  cv.sw t3, (a2), a3
  cv.sw t4, (a2), t2
.Ltranspose_end:
  CHECK .Ltranspose, .Ltranspose_end, 18
  ret
