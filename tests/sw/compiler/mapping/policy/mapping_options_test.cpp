// A mapping's options as text: what names a cached deployment.
#include <gtest/gtest.h>

#include <set>

#include "sw/compiler/mapping/policy/mapping_policy.h"

namespace ohmic {
namespace {

TEST(MappingOptions, AreSpelledOutWithEveryDefault) {
  EXPECT_EQ(
      canonical_text({}),
      "policy: naive\nresiduals: l1\nconv1_replicas: 0\nreplicas: {}\nreduction_fan_in: 0\nreductions: automatic\n"
      "tile_cycles: 2000\nprefetch_tiles: 1\n");
}

TEST(MappingOptions, EveryOneChangesTheText) {
  std::set<std::string> texts = {canonical_text({})};
  const auto with = [&](auto change) {
    mapping_options options;
    change(options.naive);
    EXPECT_TRUE(texts.insert(canonical_text(options)).second) << canonical_text(options);
  };
  with([](naive_options& o) { o.residuals = residual_store::hbm; });
  with([](naive_options& o) { o.conv1_replicas = 2; });
  with([](naive_options& o) { o.replicas = {{"a", 2}}; });
  with([](naive_options& o) { o.replicas = {{"a", 3}, {"b", 2}}; });
  with([](naive_options& o) { o.reduction_fan_in = 4; });
  with([](naive_options& o) { o.reductions = reduction_seats::extra; });
  with([](naive_options& o) { o.reductions = reduction_seats::shared; });
  with([](naive_options& o) { o.tile_cycles = 1; });
  with([](naive_options& o) { o.prefetch_tiles = 2; });
}

TEST(MappingOptions, EveryOneOfTheBalancedPoliciesChangesTheText) {
  std::set<std::string> texts;
  const auto with = [&](auto change) {
    for (const char* policy : {"replicated", "paper"}) {
      mapping_options options;
      options.policy = policy;
      change(options.balanced);
      EXPECT_TRUE(texts.insert(canonical_text(options)).second) << canonical_text(options);
    }
  };
  with([](balanced_options&) {});
  with([](balanced_options& o) { o.balance_mvms = 2; });
  with([](balanced_options& o) { o.most_clusters = 2; });
  with([](balanced_options& o) { o.reduction_fan_in = 4; });
  with([](balanced_options& o) { o.prefetch_tiles = 2; });
}

}  // namespace
}  // namespace ohmic
