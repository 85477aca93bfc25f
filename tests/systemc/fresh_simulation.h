#pragma once

#include <systemc>
#include <vector>

namespace ohmic::test {

/// A fresh SystemC simulation per test, so that one program can hold many. The kernel is not built to be destroyed in
/// the middle, so the old one is left behind: reachable to the end, that a leak checker sees it is no leak.
inline void fresh_simulation() {
  static auto& left_behind = *new std::vector<sc_core::sc_simcontext*>;
  left_behind.push_back(sc_core::sc_curr_simcontext);
  sc_core::sc_curr_simcontext = new sc_core::sc_simcontext;
  sc_core::sc_default_global_context = sc_core::sc_curr_simcontext;
}

}  // namespace ohmic::test
