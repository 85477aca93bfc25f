#pragma once

#include <cstdint>

namespace ohmic {

/// Time in clock cycles of the chip since reset. One clock domain: 1 cycle = 1 ns at the default 1 GHz.
using cycle_t = std::uint64_t;

/// "Nothing is due": later than any cycle that is simulated.
inline constexpr cycle_t never = ~cycle_t{0};

/// What a failing read returns: the core has no bus-error trap, so software sees this pattern.
inline constexpr std::uint32_t bad_access_pattern = 0xBADACCE5u;

}  // namespace ohmic
