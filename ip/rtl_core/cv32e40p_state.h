#pragma once

#include "ip/core/core_seam.h"
#include "rtl/still_model.h"

class Vcv32e40p___024root;
class Vcv32e40p_waves___024root;

namespace ohmic {

/// Writes the registers that software sees into a Verilated CV32E40P; not the pc.
void load_state(Vcv32e40p___024root& model, const hart_state& state);
void load_state(Vcv32e40p_waves___024root& model, const hart_state& state);

/// Brings the counters to where they are after `cycles` more in which the model does what it did in the last one, given
/// the model before that one. False, and nothing done, if that cycle has changed anything but counters of cycles.
bool repeat_still_cycle(Vcv32e40p___024root& model, still_model<Vcv32e40p___024root>& before, cycle_t cycles);

/// Reads them as they stand: right for software only when no instruction is under way. Without the pc.
hart_state read_state(const Vcv32e40p___024root& model);

}  // namespace ohmic
