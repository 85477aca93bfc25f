#pragma once

#include "Vcv32e40p___024root.h"

// The parts of Vcv32e40p::eval() in the pinned Verilator (rtl/requirements.txt). Called by themselves they save its
// message queue and deleter, which the model does not use, and the inputs' logic where no input has changed.
void Vcv32e40p___024root___eval(Vcv32e40p___024root*);
bool Vcv32e40p___024root___eval_phase__act(Vcv32e40p___024root*);
bool Vcv32e40p___024root___eval_phase__nba(Vcv32e40p___024root*);
void Vcv32e40p___024root___eval_settle(Vcv32e40p___024root*);

namespace ohmic {

/// All that follows from the inputs as they stand.
inline void evaluate(Vcv32e40p___024root& m) { Vcv32e40p___024root___eval(&m); }

/// The same when only the clock has changed.
inline void evaluate_edge(Vcv32e40p___024root& m) {
  do {
    while (Vcv32e40p___024root___eval_phase__act(&m)) {
    }
  } while (Vcv32e40p___024root___eval_phase__nba(&m));
}

}  // namespace ohmic
