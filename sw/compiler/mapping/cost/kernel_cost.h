#pragma once

namespace ohmic::kernel_cost {

/// Cycles per element on one core of the fastest hand-written inner loops we know for the CV32E40P with its
/// packed SIMD (one instruction per cycle; docs/timing.md). Used to decide and to predict, never to time a
/// run.
inline constexpr double sum = 1.25;          ///< one input of a sum of codes: load, widen, add, 4 at a time
inline constexpr double partial = 0.5;       ///< storing an int16 partial sum
inline constexpr double requantise = 3.25;   ///< multiply, add, shift, clip, store
inline constexpr double residual_add = 4.5;  ///< two multiplies, shift, clip
inline constexpr double extra_layout = 0.5;  ///< storing the value once more for another consumer
inline constexpr double max_tap = 0.5;       ///< one tap of a max pool: load and max, 4 at a time
inline constexpr double average = 0.75;      ///< one summed element
inline constexpr double logits = 3.0;

/// Cycles of a cluster's master per tile of one stage, measured on the dataflow executor (8 clusters of resnet_tiny and
/// resnet18, instruction traces): its rounds, and more for every input ring, destination and tile pulled.
inline constexpr double tile = 2000;
inline constexpr double tile_input = 300;
inline constexpr double tile_destination = 200;
inline constexpr double tile_pull = 1000;

}  // namespace ohmic::kernel_cost
