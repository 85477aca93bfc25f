#pragma once

#include <verilated.h>

#include <memory>
#include <mutex>

namespace ohmic {

/// What a Verilated model belongs to: one per hart. Any thread may ask for one at any time.
///
/// The model is evaluated by whoever advances the hart. A context of its own accord would start a thread for every
/// other processor of the host, to share one model's work, and read the host's clocks: here it does neither.
std::unique_ptr<VerilatedContext> make_verilated_context();

/// Held while a context or a model is made: the run-time library notes the last one in a global variable.
std::mutex& verilated_in_the_making();

/// A model of this context. Any thread may ask for one at any time.
template <class Model>
std::unique_ptr<Model> make_verilated_model(VerilatedContext& context, const char* name) {
  const std::lock_guard<std::mutex> lock(verilated_in_the_making());
  return std::make_unique<Model>(&context, name);
}

/// The run-time library takes the last context that a thread has made a model in for the thread's own, even when it is
/// gone. Called before what asks for it: a writer of waveforms, which wants its time units.
void leave_verilated_context();

}  // namespace ohmic
