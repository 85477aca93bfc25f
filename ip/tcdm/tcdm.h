#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

#include "ip/core/types.h"
#include "ip/tcdm/bank_arbiter.h"
#include "ip/tcdm/l1_port.h"

namespace ohmic {

/// Shape of an L1 memory. Defaults: Table I of the paper, with 16 cores and 6 wide ports.
struct tcdm_parameters {
  std::uint32_t bytes = 1u << 20;  ///< a multiple of 64
  unsigned banks = 64;             ///< 16 to 64, a power of two
  unsigned requesters = 22;        ///< ports, 1 or more
};

/// Banked L1 of a cluster with any number of requesters: who gets which word in which cycle.
///
/// Each requester has one port, for a word or a beat of up to 16 consecutive words (l1_port). At most one access per
/// bank and cycle; the first requester from (cycle mod requesters) on wins a bank; a beat takes the words that it is
/// granted and retires with the last one. A cluster arbitrates the same way, with the same bank_arbiter and
/// requester_turn, but has its harts' words served from bit masks instead of ports.
///
/// Call order in a cycle: start() of any ports, then arbitrate(). Ports started later in that cycle may be arbitrated
/// by another call: they get the banks that are left.
class tcdm {
 public:
  /// `memory` points to parameters.bytes writable bytes that outlive the object.
  tcdm(std::uint8_t* memory, const tcdm_parameters& parameters)
      : memory_(memory), parameters_(parameters), banks_(parameters.banks), turn_(parameters.requesters) {
    assert(parameters.requesters >= 1 && parameters.bytes % 64 == 0);
    ports_.resize(parameters.requesters);
  }

  const tcdm_parameters& parameters() const { return parameters_; }
  l1_port& port(unsigned requester) { return ports_[requester]; }

  /// Serves the busy ports in cycle `now`, which never decreases, and calls done(requester) for each that retires.
  /// Returns whether any must be served again in the next cycle.
  template <class F>
  bool arbitrate(cycle_t now, F&& done) {
    if (now != cycle_) banks_.begin();
    cycle_ = now;
    const unsigned first = turn_.first(now);
    bool waiting = false;
    for (unsigned k = 0; k < parameters_.requesters; ++k) {
      const unsigned requester = first + k < parameters_.requesters ? first + k : first + k - parameters_.requesters;
      l1_port& port = ports_[requester];
      if (!port.busy()) continue;
      transfer_words(port, banks_.claim_words(port.addr, port.words), memory_);
      if (port.busy())
        waiting = true;
      else
        done(requester);
    }
    return waiting;
  }

 private:
  std::uint8_t* const memory_;
  const tcdm_parameters parameters_;
  bank_arbiter banks_;
  requester_turn turn_;
  std::vector<l1_port> ports_;
  cycle_t cycle_ = never;
};

}  // namespace ohmic
