/// How the weights of a layer that runs on cores lie in L1: shared by the compiler, which packs them, and the kernels.
///
/// A window of a group is the bytes [kx][ky][channel] of its input, dense, with zeros behind it up to a multiple of 4
/// and to at least 8; [kx][block][ky][channel] where channels lie in several blocks. Group by group there follow the
/// blocks of 4 output channels of the group (the last filled up with channels whose weights and constants are 0): word
/// for word of the window the weights of the 4 channels, then an ohmic_layer_channel for each of them.
///
/// A depthwise layer (one input and one output channel a group) has one block for 4 groups instead: channel by channel
/// its kernel columns, each ky bytes with zeros up to a multiple of 4, then the ohmic_layer_channel.
#ifndef OHMIC_LAYER_FORMAT_H
#define OHMIC_LAYER_FORMAT_H

#include <stdint.h>

/// y = clip((S * multiplier + bias) >> shift, lo, hi) of the exact sum S, as if in 64 bit. With -limit - 1 <= S <=
/// limit everything fits 32 bits, and greater sums give what these give.
typedef struct {
  int32_t multiplier, bias, limit;
} ohmic_layer_channel;

static inline uint32_t ohmic_layer_window_bytes(uint32_t taps, uint32_t channels_of_group) {
  const uint32_t bytes = (taps * channels_of_group + 3u) & ~3u;
  return bytes < 8 ? 8 : bytes;
}

static inline uint32_t ohmic_layer_block_bytes(uint32_t window_bytes) {
  return 4u * (window_bytes + (uint32_t)sizeof(ohmic_layer_channel));
}

static inline uint32_t ohmic_layer_weight_bytes(uint32_t taps, uint32_t in_channels, uint32_t out_channels,
                                                uint32_t groups) {
  const uint32_t blocks = (out_channels / groups + 3u) / 4u;
  return groups * blocks * ohmic_layer_block_bytes(ohmic_layer_window_bytes(taps, in_channels / groups));
}

/// Of one channel of a depthwise layer.
static inline uint32_t ohmic_depthwise_channel_bytes(uint32_t size_x, uint32_t size_y) {
  return size_x * ((size_y + 3u) & ~3u) + (uint32_t)sizeof(ohmic_layer_channel);
}

static inline uint32_t ohmic_depthwise_weight_bytes(uint32_t size_x, uint32_t size_y, uint32_t channels) {
  return ((channels + 3u) & ~3u) * ohmic_depthwise_channel_bytes(size_x, size_y);
}

#endif
