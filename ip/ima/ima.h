#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ip/core/counter_list.h"
#include "ip/core/device_error.h"
#include "ip/core/types.h"
#include "ip/ima/analog_array.h"
#include "ip/ima/crossbar.h"
#include "ip/ima/input_generator.h"
#include "ip/ima/job.h"
#include "ip/tcdm/l1_port.h"

namespace ohmic {

/// What an IMA did since reset, for the run report and energy.
struct ima_counters {
  std::uint64_t jobs = 0;            ///< completed without error
  std::uint64_t mvms = 0;            ///< started
  std::uint64_t rows = 0;            ///< driven, summed over MVMs
  std::uint64_t columns = 0;         ///< read by the ADC, summed over MVMs
  std::uint64_t cells = 0;           ///< rows x columns, summed over MVMs
  std::uint64_t compute_cycles = 0;  ///< crossbar busy (counted when an MVM ends)
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t beats_in = 0, beats_out = 0;
  std::uint64_t stall_cycles = 0;   ///< cycles in which a beat waited for banks
  std::uint64_t active_cycles = 0;  ///< from a PUSH to the idle IMA (counted when it becomes idle)

  static auto& list() {
    static constexpr counter<ima_counters> all[] = {
        {"jobs", "jobs", &ima_counters::jobs},
        {"mvms", "MVMs", &ima_counters::mvms},
        {"rows", "rows", &ima_counters::rows},
        {"columns", "columns", &ima_counters::columns},
        {"cells", "cells", &ima_counters::cells},
        {"compute_cycles", "cycles", &ima_counters::compute_cycles},
        {"bytes_in", "bytes", &ima_counters::bytes_in},
        {"bytes_out", "bytes", &ima_counters::bytes_out},
        {"beats_in", "beats", &ima_counters::beats_in},
        {"beats_out", "beats", &ima_counters::beats_out},
        {"stall_cycles", "cycles", &ima_counters::stall_cycles},
        {"active_cycles", "cycles", &ima_counters::active_cycles},
    };
    return all;
  }
};

/// The analog in-memory accelerator of one cluster: job queue, input generator, crossbar with ADC, output
/// streamer.
///
/// Registers: map `ima` in ip/registers/ohmic.rdl. Jobs run in order, and overlap: while the crossbar
/// computes pixel n, the input streamer fills the other input buffer with pixel n + 1 (of the next job, if
/// need be) and the output streamer empties the other output buffer of pixel n - 1. The queue holds every job
/// from PUSH until its last code is in L1.
///
/// Timing (cycles): PUSH in w -> first input beat requests its banks in w + 1. One beat of up to
/// `streamer_ports` words per cycle and streamer while banks are free. Last input beat granted in c -> MVM
/// from c + 1 (if crossbar and an output buffer are free) to c + 1 + mvm_cycles, the cycle in which the first
/// output beat requests its banks and the input buffer is free. Last output beat granted in d -> code
/// visible, JOBS_DONE and event in d, output buffer free in d + 1. So back-to-back pixels cost max(input
/// beats, mvm_cycles, output beats), and there is no cost between jobs. A window of zeros only costs no beat.
/// Sources: 130 ns and 16 ports from the paper's Table I; separate input and output streamers and zero set-up
/// time are assumptions.
///
/// Call order per cycle: step(now) if next_event() <= now; then the cluster arbitrates the busy ports and
/// calls beat_done(p, now) for a port whose last word was granted. Registers may be accessed before or after
/// that.
class ima {
 public:
  static constexpr unsigned input_port = 0, output_port = 1, ports = 2;
  static constexpr unsigned job_done_line = 16, error_line = 17;

  explicit ima(const ima_parameters&);

  std::uint32_t read_register(std::uint32_t offset, cycle_t now);
  void write_register(std::uint32_t offset, std::uint32_t value, cycle_t now);

  /// Earliest cycle in which step() has something to do, given no further input; never if idle or waiting for
  /// banks.
  cycle_t next_event() const { return next_; }
  void step(cycle_t now);

