#pragma once

#include <cstdint>

#include "ip/ima/crossbar.h"

namespace ohmic {

/// A crossbar that is not ideal: what an IMA asks for codes instead of its cells' own mvm().
class analog_array {
 public:
  virtual ~analog_array() = default;

  /// As crossbar::mvm(), of the weights that `cells` hold now. `tag` numbers the MVM among those of its job's rows and
  /// columns (register TAG): what is drawn anew for each MVM depends on it and not on when the MVM takes place.
  virtual void mvm(const crossbar& cells, const std::int8_t* inputs, unsigned first_row, unsigned row_count,
                   unsigned first_column, unsigned count, std::int32_t m, unsigned s, std::uint32_t tag,
                   std::int8_t* codes) = 0;
};

}  // namespace ohmic
