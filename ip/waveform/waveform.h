#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/output_file.h"
#include "ip/core/types.h"

class VerilatedFstC;

namespace ohmic {

/// Which cycles of a core are recorded, and where.
struct waveform_request {
  std::string file;              ///< FST
  std::string scope;             ///< what viewers show as the outermost scope
  cycle_t from = 0, to = never;  ///< the first and the last cycle
};

/// The signals of one Verilated core as an FST file: the base of a kind's recorder, which owns a model with waveforms.
///
/// A cycle of the platform is 1 ns of the file, whatever the clock's frequency. Cycle n begins at n ns with the clock's
/// rising edge and shows the values that the next edge will take; cycles that the core sleeps through are not recorded,
/// so its signals stand still. Cycles that the core is driven through a second time, because its time was set back, are
/// not recorded again. The file is output_file's: it appears with finish().
class waveform {
 public:
  /// Throws std::runtime_error naming file and reason if it cannot be written.
  explicit waveform(waveform_request request);
  /// Without finish() nothing is left.
  virtual ~waveform();
  waveform(const waveform&) = delete;
  waveform& operator=(const waveform&) = delete;

  /// Completes the file and gives it its name; only once. Throws std::runtime_error naming file and reason. Where no
  /// cycle was recorded there is no file.
  void finish();
  std::uint64_t cycles() const { return cycles_; }
  const waveform_request& request() const { return request_; }

 protected:
  /// Declares the signals of a model that has not been evaluated yet.
  template <class Model>
  void declare(Model& model) {
    model.contextp()->traceEverOn(true);
    model.trace(fst_.get(), all_levels);
    open();
  }

  /// One cycle of the model: its inputs are those before the edge that ends the cycle, its clock clk_i is high, and is
  /// again afterwards. Recorded if it is `shown` and among the cycles wanted. False if all that were wanted are over.
  template <class Model>
  bool cycle_of(Model& model, cycle_t now, bool shown) {
    if (shown && now > request_.to) return false;
    const bool wanted = shown && now >= request_.from && now >= next_;
    if (wanted) {
      model.eval();
      dump(2 * now);
    }
    model.clk_i = 0;
    model.eval();
    if (wanted) {
      dump(2 * now + 1);
      note_cycle(now);
    }
    model.clk_i = 1;
    model.eval();
    return true;
  }

 private:
  static constexpr int all_levels = 99;

  void open();
  void dump(std::uint64_t half_cycle);
  void note_cycle(cycle_t now);

  const waveform_request request_;
  output_file file_;
  std::unique_ptr<VerilatedFstC> fst_;
  std::uint64_t cycles_ = 0;
  cycle_t next_ = 0;  // time in the file never goes back
};

}  // namespace ohmic
