#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ip/ima/mvm_kernels.h"

namespace ohmic {

/// One analog crossbar with its ADCs: int8 weights, exact int32 column sums, 8-bit codes.
///
/// Ideal: no noise, drift, IR drop or DAC non-linearity. What is not ideal (analog_array.h) reads the weights and gives
/// codes of its own. Weights are non-volatile and reached by debug access only. A crossbar without weights takes no
/// memory and answers as if every weight were 0.
class crossbar {
 public:
  /// Dimensions in cells. `kernels` chooses the SIMD variant (tests); results are equal for all of them.
  crossbar(unsigned rows, unsigned columns, const mvm::kernel_set& kernels = mvm::best_kernels());

  unsigned rows() const { return rows_; }
  unsigned columns() const { return columns_; }
  std::size_t weight_bytes() const { return std::size_t{rows_} * columns_; }

  /// Debug access: byte r * columns() + c is the weight of row r and column c. False (and no effect) if
  /// [offset, offset + bytes) leaves the crossbar.
  bool read_weights(std::uint64_t offset, std::uint8_t* data, std::size_t bytes) const;
  bool write_weights(std::uint64_t offset, const std::uint8_t* data, std::size_t bytes);

  /// Grows with every write that had an effect.
  std::uint64_t writes() const { return writes_; }

  /// Bytes that `inputs` and `codes` of mvm() must have: dimensions rounded up to the kernels' granules.
  unsigned input_bytes() const { return quads_ * mvm::quad_rows; }
  unsigned code_bytes() const { return blocks_ * mvm::block_columns; }

  /// One matrix-vector product and its conversion: for every column c of [first_column, first_column + count)
  ///   ps = sum over rows r of [first_row, first_row + row_count) of inputs[r] * weight[r][c]
  ///   codes[c] = clip((ps * m + (1 << (s-1))) >> s, -128, 127)
  /// Other rows contribute nothing; codes of other columns are undefined. `inputs` is indexed by row.
  /// Preconditions: ranges within the crossbar and not empty, 1 <= m, 1 <= s <= 62, inputs[r] == 0 for rows
  /// outside the range that share a group of four rows with it.
  void mvm(const std::int8_t* inputs, unsigned first_row, unsigned row_count, unsigned first_column, unsigned count,
           std::int32_t m, unsigned s, std::int8_t* codes);

 private:
  struct aligned_delete {
    void operator()(std::int8_t* p) const;
  };
  template <class F>
  void for_each_cell(std::uint64_t offset, std::size_t bytes, F&& visit) const;
  void prepare(unsigned first_quad, unsigned quads, unsigned first_block, unsigned blocks);

  const mvm::kernel_set* kernels_;
  std::uint64_t writes_ = 0;
  unsigned rows_, columns_, quads_, blocks_;
  std::unique_ptr<std::int8_t[], aligned_delete> weights_;  // null until the first write
  // What the kernels' input offset of 128 adds to each sum, negated, for the row and column range last used.
  std::vector<std::int32_t> bias_;
  std::vector<std::int32_t> sums_;
  std::vector<std::int8_t> zero_inputs_;
  unsigned bias_quad_ = 0, bias_quads_ = 0, bias_block_ = 0, bias_blocks_ = 0;
};

}  // namespace ohmic
