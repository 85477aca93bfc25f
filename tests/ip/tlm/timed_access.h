#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <systemc>
#include <tlm>
#include <vector>

#include "ip/core/types.h"
#include "ip/tlm/cycle_clock.h"
#include "ip/tlm/simple_payload.h"

namespace ohmic {

/// One loosely-timed transaction of a test, and what became of it.
struct timed_access {
  unsigned port = 0;
  cycle_t at = 0;  ///< cycle of the request, counted from the begin of run()
  std::uint64_t address = 0;
  std::vector<std::uint8_t> data = std::vector<std::uint8_t>(4);  ///< what is written, or what was read
  bool write = false;
  cycle_t annotated = 0;  ///< of `at`, how much is annotated instead of waited for

  cycle_t end = never;  ///< the cycle that begins when the transaction is over
  tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
};

/// Runs transactions, each in a thread of its own, from a cycle on that is `phase` (mod `modulus`). Threads start in
/// the order of the list. One clock period is 1 ns.
template <class Sockets>
void run(Sockets& initiators, std::vector<timed_access>& accesses, cycle_t modulus = 1, cycle_t phase = 0) {
  const cycle_clock clock(sc_core::sc_time(1, sc_core::SC_NS));
  const cycle_t earliest = clock.cycle() + 2;
  const cycle_t begin = earliest + (phase + modulus - earliest % modulus) % modulus;
  for (timed_access& access : accesses)
    sc_core::sc_spawn([&initiators, &access, &clock, begin] {
      sc_core::wait(clock.until(begin + access.at - access.annotated));
      simple_payload payload(access.write, access.address, access.data.data(),
                             static_cast<std::uint32_t>(access.data.size()));
      sc_core::sc_time delay = static_cast<double>(access.annotated) * clock.period();
      initiators[access.port]->b_transport(payload, delay);
      sc_core::wait(delay);
      EXPECT_EQ(clock.cycle(), clock.next_cycle()) << "ends within a cycle";
      access.end = clock.cycle() - begin;
      access.status = payload.get_response_status();
    });
  sc_core::sc_start(sc_core::sc_time(static_cast<double>(begin) + 20'000, sc_core::SC_NS) - sc_core::sc_time_stamp());
}

inline std::vector<cycle_t> ends(const std::vector<timed_access>& accesses) {
  std::vector<cycle_t> all;
  for (const timed_access& access : accesses) {
    EXPECT_EQ(access.status, tlm::TLM_OK_RESPONSE);
    all.push_back(access.end);
  }
  return all;
}

}  // namespace ohmic
