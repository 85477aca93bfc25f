#pragma once

#include <memory>

#include "ip/waveform/waveform.h"

class VerilatedContext;

namespace ohmic {

/// Records the waveform of a Verilated core: a second instance of the model, built with waveforms, that gets the same
/// inputs in the same cycles. So the one that runs, the leader, needs nothing for it and keeps its speed. That both are
/// in the same state is checked in every cycle, by what is in ID.
///
/// Ports says what the inputs are but the clock, and what to compare: take(Model&, const Leader&) and
/// same(const Model&, const Leader&). Definitions: following_waveform_members.h, for the kind's source.
template <class Model, class Leader, class Ports>
class following_waveform : public waveform {
 public:
  /// Throws as waveform does.
  explicit following_waveform(waveform_request request);
  ~following_waveform() override;

  /// Takes over all inputs, the clock's and the reset's too, outside the platform's time.
  void follow(const Leader& leader);
  /// Cycle `now` with the leader's inputs as they stand before the edge; outside the platform's time if not `shown`.
  /// False when nothing more is to be recorded.
  bool cycle(const Leader& leader, cycle_t now, bool shown = true);

 protected:
  Model& model() { return *model_; }

 private:
  const std::unique_ptr<VerilatedContext> context_;
  const std::unique_ptr<Model> model_;
};

}  // namespace ohmic
