/* KERNEL: what stays the same is set up once; per tile only the columns' addresses change. */
#include "sw/firmware/dataflow/executor.h"

static bool is_pool(const ohmic_kernel_step* k) {
  return k->kernel == OHMIC_KERNEL_MAX_POOL || k->kernel == OHMIC_KERNEL_AVERAGE_POOL;
}

static bool is_layer(const ohmic_kernel_step* k) { return k->kernel >= OHMIC_KERNEL_LAYER; }

static bool is_plain(const ohmic_kernel_step* k) {
  return k->kernel == OHMIC_KERNEL_PARTIAL || k->kernel == OHMIC_KERNEL_LOGITS ||
         k->kernel == OHMIC_KERNEL_LAYER_SUMS || k->kernel == OHMIC_KERNEL_LAYER_LOGITS;
}

/* The cursor that goes through a ring as this one's tiles do, a new one if none does. */
static const cursor* cursor_through(step_state* s, const ohmic_ring* ring) {
  cursor c;
  cursor_of_tiles(&c, ring, s->step);
  for (const cursor* known = s->cursors; known != s->cursors_end; ++known)
    if (known->at == c.at && known->step == c.step && known->image_step == c.image_step && known->size == c.size)
      return known;
  *s->cursors_end = c;
  return s->cursors_end++;
}

static void move_along(step_state* s, const char** pointer, const ring_state* r) {
  *s->pointers_end++ = (moving_pointer){l1_at(r->ring->base), cursor_through(s, r->ring), pointer};
}

/* Summands: int8 first. ADD and pools have one that is not a sum. */
static void setup_summands(step_state* s, const ohmic_kernel_step* k) {
  ohmic_kernel_job* job = s->job;
  const uint32_t sums = k->kernel == OHMIC_KERNEL_ADD ? 1u : k->kernel >= OHMIC_KERNEL_MAX_POOL ? 0u : k->sum_count;
  OHMIC_ASSERT(sums <= OHMIC_MOST_INPUTS && sums <= s->input_count);
  uint32_t n = 0;
  for (uint32_t wide = 0; wide < 2; ++wide) {
    for (uint32_t i = 0; i < sums; ++i)
      if ((k->int16_mask >> i & 1u) == wide) {
        const ring_state* r = s->inputs[i].ring;
        job->in_column_bytes[n] = r->ring->column_bytes;
        move_along(s, &job->in[n], r);
        ++n;
      }
    if (wide == 0) job->in8 = n;
  }
  job->in16 = n - job->in8;
}

static void setup_window(step_state* s, const ohmic_kernel_step* k) {
  ohmic_kernel_job* job = s->job;
  const ohmic_ring* in = s->inputs[0].ring->ring;
  const ohmic_window* window = s->inputs[0].window;
  job->pooled.base = l1_at(in->base);
  job->pooled.column_bytes = in->column_bytes;
  job->pooled.slots = in->slots;
  job->image_columns = in->columns_per_image;
  job->pool_size = window->size;
  job->pool_stride = window->stride;
  job->pool_height = k->pool_height;
  job->pool_stride_y = k->pool_stride;
  job->pool_pad_y = k->pool_pad;
  job->input_height = k->input_height;
  job->pool_multiplier = k->pool_multiplier;
  const uint32_t replicas = s->step->replicas ? s->step->replicas : 1;
  s->first_x_step = replicas * s->step->tile_columns * window->stride;
  s->first_x = (int32_t)(replicas > 1 ? s->step->replica * s->step->tile_columns * window->stride : 0) - window->pad;
  s->first_x_begin = s->first_x;
  s->image_first = 0;
  s->pools = true;
}

/* Weights that come from HBM lie in another slot for each tile. */
static void setup_weights(step_state* s, const input_state* in) {
  const ohmic_ring* ring = in->ring->ring;
  const ohmic_window* w = in->window;
  cursor* place = s->cursors_end++;
  cursor_setup(place, -w->pad, w->stride, w->stride, ring->slots, ring->column_bytes);
  *s->pointers_end++ = (moving_pointer){l1_at(ring->base), place, &s->job->weights};
}

static void setup_layer(step_state* s, const ohmic_kernel_step* k) {
  ohmic_kernel_job* job = s->job;
  setup_window(s, k);
  job->pooled.base += k->in_offset;
  if (k->weights_input == OHMIC_NONE)
    job->weights = l1_at(k->weights);
  else
    setup_weights(s, &s->inputs[k->weights_input]);
  job->in_channels = k->in_channels;
  job->groups = k->groups;
  job->in_pitch = k->in_pitch;
  job->in_more_blocks = k->in_more_blocks;
  job->hi = k->hi;
  job->limited = k->limited;
}