  l1_port& port(unsigned p) { return ports_[p]; }
  void beat_done(unsigned p, cycle_t now);

  /// Event lines raised since the last call.
  std::uint32_t take_events(cycle_t) {
    const std::uint32_t lines = events_;
    events_ = 0;
    return lines;
  }
  /// The first error since the last call.
  std::optional<device_error> take_error() {
    const auto error = error_;
    error_.reset();
    return error;
  }

  bool idle() const { return jobs_held_ == 0; }
  bool computing() const { return computing_; }                            ///< an MVM occupies the crossbar
  bool streaming() const { return ports_[0].busy() || ports_[1].busy(); }  ///< a beat waits for banks
  const ima_counters& counters() const { return counters_; }

  /// From now on codes are made by `array` from the cells' weights; null: the cells are ideal.
  void use(std::unique_ptr<analog_array> array) { array_ = std::move(array); }

  /// The cells, for debug access and loading.
  crossbar& cells() { return crossbar_; }
  const crossbar& cells() const { return crossbar_; }

 private:
  struct queued_job {
    ima_job job{};
    std::uint64_t streamed = 0, total = 0, written = 0;  // pixels
    bool failed = false;
  };
  struct input_buffer {
    std::vector<std::int8_t> values;  // by row; rows outside the window that was last streamed are 0
    std::uint32_t first_row = 0, row_count = 0;
    unsigned slot = 0;
    std::uint32_t pixel0 = 0, pixel1 = 0;
  };
  struct output_buffer {
    std::vector<std::int8_t> codes;  // by column
    unsigned slot = 0;
    std::uint32_t pixel0 = 0, pixel1 = 0;
  };
  // Where a streamer is in its list of runs.
  struct cursor {
    std::uint32_t run = 0, done = 0;
    cycle_t ready = 0;    // first cycle in which it may act
    cycle_t started = 0;  // cycle of the beat that waits for banks
    bool active = false;  // input only: a pixel's window is being streamed
  };

  void push(cycle_t now);
  void fail(const device_error&);
  void retire(cycle_t now);
  bool finish_mvm(cycle_t now);
  bool start_mvm(cycle_t now);
  bool advance_input(cycle_t now);
  bool advance_output(cycle_t now);
  void begin_pixel();
  void plan();
  void start_beat(unsigned p, cursor&, std::uint32_t addr, std::uint32_t left, cycle_t now);
  unsigned next_slot(unsigned slot) const { return slot + 1 == slots_.size() ? 0 : slot + 1; }

  ima_parameters parameters_;
  crossbar crossbar_;
  std::unique_ptr<analog_array> array_;  // null: the crossbar's own codes
  input_generator generator_;
  ima_job::register_file registers_{};

  std::vector<queued_job> slots_;        // ring of jobs
  unsigned oldest_ = 0, jobs_held_ = 0;  // jobs not yet completed
  unsigned streaming_slot_ = 0, jobs_to_stream_ = 0;
  std::uint32_t pixel0_ = 0, pixel1_ = 0;  // next pixel to stream in
  bool generator_ready_ = false;           // generator_ holds the streaming job's template

  std::array<l1_port, ports> ports_{};
  std::array<cursor, ports> cursor_{};
  std::array<input_buffer, 2> in_;
  std::array<output_buffer, 2> out_;
  unsigned in_fill_ = 0, in_full_ = 0;    // buffer the streamer uses next; filled buffers not yet computed
  unsigned in_compute_ = 0;               // buffer the crossbar uses next
  unsigned out_fill_ = 0, out_full_ = 0;  // buffer the crossbar uses next; buffers holding codes
  unsigned out_drain_ = 0;
  bool computing_ = false;
  cycle_t mvm_end_ = 0;

  cycle_t next_ = never;
  cycle_t active_since_ = 0;
  std::uint32_t jobs_done_ = 0, events_ = 0;
  bool error_seen_ = false;
  std::optional<device_error> error_;
  ima_counters counters_;
};

}  // namespace ohmic
