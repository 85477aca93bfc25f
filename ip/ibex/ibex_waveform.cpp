#include "ip/ibex/ibex_waveform.h"

#include "Vibex.h"
#include "Vibex_waves.h"
#include "ip/waveform/following_waveform_members.h"

namespace ohmic {

struct ibex_ports {
  static void take(Vibex_waves& to, const Vibex& from) {
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
  static bool same(const Vibex_waves& a, const Vibex& b) {
    return a.pc_id_o == b.pc_id_o && a.new_in_id_o == b.new_in_id_o;
  }
};

template class following_waveform<Vibex_waves, Vibex, ibex_ports>;

}  // namespace ohmic
