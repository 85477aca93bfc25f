#include "ip/ima/pcm_array.h"

namespace ohmic {

void pcm_array::mvm(const crossbar& cells, const std::int8_t* inputs, unsigned first_row, unsigned row_count,
                    unsigned first_column, unsigned count, std::int32_t m, unsigned s, std::uint32_t tag,
                    std::int8_t* codes) {
  if (!devices_ || writes_ != cells.writes()) {
    std::vector<std::uint8_t> bytes(cells.weight_bytes());
    cells.read_weights(0, bytes.data(), bytes.size());
    const std::vector<std::int8_t> weights(bytes.begin(), bytes.end());
    if (!devices_) devices_.emplace(cells.rows(), cells.columns(), options_, identity_);
    devices_->program(weights.data(), faults_);
    writes_ = cells.writes();
  }
  devices_->mvm(inputs, first_row, row_count, first_column, count, m, s, tag, codes, space_);
}

}  // namespace ohmic
