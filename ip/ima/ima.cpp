#include "ip/ima/ima.h"

#include <algorithm>
#include <cstring>

#include "registers/ima.h"

namespace ohmic {

namespace reg = registers::ima;

ima::ima(const ima_parameters& p) : parameters_(p), crossbar_(p.rows, p.columns), generator_(p), slots_(p.job_queue) {
  for (auto& b : in_) b.values.assign(crossbar_.input_bytes(), 0);
  for (auto& b : out_) b.codes.assign(crossbar_.code_bytes(), 0);
}

std::uint32_t ima::read_register(std::uint32_t offset, cycle_t) {
  switch (offset) {
    case reg::status_offset:
      return (jobs_held_ != 0 ? reg::status_busy_mask : 0) | (error_seen_ ? reg::status_error_mask : 0) |
             (static_cast<std::uint32_t>(slots_.size() - jobs_held_) << reg::status_free_shift);
    case reg::jobs_done_offset:
      return jobs_done_;
    case reg::mvm_count_offset:
      return static_cast<std::uint32_t>(counters_.mvms);
    default:
      break;
  }
  return offset % 4 == 0 && offset / 4 < registers_.size() ? registers_[offset / 4] : 0;
}

void ima::write_register(std::uint32_t offset, std::uint32_t value, cycle_t now) {
  if (offset == reg::push_offset) {
    push(now);
  } else if (offset % 4 == 0 && offset / 4 < registers_.size()) {
    registers_[offset / 4] = value;
  }
}

void ima::push(cycle_t now) {
  if (jobs_held_ == slots_.size()) {
    fail({reg::push_offset, "IMA job refused: the queue is full", 0, guest_act::none});
    return;
  }
  unsigned slot = oldest_ + jobs_held_;
  if (slot >= slots_.size()) slot -= static_cast<unsigned>(slots_.size());
  queued_job& q = slots_[slot];
  q.job = ima_job::decode(registers_);
  device_error error;
  if (!q.job.check(parameters_, error)) {
    fail(error);
    return;
  }
  q.streamed = q.written = 0;
  q.total = q.job.mvms();
  registers_[reg::tag_offset / 4] += static_cast<std::uint32_t>(q.total);
  q.failed = false;
  if (jobs_held_ == 0) active_since_ = now;
  ++jobs_held_;
  if (jobs_to_stream_++ == 0) {
    streaming_slot_ = slot;
    pixel0_ = pixel1_ = 0;
    generator_ready_ = false;
    cursor_[input_port].ready = std::max(cursor_[input_port].ready, now + 1);
    next_ = std::min(next_, cursor_[input_port].ready);
  }
}

void ima::fail(const device_error& error) {
  error_seen_ = true;
  events_ |= 1u << error_line;
  if (!error_) error_ = error;
}

/// Takes every completed job off the queue's head.
void ima::retire(cycle_t now) {
  while (jobs_held_ != 0 && slots_[oldest_].written == slots_[oldest_].total) {
    if (!slots_[oldest_].failed) {
      ++jobs_done_;
      ++counters_.jobs;
      events_ |= 1u << job_done_line;
    }
    oldest_ = next_slot(oldest_);
    if (--jobs_held_ == 0) counters_.active_cycles += now - active_since_;
  }
}

void ima::step(cycle_t now) {
  // Later stages first: what they free, earlier ones may use in the same cycle. Windows of zeros fill a
  // buffer in no time, so go round until nothing moves.
  bool moved = true;
  while (moved) {
    moved = finish_mvm(now);
    moved |= advance_output(now);
    moved |= advance_input(now);
    moved |= start_mvm(now);
  }
  plan();
}

bool ima::finish_mvm(cycle_t now) {
  if (!computing_ || now < mvm_end_) return false;
  computing_ = false;
  counters_.compute_cycles += parameters_.mvm_cycles;
  in_compute_ ^= 1;
  --in_full_;
  ++out_full_;
  out_fill_ ^= 1;
  cursor_[output_port].ready = std::max(cursor_[output_port].ready, now);
  return true;
}

bool ima::start_mvm(cycle_t now) {
  if (computing_ || in_full_ == 0 || out_full_ == out_.size()) return false;
  const input_buffer& in = in_[in_compute_];
  output_buffer& out = out_[out_fill_];
  const ima_job& job = slots_[in.slot].job;
  out.slot = in.slot;
  out.pixel0 = in.pixel0;
  out.pixel1 = in.pixel1;
  const auto m = static_cast<std::int32_t>(job.adc_m);
  if (array_)
    array_->mvm(crossbar_, in.values.data(), job.row_start, job.row_count, job.first_column, job.column_count, m,
                job.adc_s, job.tag_of(in.pixel0, in.pixel1), out.codes.data());
  else
    crossbar_.mvm(in.values.data(), job.row_start, job.row_count, job.first_column, job.column_count, m, job.adc_s,
                  out.codes.data());
  computing_ = true;
  mvm_end_ = now + parameters_.mvm_cycles;
  ++counters_.mvms;
  counters_.rows += job.row_count;
  counters_.columns += job.column_count;
  counters_.cells += std::uint64_t{job.row_count} * job.column_count;
  return true;
}

void ima::start_beat(unsigned p, cursor& c, std::uint32_t addr, std::uint32_t left, cycle_t now) {
  const std::uint32_t room = parameters_.streamer_ports * 4 - addr % 4;
  ports_[p].start(addr, std::min(left, room), p == output_port);
  c.started = now;
}

bool ima::advance_input(cycle_t now) {
  cursor& c = cursor_[input_port];
  if (ports_[input_port].busy() || now < c.ready) return false;
  if (!c.active) {
    if (jobs_to_stream_ == 0 || in_full_ == in_.size()) return false;
    begin_pixel();
    if (!c.active) {
      retire(now);
      return true;
    }
  }
  const auto& runs = generator_.runs();
  if (c.run < runs.size()) {
    const input_run& run = runs[c.run];
    start_beat(input_port, c, run.addr + c.done, run.bytes - c.done, now);
    return true;
  }
  c.active = false;
  ++in_full_;
  in_fill_ ^= 1;
  queued_job& q = slots_[streaming_slot_];
  if (++pixel0_ == q.job.pixels[0].count) {
    pixel0_ = 0;
    ++pixel1_;
  }
  if (++q.streamed == q.total) {
    streaming_slot_ = next_slot(streaming_slot_);
    --jobs_to_stream_;
    pixel0_ = pixel1_ = 0;
    generator_ready_ = false;
  }
  return true;
}

/// Sets up the input cursor for the next pixel. Leaves it inactive if the pixel's window leaves L1: then the
/// job ends with the pixels that are already in the pipeline.
void ima::begin_pixel() {
  cursor& c = cursor_[input_port];
  queued_job& q = slots_[streaming_slot_];
  if (!generator_ready_) {
    generator_.start(q.job);
    generator_ready_ = true;
  }
  const auto outcome = generator_.window(pixel0_, pixel1_);
  if (outcome == input_generator::outcome::outside_l1) {
    fail({generator_.bad_address(), "IMA job: the input window leaves L1", 0});
    q.failed = true;
    q.total = q.streamed;
    streaming_slot_ = next_slot(streaming_slot_);
    --jobs_to_stream_;
    pixel0_ = pixel1_ = 0;
    generator_ready_ = false;
    return;
  }
  input_buffer& b = in_[in_fill_];
  if (b.first_row != q.job.row_start || b.row_count != q.job.row_count) {
    std::memset(b.values.data() + b.first_row, 0, b.row_count);
    b.first_row = q.job.row_start;
    b.row_count = q.job.row_count;
  }
  if (outcome == input_generator::outcome::padded) std::memset(b.values.data() + b.first_row, 0, b.row_count);
  b.slot = streaming_slot_;
  b.pixel0 = pixel0_;
  b.pixel1 = pixel1_;
  c.run = c.done = 0;
  c.active = true;
}

bool ima::advance_output(cycle_t now) {
  cursor& c = cursor_[output_port];
  if (ports_[output_port].busy() || now < c.ready) return false;
  if (out_full_ == 0) return false;
  const output_buffer& b = out_[out_drain_];
  const ima_group& g = slots_[b.slot].job.group[c.run];
  start_beat(output_port, c, g.address(b.pixel0, b.pixel1) + c.done, g.count - c.done, now);
  l1_port& port = ports_[output_port];
  std::memcpy(port.data + port.first_byte, b.codes.data() + g.first + c.done, port.bytes);
  return true;
}

void ima::beat_done(unsigned p, cycle_t now) {
  l1_port& port = ports_[p];
  cursor& c = cursor_[p];
  c.ready = now + 1;
  counters_.stall_cycles += now - c.started;
  c.done += port.bytes;
  if (p == input_port) {
    const input_run& run = generator_.runs()[c.run];
    std::memcpy(in_[in_fill_].values.data() + run.row + c.done - port.bytes, port.data + port.first_byte, port.bytes);
    counters_.bytes_in += port.bytes;
    ++counters_.beats_in;
    if (c.done == run.bytes) {
      ++c.run;
      c.done = 0;
    }
  } else {
    queued_job& q = slots_[out_[out_drain_].slot];
    counters_.bytes_out += port.bytes;
    ++counters_.beats_out;
    if (c.done == q.job.group[c.run].count) {
      ++c.run;
      c.done = 0;
      if (c.run == q.job.groups) {
        // Free from the next step() on. The slot may be pushed to again in this very cycle.
        c.run = 0;
        --out_full_;
        out_drain_ ^= 1;
        ++q.written;
        retire(now);
      }
    }
  }
  next_ = std::min(next_, c.ready);
}

/// Recomputes next_ from the state after everything possible was done.
void ima::plan() {
  next_ = computing_ ? mvm_end_ : never;
  const cursor &in = cursor_[input_port], &out = cursor_[output_port];
  if (!ports_[input_port].busy() && (in.active || (jobs_to_stream_ != 0 && in_full_ != in_.size())))
    next_ = std::min(next_, in.ready);
  if (!ports_[output_port].busy() && out_full_ != 0) next_ = std::min(next_, out.ready);
}

}  // namespace ohmic
