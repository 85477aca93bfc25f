#include "ip/dma/transfer.h"

#include <algorithm>

#include "ip/axi/split.h"

namespace ohmic {
namespace {

constexpr std::uint64_t address_mask = (std::uint64_t{1} << 48) - 1;

}  // namespace

own_cluster_map::location own_cluster_map::locate(std::uint64_t address) const {
  for (const std::uint64_t base : {own_base, global_base}) {
    const std::uint64_t offset = address - base;
    if (offset < l1_bytes) return {place::l1, static_cast<std::uint32_t>(offset)};
    if (offset - l1_bytes < peripheral_bytes)
      return {place::peripherals, static_cast<std::uint32_t>(offset - l1_bytes)};
  }
  return {place::elsewhere, 0};
}

transfer::refusal transfer::begin(const dma_descriptor& d, const own_cluster_map& own) {
  left_ = 0;
  kind_ = direction::none;
  const unsigned dims = d.flags & DMA_DIMS_MASK;
  if ((d.flags & ~std::uint32_t{DMA_FLAGS_MASK}) != 0) return {d.flags, "DMA descriptor: unknown flag bits"};
  if (dims == 0) return {d.flags, "DMA descriptor: dims is not 1..3"};
  if ((d.flags & DMA_NOTIFY_COUNT) && dma_count_word(d) % 4 != 0)
    return {dma_count_word(d), "DMA descriptor: unaligned count word"};
  if ((d.flags & DMA_NOTIFY_DOORBELL) && dma_doorbell(d) % 4 != 0)
    return {dma_doorbell(d), "DMA descriptor: unaligned doorbell"};
  if (d.bytes == 0) {
    if (d.flags & DMA_NOTIFY) return {};
    return {0, "DMA descriptor: no bytes and no notification"};
  }
  count_[0] = dims >= 2 ? d.counts & 0xFFFFu : 1;
  count_[1] = dims == 3 ? d.counts >> 16 : 1;
  if (count_[0] == 0 || count_[1] == 0) return {d.counts, "DMA descriptor: a count in use is 0"};

  bytes_ = d.bytes;
  src_ = dma_source(d);
  dst_ = dma_destination(d);
  src_stride_[0] = d.src_stride1, src_stride_[1] = d.src_stride2;
  dst_stride_[0] = d.dst_stride1, dst_stride_[1] = d.dst_stride2;
  using place = own_cluster_map::place;
  const auto from = own.locate(src_), to = own.locate(dst_);
  if (from.where == place::peripherals) return {src_, "DMA descriptor: source in the own peripherals"};
  if (to.where == place::peripherals) return {dst_, "DMA descriptor: destination in the own peripherals"};
  if (from.where != place::l1 && to.where != place::l1) return {src_, "DMA descriptor: neither side is in the own L1"};

  const auto leaves_l1 = [&](std::uint32_t offset, const std::int64_t* stride) {
    std::int64_t low = offset, high = std::int64_t{offset} + bytes_;
    for (unsigned i = 0; i < 2; ++i) {
      const std::int64_t span = stride[i] * (std::int64_t{count_[i]} - 1);
      low += std::min<std::int64_t>(span, 0);
      high += std::max<std::int64_t>(span, 0);
    }
    return low < 0 || high > std::int64_t{own.l1_bytes};
  };
  const std::uint64_t src = src_, dst = dst_;
  if (from.where == place::l1) {
    if (leaves_l1(from.offset, src_stride_)) return {src, "DMA descriptor: the source leaves the own L1"};
    src_ = from.offset;
  }
  if (to.where == place::l1) {
    if (leaves_l1(to.offset, dst_stride_)) return {dst, "DMA descriptor: the destination leaves the own L1"};
    dst_ = to.offset;
  }
  kind_ = from.where != place::l1 ? direction::from_network
          : to.where != place::l1 ? direction::to_network
                                  : direction::local;
  src_plane_ = src_, dst_plane_ = dst_;
  index_ = 0;
  done_ = 0;
  left_ = std::uint64_t{count_[0]} * count_[1];
  return {};
}

transfer::piece transfer::take(std::uint32_t width, std::uint32_t max_bytes) {
  const std::uint64_t src = (src_ + done_) & address_mask, dst = (dst_ + done_) & address_mask;
  piece p{};
  const std::uint32_t rest = bytes_ - done_;
  switch (kind_) {
    case direction::to_network:
      p = {dst, static_cast<std::uint32_t>(src), 0, first_piece(dst, rest, width, max_bytes)};
      break;
    case direction::from_network:
      p = {src, static_cast<std::uint32_t>(dst), 0, first_piece(src, rest, width, max_bytes)};
      break;
    default:
      p = {0, static_cast<std::uint32_t>(src), static_cast<std::uint32_t>(dst), std::min(rest, max_bytes)};
      break;
  }
  done_ += p.bytes;
  if (done_ == bytes_) {
    done_ = 0;
    --left_;
    if (++index_ < count_[0]) {
      src_ += static_cast<std::uint64_t>(src_stride_[0]);
      dst_ += static_cast<std::uint64_t>(dst_stride_[0]);
    } else {
      index_ = 0;
      src_ = src_plane_ += static_cast<std::uint64_t>(src_stride_[1]);
      dst_ = dst_plane_ += static_cast<std::uint64_t>(dst_stride_[1]);
    }
  }
  return p;
}

}  // namespace ohmic
