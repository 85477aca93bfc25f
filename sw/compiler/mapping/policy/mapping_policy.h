#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/mapping_options.h"
#include "sw/compiler/mapping/plan/stage.h"

namespace ohmic {

/// What policies weigh latency against throughput by: images of a batch.
inline constexpr double images_of_batch = 16;

/// A mapping that a policy holds to be worth a try.
struct mapping_proposal {
  std::string name;  ///< for a person: where it comes from
  mapping assignment;
  double expected_cycles = 0;  ///< of a batch, by the cost model
};

/// Decides how stages are spread over clusters. Pure: the same arguments give the same answer.
class mapping_policy {
 public:
  virtual ~mapping_policy() = default;
  /// Throws mapping_error if the chip has too few clusters or the policy's options cannot be met.
  virtual mapping map(const integer_graph&, const std::vector<stage>&, const chip_config&) const = 0;
  /// Mappings among which a simulation may choose, map()'s the first. Throws as map() does.
  virtual std::vector<mapping_proposal> propose(const integer_graph&, const std::vector<stage>&,
                                                const chip_config&) const;
  /// The policy's options as text, one "key: value" a line, each spelled out: the same text, the same mapping.
  virtual std::string options_text() const = 0;
};

/// The policy that the options name, with its options; throws mapping_error naming those that exist.
std::unique_ptr<mapping_policy> make_mapping_policy(const mapping_options&);

/// "policy: naive" and the policy's options, or the mapping's file: what a deployment depends on beside network and
/// chip.
std::string canonical_text(const mapping_options&);

}  // namespace ohmic