/* Kernels run one at a time, so that all have the same. */
void kernels_share_scratch(executor* e, step_state* steps) {
  const uint32_t all = ohmic_core_count();
  uint32_t most = 0;
  for (const step_state* s = steps; s != e->steps_end; ++s) {
    if (s->job == 0) continue;
    const uint32_t bytes = ohmic_kernel_cores(s->job->kernel, all) * s->job->scratch_bytes;
    if (bytes > most) most = bytes;
  }
  if (most == 0) return;
  char* const scratch = executor_allocate(e, most, sizeof(void*));
  for (step_state* s = steps; s != e->steps_end; ++s) /* it is counted from core 0 */
    if (s->job) s->job->scratch = scratch - (all - ohmic_kernel_cores(s->job->kernel, all)) * s->job->scratch_bytes;
}

static void setup_pieces(executor* e, step_state* s, const ohmic_kernel_step* k) {
  ohmic_kernel_job* job = s->job;
  job->pieces = 0;
  job->piece_count = 0;
  /* Sums and logits have one fixed layout. */
  if (is_plain(k)) return;
  const ohmic_segment* in = l1_at(k->input_segments);
  const uint32_t in_count = is_pool(k) || k->residual != OHMIC_NONE ? k->input_segment_count : 0;
  /* Every boundary of either layout starts at most one piece per output segment that spans it. */
  const uint32_t most = k->segment_count * (k->segment_count + in_count);
  const uint32_t fit = e->heap_left < 4 ? 0 : (e->heap_left - 4) / sizeof(ohmic_piece);
  ohmic_piece* pieces = (ohmic_piece*)(((uintptr_t)e->heap + 3) & ~(uintptr_t)3);
  job->piece_count =
      ohmic_make_pieces(l1_at(k->segments), k->segment_count, in, in_count, pieces, most < fit ? most : fit);
  OHMIC_ASSERT(job->piece_count > 0);
  job->pieces = executor_allocate(e, job->piece_count * sizeof *pieces, 4);
}

void kernel_setup(executor* e, step_state* s, const ohmic_kernel_step* k) {
  ohmic_kernel_job* job = executor_allocate(e, sizeof *job, sizeof(void*));
  s->job = job;
  s->stage = s->step->stage;
  s->help = kernel_needs_help(k->kernel);
  job->kernel = k->kernel;
  job->columns = s->step->tile_columns;
  job->height = k->height;
  job->channels = k->channels;
  job->multipliers = l1_at(k->multipliers);
  job->biases = l1_at(k->biases);
  job->shift = k->shift;
  job->lo = k->lo;
  job->out_column_bytes = s->output_ring->ring->column_bytes;
  job->residual = 0;
  job->residual_a = k->residual_a;
  job->residual_b = k->residual_b;
  job->residual_shift = k->residual_shift;
  job->residual_lo = k->residual_lo;

  s->pointers = s->pointers_end = executor_allocate(e, (s->input_count + 1) * sizeof *s->pointers, sizeof(void*));
  s->cursors = s->cursors_end = executor_allocate(e, (s->input_count + 1) * sizeof *s->cursors, 4);
  setup_summands(s, k);
  if (is_pool(k)) setup_window(s, k);
  if (is_layer(k)) setup_layer(s, k);
  if (!is_pool(k) && k->residual != OHMIC_NONE) {
    job->residual_column_bytes = s->inputs[k->residual].ring->ring->column_bytes;
    move_along(s, &job->residual, s->inputs[k->residual].ring);
  }
  move_along(s, (const char**)&job->out, s->output_ring);
  setup_pieces(e, s, k);

  const uint32_t all = ohmic_core_count(), cores = ohmic_kernel_cores(k->kernel, all);
  job->scratch_bytes = is_layer(k) ? ohmic_layer_scratch_bytes(job) : 0;
  uint32_t* work_of = executor_allocate(e, (cores + 1) * sizeof *work_of, 4);
  ohmic_work* work = executor_allocate(e, 0, sizeof(void*));
  const uint32_t shared = ohmic_share_tile(job, cores, work_of, work, e->heap_left / sizeof *work);
  OHMIC_ASSERT(shared > 0);
  executor_allocate(e, shared * sizeof *work, sizeof(void*));
  job->work_of -= all - cores; /* it is counted from core 0 */
}

OHMIC_HOT void kernel_start(step_state* s) {
  ohmic_kernel_job* job = s->job;
  for (const moving_pointer *p = s->pointers, *const end = s->pointers_end; p != end; ++p)
    *p->to = p->base + p->place->at;
  if (s->pools) {
    job->first_x = s->first_x;
    job->image_first = s->image_first;
  }
  kernel_begin(ohmic_run_kernel, job, s->stage, s->help);
  /* The cores read the job from now on: what follows is the step's own. */
  const bool next_image = step_started(s);
  for (cursor* c = s->cursors; c != s->cursors_end; ++c) cursor_add(c, next_image);
  if (!s->pools) return;
  s->first_x += (int32_t)s->first_x_step;
  if (next_image) {
    s->first_x = s->first_x_begin;
    s->image_first += job->image_columns;
  }
}
