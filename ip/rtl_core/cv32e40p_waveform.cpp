#include "ip/rtl_core/cv32e40p_waveform.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "Vcv32e40p.h"
#include "Vcv32e40p___024root.h"
#include "Vcv32e40p_waves.h"
#include "Vcv32e40p_waves___024root.h"
#include "ip/rtl_core/cv32e40p_state.h"
#include "rtl/verilated_context.h"
#include "verilated_fst_c.h"

void Vcv32e40p_waves___024root___eval_settle(Vcv32e40p_waves___024root*);

namespace ohmic {
namespace {

void take_inputs(Vcv32e40p_waves& to, const Vcv32e40p___024root& from) {
  to.rst_ni = from.rst_ni;
  to.boot_addr_i = from.boot_addr_i;
  to.hart_id_i = from.hart_id_i;
  to.fetch_enable_i = from.fetch_enable_i;
  to.instr_gnt_i = from.instr_gnt_i;
  to.instr_rvalid_i = from.instr_rvalid_i;
  to.instr_rdata_i = from.instr_rdata_i;
  to.data_gnt_i = from.data_gnt_i;
  to.data_rvalid_i = from.data_rvalid_i;
  to.data_rdata_i = from.data_rdata_i;
  to.irq_i = from.irq_i;
  to.debug_req_i = from.debug_req_i;
}

}  // namespace

cv32e40p_waveform::cv32e40p_waveform(waveform_request r)
    : waveform(std::move(r)),
      context_(make_verilated_context()),
      model_(make_verilated_model<Vcv32e40p_waves>(*context_, request().scope.c_str())) {
  declare(*model_);
}

cv32e40p_waveform::~cv32e40p_waveform() = default;

void cv32e40p_waveform::follow(const Vcv32e40p___024root& leader) {
  take_inputs(*model_, leader);
  model_->clk_i = leader.clk_i;
  model_->eval();
}

bool cv32e40p_waveform::cycle(const Vcv32e40p___024root& leader, cycle_t now, bool shown) {
  if (model_->pc_id_o != leader.pc_id_o || model_->id_filled_o != leader.id_filled_o) {
    std::fprintf(stderr, "%s: %s: the recorded model has left the one that runs\n", __FILE__, request().scope.c_str());
    std::abort();
  }
  take_inputs(*model_, leader);
  return cycle_of(*model_, now, shown);
}

void cv32e40p_waveform::load(const hart_state& state) {
  load_state(*model_->rootp, state);
  Vcv32e40p_waves___024root___eval_settle(model_->rootp);
}

}  // namespace ohmic
