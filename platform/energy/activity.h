#pragma once

#include <map>
#include <string>
#include <vector>

namespace ohmic {

/// Counts by "block.name", as in summary.json ("ima.mvms"). Of a part of a cluster they need not be whole.
using activity_counts = std::map<std::string, double>;

/// What a chip, or what of it serves a stage, is made of; clusters that serve several stages count in part.
struct chip_parts {
  double clusters = 0, cores = 0, imas = 0;
};

/// What one stage of a network did, all of its clusters together.
struct stage_activity {
  std::string name;
  activity_counts counts;
  chip_parts parts;
};

/// What a chip did in the time that is reported, and what it is made of: all that its energy depends on.
struct chip_activity {
  std::string name;  ///< of the file
  double seconds = 0;
  unsigned images = 0;  ///< 0: it ran no network
  double macs = 0;      ///< of all images
  chip_parts parts;
  unsigned rows = 0, columns = 0, routers = 0;
  double l1_kib = 0, icache_kib = 0;  ///< of a cluster
  activity_counts total;              ///< of all clusters; network.byte_hops and hbm.bytes, too
  /// Of the calibration before the reported time, if there was one: what the clusters counted meanwhile.
  activity_counts calibration;
  /// Of the reads that verified the crossbars' programming, and what its pulses took.
  activity_counts programming;
  double programming_pulses_j = 0;
  double calibration_seconds = 0;
  std::vector<stage_activity> stages;
};

/// Reads the text of a summary.json (docs/outputs.md). `name` stands for it in messages. Throws config_error if it is
/// none, or if its run did not count what energy needs.
chip_activity read_activity(const std::string& summary, const std::string& name);

}  // namespace ohmic
