// What accesses cost when nothing else happens, measured by a program on the whole chip and computed by hand.
//
// A core asks in cycle t. Its request leaves through the master port's queue in t + 1, through the egress register one
// cycle later (t + 2 at the boundary), is on its way for half a round trip of the network, and passes the target's
// ingress register (1). The slave port performs it in that very cycle and answers in the next (1); the answer passes
// egress (1), the network and ingress (1): 2 + 1 + 1 + 1 + 1 = 6 endpoint cycles between clusters. HBM has no such
// registers of its own: 2 + 1 = 3, and its access time is part of the 132. Platform control takes a cycle: 4.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/platform/machine/machine_bench.h"

namespace ohmic {
namespace {

using testing::HasSubstr;

TEST(LatencyTest, OfEveryDistanceIsTheNetworksRoundTripPlusTheEndpoints) {
  run_request r;
  r.program = "machine_latencies";
  r.chip.cluster.cores = 1;  // 512 clusters otherwise
  r.arguments = "1";
  r.run.continue_on_guest_error = true;
  const run_outcome o = run_in_child(r);
  ASSERT_TRUE(o.finished) << o.failure;
  const std::string text = o.console;
  EXPECT_THAT(text, HasSubstr("cluster 1: load 14 store 14 register 14\n"));   // 8 + 6
  EXPECT_THAT(text, HasSubstr("cluster 4: load 30 store 30 register 30\n"));   // 24 + 6
  EXPECT_THAT(text, HasSubstr("cluster 16: load 46 store 46 register 46\n"));  // 40 + 6
  EXPECT_THAT(text, HasSubstr("cluster 64: load 62 store 62 register 62\n"));  // 56 + 6
  EXPECT_THAT(text, HasSubstr("cluster 256: load 62 store 62 register 62\n"));
  EXPECT_THAT(text, HasSubstr("HBM: load 135 store 135\n"));    // 132 + 3
  EXPECT_THAT(text, HasSubstr("platform: load 36\n"));          // 32 + 4
  EXPECT_THAT(text, HasSubstr("nowhere: load 36 store 36\n"));  // DECERR of the top router: 32 + 1 + 3
  EXPECT_THAT(text, HasSubstr("own: load 1 store 1\n"));
  EXPECT_THAT(text, HasSubstr("own by its global address: load 1 store 1\n"));
  EXPECT_EQ(o.end, run_end::guest_error) << "it went on and ended so";
  EXPECT_EQ(o.errors, 6u);
  EXPECT_EQ(o.first_error.addr, 0x2000'0000u);
  EXPECT_EQ(o.first_error.cluster, 0u);
}

TEST(LatencyTest, FollowsTheConfiguredLatencies) {
  run_request r;
  r.program = "machine_latencies";
  r.chip = small_chip({2, 4, 4}, 1);
  r.chip.network.latency = {57, 1, 2, 3};
  r.chip.network.egress_cycles = 3;
  r.chip.network.ingress_cycles = 5;
  const run_outcome o = run_in_child(r);
  ASSERT_EQ(o.end, run_end::exited) << o.failure;
  const std::string text = o.console;
  // Endpoints: 1 to the port, 3 out, 5 in, 1 to answer, 3 out, 5 in = 18.
  EXPECT_THAT(text, HasSubstr("cluster 1: load 24 store 24"));   // 2 * 3
  EXPECT_THAT(text, HasSubstr("cluster 4: load 34 store 34"));   // 2 * (3 + 2 + 3)
  EXPECT_THAT(text, HasSubstr("cluster 16: load 40 store 40"));  // 2 * (3 + 2 + 1 + 2 + 3)
  EXPECT_THAT(text, HasSubstr("HBM: load 78 store 78\n"));       // 1 + 3 + 5 + 2 * 6 + 57
  EXPECT_EQ(o.window, 3u + 1 + 5);
}

}  // namespace
}  // namespace ohmic
