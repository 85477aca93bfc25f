#pragma once

#include <cstdint>

#include "ip/core/types.h"

namespace ohmic {

/// One wide requester's access to L1: up to 16 consecutive words at once (a 64-byte beat).
///
/// The owner (DMA, IMA streamer, AXI slave port) fills it and sets `words`; the cluster loop arbitrates it every
/// cycle, word by word, against the cores (see ip/tcdm), clears the bits of `words` that were granted and copies
/// those bytes between L1 and `data` in the cycle of their grant. When `words` reaches 0 in cycle c, the owner's
/// beat_done(port, c) is called: read data are in `data`, written data are visible from cycle c on.
/// Byte enables: a write touches only bytes [first_byte, first_byte + bytes) of the beat.
struct l1_port {
  std::uint32_t addr = 0;   ///< L1 byte offset of word 0, a multiple of 4
  std::uint32_t words = 0;  ///< bit i: word at addr + 4 i still waits for its grant; 0: port is idle
  bool write = false;
  std::uint8_t first_byte = 0;  ///< 0..3: offset of the first valid byte in word 0
  std::uint8_t bytes = 0;       ///< valid bytes from first_byte on (1..64)
  std::uint8_t data[68] = {};   ///< beat data; data[k] is the byte at addr + k

  bool busy() const { return words != 0; }

  /// Starts a beat over [byte_addr, byte_addr + count). Precondition: idle, 1 <= count, and the bytes lie in at
  /// most 16 words (so an unaligned 64-byte run takes two beats: the extra word costs a beat).
  void start(std::uint32_t byte_addr, unsigned count, bool is_write) {
    addr = byte_addr & ~3u;
    first_byte = static_cast<std::uint8_t>(byte_addr & 3u);
    bytes = static_cast<std::uint8_t>(count);
    const unsigned n = (first_byte + count + 3) / 4;
    words = (1u << n) - 1;
    write = is_write;
  }
};

}  // namespace ohmic
