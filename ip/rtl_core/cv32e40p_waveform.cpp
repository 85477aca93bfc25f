#include "ip/rtl_core/cv32e40p_waveform.h"

#include "Vcv32e40p.h"
#include "Vcv32e40p___024root.h"
#include "Vcv32e40p_waves.h"
#include "Vcv32e40p_waves___024root.h"
#include "ip/rtl_core/cv32e40p_state.h"
#include "ip/waveform/following_waveform_members.h"

void Vcv32e40p_waves___024root___eval_settle(Vcv32e40p_waves___024root*);

namespace ohmic {

struct cv32e40p_ports {
  static void take(Vcv32e40p_waves& to, const Vcv32e40p___024root& from) {
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
  static bool same(const Vcv32e40p_waves& a, const Vcv32e40p___024root& b) {
    return a.pc_id_o == b.pc_id_o && a.id_filled_o == b.id_filled_o;
  }
};

template class following_waveform<Vcv32e40p_waves, Vcv32e40p___024root, cv32e40p_ports>;

void cv32e40p_waveform::load(const hart_state& state) {
  load_state(*model().rootp, state);
  Vcv32e40p_waves___024root___eval_settle(model().rootp);
}

}  // namespace ohmic
