#pragma once

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "ip/waveform/following_waveform.h"
#include "rtl/verilated_context.h"
#include "verilated_fst_c.h"

namespace ohmic {

/// The members of following_waveform, which need Verilator's headers: included by the source files that record a kind
/// of core, and by nobody else.
template <class Model, class Leader, class Ports>
following_waveform<Model, Leader, Ports>::following_waveform(waveform_request r)
    : waveform(std::move(r)),
      context_(make_verilated_context()),
      model_(make_verilated_model<Model>(*context_, request().scope.c_str())) {
  declare(*model_);
}

template <class Model, class Leader, class Ports>
following_waveform<Model, Leader, Ports>::~following_waveform() = default;

template <class Model, class Leader, class Ports>
void following_waveform<Model, Leader, Ports>::follow(const Leader& leader) {
  Ports::take(*model_, leader);
  model_->clk_i = leader.clk_i;
  model_->eval();
}

template <class Model, class Leader, class Ports>
bool following_waveform<Model, Leader, Ports>::cycle(const Leader& leader, cycle_t now, bool shown) {
  if (!Ports::same(*model_, leader)) {
    std::fprintf(stderr, "%s: %s: the recorded model has left the one that runs\n", __FILE__, request().scope.c_str());
    std::abort();
  }
  Ports::take(*model_, leader);
  return cycle_of(*model_, now, shown);
}

}  // namespace ohmic
