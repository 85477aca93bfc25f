#pragma once

#include <cstdint>
#include <cstring>

#include "ip/core/types.h"
#include "ip/tcdm/l1_port.h"

namespace ohmic {

/// Which L1 banks are taken in the current cycle: at most one access per bank and cycle.
///
/// Call order in a cycle: begin(), then claims in the order of priority (the caller's round robin). 16 to 64 banks,
/// a power of two, word-interleaved: the bank of a byte offset is (offset / 4) mod banks.
/// Timing: a granted access happens in this cycle; a read's data are there in the next one.
/// Source: word-interleaved TCDM with single-ported banks, one word per bank and cycle (paper, Table I).
class bank_arbiter {
 public:
  explicit bank_arbiter(unsigned banks)
      : mask_(banks - 1), all_(banks == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << banks) - 1) {}

  void begin() { taken_ = 0; }

  /// Takes the bank of one word; false if it is taken already.
  bool claim(std::uint32_t offset) {
    const std::uint64_t bank = std::uint64_t{1} << ((offset >> 2) & mask_);
    if (taken_ & bank) return false;
    taken_ |= bank;
    return true;
  }

  /// Takes what is free of the banks of `words` (bit i: word at offset + 4 i, i < 16); returns the words granted.
  std::uint32_t claim_words(std::uint32_t offset, std::uint32_t words) {
    const unsigned first = (offset >> 2) & mask_;
    const std::uint64_t wanted = turn_up(words, first);
    const std::uint64_t granted = wanted & ~taken_;
    taken_ |= granted;
    return static_cast<std::uint32_t>(turn_down(granted, first));
  }

 private:
  // Rotations within the number of banks; words are 16 at most, so they never overlap themselves.
  std::uint64_t turn_up(std::uint64_t v, unsigned n) const {
    if (n == 0) return v;
    if (mask_ == 63) return v << n | v >> (64 - n);
    return (v << n | v >> (mask_ + 1 - n)) & all_;
  }
  std::uint64_t turn_down(std::uint64_t v, unsigned n) const { return n == 0 ? v : turn_up(v, mask_ + 1 - n); }

  const unsigned mask_;
  const std::uint64_t all_;
  std::uint64_t taken_ = 0;
};

/// Whose turn it is: the winner of a bank is the first requester from (cycle mod requesters) on.
///
/// Divides only after a pause of 64 cycles and more.
class requester_turn {
 public:
  explicit requester_turn(unsigned requesters) : requesters_(requesters) {}

  /// now mod requesters. `now` never decreases.
  unsigned first(cycle_t now) {
    const cycle_t passed = now - at_;
    at_ = now;
    first_ += passed < 64 ? static_cast<unsigned>(passed) : static_cast<unsigned>(passed % requesters_);
    while (first_ >= requesters_) first_ -= requesters_;
    return first_;
  }

 private:
  const unsigned requesters_;
  unsigned first_ = 0;
  cycle_t at_ = 0;
};

/// Performs the granted words of a wide port's beat on the memory at `l1` and clears them from port.words.
inline void transfer_words(l1_port& port, std::uint32_t granted, std::uint8_t* l1) {
  std::uint8_t* const memory = l1 + port.addr;
  auto copy = [&](unsigned begin, unsigned end) {
    if (port.write)
      std::memcpy(memory + begin, port.data + begin, end - begin);
    else
      std::memcpy(port.data + begin, memory + begin, end - begin);
  };
  const unsigned first = port.first_byte, last = port.first_byte + port.bytes;
  if (granted == port.words && granted == (1u << ((last + 3) / 4)) - 1) {
    copy(first, last);  // the whole beat at once
  } else {
    for (std::uint32_t rest = granted; rest != 0; rest &= rest - 1) {
      const unsigned at = 4 * static_cast<unsigned>(__builtin_ctz(rest));
      copy(at < first ? first : at, at + 4 > last ? last : at + 4);
    }
  }
  port.words &= ~granted;
}

}  // namespace ohmic
