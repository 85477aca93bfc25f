#pragma once

#include <cstdint>

#include "ip/core/counter_list.h"

namespace ohmic {

/// Words read from and written to the banks of an L1, by who asked: each is one access to one bank (a write of less
/// than a word, or an access that is half of a misaligned one, too). Counted only for observers that ask
/// (counts_activity).
struct l1_counters {
  std::uint64_t core_reads = 0, core_writes = 0;
  std::uint64_t dma_reads = 0, dma_writes = 0;
  std::uint64_t ima_reads = 0, ima_writes = 0;
  std::uint64_t network_reads = 0, network_writes = 0;  ///< other masters, through the slave port

  static auto& list() {
    static constexpr counter<l1_counters> all[] = {
        {"core_reads", "words", &l1_counters::core_reads},
        {"core_writes", "words", &l1_counters::core_writes},
        {"dma_reads", "words", &l1_counters::dma_reads},
        {"dma_writes", "words", &l1_counters::dma_writes},
        {"ima_reads", "words", &l1_counters::ima_reads},
        {"ima_writes", "words", &l1_counters::ima_writes},
        {"network_reads", "words", &l1_counters::network_reads},
        {"network_writes", "words", &l1_counters::network_writes},
    };
    return all;
  }
};

/// What the cores of a cluster did, all together.
struct cores_counters {
  std::uint64_t retired = 0, awake_cycles = 0;
  std::uint64_t bank_conflict_cycles = 0;  ///< waited for an L1 bank

  static auto& list() {
    static constexpr counter<cores_counters> all[] = {
        {"retired", "instructions", &cores_counters::retired},
        {"awake_cycles", "cycles", &cores_counters::awake_cycles},
        {"bank_conflict_cycles", "cycles", &cores_counters::bank_conflict_cycles},
    };
    return all;
  }
};

}  // namespace ohmic
