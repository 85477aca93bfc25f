/* KERNEL: what stays the same is set up once; per tile only the columns' addresses change. */
#include "sw/firmware/dataflow/executor.h"

void kernel_setup(executor* e, step_state* s, const ohmic_kernel_step* k) {
  ohmic_kernel_job* job = executor_allocate(e, sizeof *job, sizeof(void*));
  s->job = job;
  job->kernel = k->kernel;
  job->columns = s->T;
  job->height = k->height;
  job->channels = k->channels;
  job->multipliers = l1_at(k->multipliers);
  job->biases = l1_at(k->biases);
  job->shift = k->shift;
  job->lo = k->lo;
  job->out_column_bytes = s->output->ring->column_bytes;
  job->residual = 0;
  job->residual_a = k->residual_a;
  job->residual_b = k->residual_b;
  job->residual_shift = k->residual_shift;
  job->residual_lo = k->residual_lo;

  /* Summands: int8 first. ADD and pools have one that is not a sum. */
  const uint32_t sums = k->kernel == OHMIC_KERNEL_ADD ? 1u : k->kernel >= OHMIC_KERNEL_MAX_POOL ? 0u : k->sum_count;
  OHMIC_ASSERT(sums <= OHMIC_MOST_INPUTS && sums <= s->input_count);
  s->sum_input = executor_allocate(e, sums, 1);
  uint32_t n = 0;
  for (uint32_t wide = 0; wide < 2; ++wide) {
    for (uint32_t i = 0; i < sums; ++i)
      if ((k->int16_mask >> i & 1u) == wide) {
        s->sum_input[n] = (uint8_t)i;
        job->in_column_bytes[n] = s->inputs[i].ring->ring->column_bytes;
        ++n;
      }
    if (wide == 0) job->in8 = n;
  }
  job->in16 = n - job->in8;

  const bool pool = k->kernel == OHMIC_KERNEL_MAX_POOL || k->kernel == OHMIC_KERNEL_AVERAGE_POOL;
  if (pool) {
    const ohmic_ring* in = s->inputs[0].ring->ring;
    job->pooled.base = l1_at(in->base);
    job->pooled.column_bytes = in->column_bytes;
    job->pooled.slots = in->slots;
    job->image_columns = in->columns_per_image;
    job->pool_size = s->inputs[0].window->size;
    job->pool_stride = s->inputs[0].window->stride;
    job->pool_height = k->pool_height;
    job->pool_stride_y = k->pool_stride;
    job->pool_pad_y = k->pool_pad;
    job->input_height = k->input_height;
    job->pool_multiplier = k->pool_multiplier;
  }
  if (k->residual != OHMIC_NONE && !pool) job->residual_column_bytes = s->inputs[k->residual].ring->ring->column_bytes;

  job->pieces = 0;
  job->piece_count = 0;
  /* PARTIAL and LOGITS have one fixed layout. */
  if (k->kernel != OHMIC_KERNEL_PARTIAL && k->kernel != OHMIC_KERNEL_LOGITS) {
    const ohmic_segment* in = l1_at(k->input_segments);
    const uint32_t in_count = pool || k->residual != OHMIC_NONE ? k->input_segment_count : 0;
    /* Every boundary of either layout starts at most one piece per output segment that spans it. */
    const uint32_t most = k->segment_count * (k->segment_count + in_count);
    const uint32_t fit = e->heap_left < 4 ? 0 : (e->heap_left - 4) / sizeof(ohmic_piece);
    ohmic_piece* pieces = (ohmic_piece*)(((uintptr_t)e->heap + 3) & ~(uintptr_t)3);
    job->piece_count =
        ohmic_make_pieces(l1_at(k->segments), k->segment_count, in, in_count, pieces, most < fit ? most : fit);
    OHMIC_ASSERT(job->piece_count > 0);
    job->pieces = executor_allocate(e, job->piece_count * sizeof *pieces, 4);
  }

  const uint32_t cores = kernel_cores();
  uint32_t* work_of = executor_allocate(e, (cores + 1) * sizeof *work_of, 4);
  ohmic_work* work = executor_allocate(e, 0, sizeof(void*));
  const uint32_t shared = ohmic_share_tile(job, cores, work_of, work, e->heap_left / sizeof *work);
  OHMIC_ASSERT(shared > 0);
  executor_allocate(e, shared * sizeof *work, sizeof(void*));
}

static const char* column_at(const ring_state* r, uint32_t n) {
  return (const char*)l1_at(r->ring->base + slot_of(r, n) * r->ring->column_bytes);
}

void kernel_start(step_state* s) {
  const ohmic_kernel_step* k = (const ohmic_kernel_step*)s->step;
  ohmic_kernel_job* job = s->job;
  const tile* t = &s->start;
  const uint32_t sums = job->in8 + job->in16;
  for (uint32_t i = 0; i < sums; ++i) {
    const ring_state* r = s->inputs[s->sum_input[i]].ring;
    job->in[i] = column_at(r, number_in(r, s, t));
  }
  if (k->kernel == OHMIC_KERNEL_MAX_POOL || k->kernel == OHMIC_KERNEL_AVERAGE_POOL) {
    job->image_first = t->image * job->image_columns;
    job->first_x = (int32_t)(t->x * job->pool_stride) - s->inputs[0].window->pad;
  } else if (k->residual != OHMIC_NONE) {
    const ring_state* r = s->inputs[k->residual].ring;
    job->residual = column_at(r, number_in(r, s, t));
  }
  job->out = (char*)column_at(s->output, number_in(s->output, s, t));
  kernel_run(ohmic_run_kernel, job, s->step->stage);
}
