#include "ip/ima/crossbar.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace ohmic {

namespace {
constexpr std::align_val_t line{64};
}

void crossbar::aligned_delete::operator()(std::int8_t* p) const { ::operator delete[](p, line); }

crossbar::crossbar(unsigned rows, unsigned columns, const mvm::kernel_set& kernels)
    : kernels_(&kernels),
      rows_(rows),
      columns_(columns),
      quads_((rows + mvm::quad_rows - 1) / mvm::quad_rows),
      blocks_((columns + mvm::block_columns - 1) / mvm::block_columns) {}

/// Calls visit(index into weights_) for the cells of bytes [offset, offset + bytes) in [row][column] order.
template <class F>
void crossbar::for_each_cell(std::uint64_t offset, std::size_t bytes, F&& visit) const {
  std::size_t row = offset / columns_, column = offset % columns_;
  while (bytes > 0) {
    const std::size_t block = column / mvm::block_columns, in_block = column % mvm::block_columns;
    const std::size_t count = std::min({bytes, columns_ - column, mvm::block_columns - in_block});
    std::size_t at =
        (block * quads_ + row / mvm::quad_rows) * mvm::quad_bytes + in_block * mvm::quad_rows + row % mvm::quad_rows;
    for (std::size_t i = 0; i < count; ++i, at += mvm::quad_rows) visit(at);
    bytes -= count;
    column += count;
    if (column == columns_) {
      column = 0;
      ++row;
    }
  }
}

bool crossbar::read_weights(std::uint64_t offset, std::uint8_t* data, std::size_t bytes) const {
  if (offset > weight_bytes() || bytes > weight_bytes() - offset) return false;
  if (!weights_) {
    std::memset(data, 0, bytes);
    return true;
  }
  for_each_cell(offset, bytes, [&](std::size_t at) { *data++ = static_cast<std::uint8_t>(weights_[at]); });
  return true;
}

bool crossbar::write_weights(std::uint64_t offset, const std::uint8_t* data, std::size_t bytes) {
  if (offset > weight_bytes() || bytes > weight_bytes() - offset) return false;
  if (!weights_) {
    const std::size_t size = std::size_t{quads_} * blocks_ * mvm::quad_bytes;
    weights_.reset(static_cast<std::int8_t*>(::operator new[](size, line)));
    std::memset(weights_.get(), 0, size);
    bias_.assign(code_bytes(), 0);
    sums_.assign(code_bytes(), 0);
    zero_inputs_.assign(input_bytes(), 0);
  }
  for_each_cell(offset, bytes, [&](std::size_t at) { weights_[at] = static_cast<std::int8_t>(*data++); });
  bias_quads_ = 0;
  ++writes_;
  return true;
}

void crossbar::prepare(unsigned first_quad, unsigned quads, unsigned first_block, unsigned blocks) {
  if (!kernels_->offset_inputs) return;
  if (first_quad == bias_quad_ && quads == bias_quads_ && first_block == bias_block_ && blocks == bias_blocks_) return;
  bias_quad_ = first_quad, bias_quads_ = quads, bias_block_ = first_block, bias_blocks_ = blocks;
  // The kernel itself, fed with zeros, yields exactly the surplus of its input offset.
  std::fill(bias_.begin(), bias_.end(), 0);
  for (unsigned b = first_block; b < first_block + blocks; ++b) {
    std::int32_t* bias = &bias_[b * mvm::block_columns];
    const std::int32_t zero[mvm::block_columns] = {};
    kernels_->block(&weights_[(std::size_t{b} * quads_ + first_quad) * mvm::quad_bytes], zero_inputs_.data(), quads,
                    zero, bias);
    for (unsigned c = 0; c < mvm::block_columns; ++c) bias[c] = -bias[c];
  }
}

void crossbar::mvm(const std::int8_t* inputs, unsigned first_row, unsigned row_count, unsigned first_column,
                   unsigned count, std::int32_t m, unsigned s, std::int8_t* codes) {
  const unsigned first_block = first_column / mvm::block_columns;
  const unsigned blocks = (first_column + count - 1) / mvm::block_columns + 1 - first_block;
  if (!weights_) {
    // (0 * m + half) >> s is 0: no current, code 0.
    std::memset(codes + first_column, 0, count);
    return;
  }
  const unsigned first_quad = first_row / mvm::quad_rows;
  const unsigned quads = (first_row + row_count - 1) / mvm::quad_rows + 1 - first_quad;
  prepare(first_quad, quads, first_block, blocks);
  for (unsigned b = first_block; b < first_block + blocks; ++b)
    kernels_->block(&weights_[(std::size_t{b} * quads_ + first_quad) * mvm::quad_bytes],
                    inputs + first_quad * mvm::quad_rows, quads, &bias_[b * mvm::block_columns],
                    &sums_[b * mvm::block_columns]);
  const unsigned column = first_block * mvm::block_columns;
  kernels_->adc(&sums_[column], blocks * mvm::block_columns, m, s, codes + column);
}

}  // namespace ohmic
