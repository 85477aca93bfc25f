#pragma once

#include <optional>
#include <vector>

#include "ip/ima/analog_array.h"
#include "ip/ima/pcm/pcm_crossbar.h"

namespace ohmic {

/// An IMA's crossbar of phase-change memory: programmed with its weights when they are first used, and anew after they
/// were written.
class pcm_array : public analog_array {
 public:
  /// `identity`: the crossbar's number in the chip, so that each has devices of its own.
  pcm_array(const pcm::pcm_options& options, std::uint32_t identity, std::vector<pcm::device_fault> faults = {})
      : options_(options), identity_(identity), faults_(std::move(faults)) {}

  void mvm(const crossbar& cells, const std::int8_t* inputs, unsigned first_row, unsigned row_count,
           unsigned first_column, unsigned count, std::int32_t m, unsigned s, std::uint32_t tag,
           std::int8_t* codes) override;

 private:
  pcm::pcm_options options_;
  std::uint32_t identity_;
  std::vector<pcm::device_fault> faults_;
  std::optional<pcm::pcm_crossbar> devices_;
  pcm::pcm_crossbar::workspace space_;
  std::uint64_t writes_ = 0;  // of the cells when they were programmed
};

}  // namespace ohmic
