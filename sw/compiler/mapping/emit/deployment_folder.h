#pragma once

#include <string>

#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// A deployment as a folder, the compiler's product: manifest.json (everything a person or a report wants to
/// know), clusters.bin (L1 images), weights.bin (crossbars) and hbm.bin (weights of layers on cores that wait in HBM).
/// Words are little endian:
///   clusters.bin  per cluster: cluster, offset, l1_end, bytes (32 bit each), then that many bytes
///   weights.bin   per rectangle of a crossbar: cluster, first row, first bitline, rows, bitlines (32 bit each), then
///   rows * bitlines weights, [row][bitline]
///   hbm.bin       per piece: address (64 bit), bytes (32 bit), then that many bytes
/// The manifest is written last and holds the sizes and hashes of the others, so a folder with a manifest
/// is whole. Throws mapping_error naming the file and what is wrong.
void save_deployment(const deployment& what, const std::string& folder);
deployment load_deployment(const std::string& folder);

/// The four files in one, for caches: each behind its size (32 bit). `name` stands for them in messages.
std::string deployment_bytes(const deployment& what);
deployment deployment_from_bytes(const std::string& bytes, const std::string& name);

}  // namespace ohmic
