#include "ip/ibex/ibex_waveform.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "Vibex.h"
#include "Vibex_waves.h"
#include "rtl/verilated_context.h"
#include "verilated_fst_c.h"

namespace ohmic {
namespace {

void take_inputs(Vibex_waves& to, const Vibex& from) {
  to.rst_ni = from.rst_ni;
  to.boot_addr_i = from.boot_addr_i;
  to.hart_id_i = from.hart_id_i;
  to.instr_gnt_i = from.instr_gnt_i;
  to.instr_rvalid_i = from.instr_rvalid_i;
  to.instr_rdata_i = from.instr_rdata_i;
  to.instr_err_i = from.instr_err_i;
  to.data_gnt_i = from.data_gnt_i;
  to.data_rvalid_i = from.data_rvalid_i;
  to.data_rdata_i = from.data_rdata_i;
  to.irq_i = from.irq_i;
}

}  // namespace

ibex_waveform::ibex_waveform(waveform_request r)
    : waveform(std::move(r)),
      context_(make_verilated_context()),
      model_(make_verilated_model<Vibex_waves>(*context_, request().scope.c_str())) {
  declare(*model_);
}

ibex_waveform::~ibex_waveform() = default;

void ibex_waveform::follow(const Vibex& leader) {
  take_inputs(*model_, leader);
  model_->clk_i = leader.clk_i;
  model_->eval();
}

bool ibex_waveform::cycle(const Vibex& leader, cycle_t now) {
  if (model_->pc_id_o != leader.pc_id_o || model_->new_in_id_o != leader.new_in_id_o) {
    std::fprintf(stderr, "%s: %s: the recorded model has left the one that runs\n", __FILE__, request().scope.c_str());
    std::abort();
  }
  take_inputs(*model_, leader);
  return cycle_of(*model_, now, true);
}

}  // namespace ohmic
