// Runs of nets of a few steps, fired by hand.
#include "sw/compiler/mapping/plan/token_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sw/compiler/mapping/mapping_error.h"

namespace ohmic {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Two replicas make the columns of images of two in turn, into a ring of one slot; the reader needs each image's
/// first one only.
struct replicas_and_reader : token_net {
  enum { even, odd, reader };

  explicit replicas_and_reader(bool follows) {
    buffers.resize(1);
    buffers[0].slots = 1;
    buffers[0].columns_per_image = 2;
    buffers[0].follows = follows;
    buffers[0].producers = {even, odd};
    buffers[0].readers = {reader};
    steps.resize(3);
    for (unsigned replica : {0u, 1u}) {
      token_step& step = steps[replica];
      step.kind = replica == 0 ? "even" : "odd";
      step.columns_per_image = 2;
      step.makes = {1, replica, 2};
      step.tiles = 1;
      token_output output;
      output.producer = replica;
      output.end = {replica + 1};
      output.next = {replica};
      step.outputs.push_back(output);
    }
    steps[reader].kind = "reader";
    steps[reader].tiles = 1;
    token_input input;
    input.window.stride = 2;
    input.first = {0};
    input.end = {1};
    steps[reader].inputs.push_back(input);
  }
};

// Column 1 has still to be written into the only slot: column 2 would lie there before it.
TEST(TokenRun, ARingThatFollowsKeepsTheSlotOfAColumnThatNobodyReadsUntilItIsWritten) {
  const replicas_and_reader net(true);
  token_run run(net, 3);
  run.fire(net.even);
  ASSERT_TRUE(run.ready(net.reader)) << "column 0 is there";
  run.fire(net.reader);
  EXPECT_FALSE(run.ready(net.even));
  EXPECT_TRUE(run.ready(net.odd));
  run.fire(net.odd);
  EXPECT_TRUE(run.ready(net.even));
}

TEST(TokenRun, AnyOtherRingIsReleasedByItsReaders) {
  const replicas_and_reader net(false);
  token_run run(net, 3);
  EXPECT_FALSE(run.ready(net.odd)) << "column 0 is not read";
  run.fire(net.even);
  run.fire(net.reader);
  EXPECT_TRUE(run.ready(net.even)) << "nobody waits for column 1";
}

TEST(TokenRun, AProducerGoesOnWhenTheOneThatItsRingFollowsHasWritten) {
  const replicas_and_reader net(true);
  token_run run(net, 3);
  run.run({false, true, false});
  EXPECT_TRUE(run.all_finished());
}

TEST(TokenRun, TheSteadyPeakOfARingWithOneSlotIsOneColumn) {
  const replicas_and_reader net(true);
  token_run run(net, 3);
  EXPECT_EQ(run.peak(0), 0u);
  run.fire(net.even);
  EXPECT_EQ(run.peak(0), 1u);
}

// The odd replica waits for what the even one makes next, which waits for the odd one's column: the reader is idle and
// has no part in it.
TEST(TokenRun, AStoppedRunNamesTheStepsThatWaitForEachOther) {
  replicas_and_reader net(true);
  net.buffers.emplace_back();
  net.buffers[1].slots = 4;
  net.buffers[1].columns_per_image = 2;
  net.buffers[1].producers = {net.even};
  net.buffers[1].readers = {net.odd};
  net.buffers[1].ring = 1;
  token_output second = net.steps[net.even].outputs[0];
  second.buffer = 1;
  net.steps[net.even].outputs.push_back(second);
  token_input of_odd;
  of_odd.buffer = 1;
  of_odd.first = {0};
  of_odd.end = {3};
  net.steps[net.odd].inputs.push_back(of_odd);
  token_run run(net, 3);
  run.run();
  EXPECT_FALSE(run.all_finished());
  EXPECT_THAT(run.buffers_without_room(), ElementsAre(0u)) << "the other one lacks columns";
  integer_graph graph;
  graph.tensors.resize(2);
  graph.tensors[0].name = "shared";
  graph.tensors[1].name = "other";
  deployment_plan plan;
  plan.graph = &graph;
  plan.stages.emplace_back();
  plan.clusters.resize(1);
  plan.clusters[0].rings.resize(2);
  plan.clusters[0].rings[0].tensor = 0;
  plan.clusters[0].rings[1].tensor = 1;
  const std::string text = run.explain_deadlock(plan);
  EXPECT_THAT(text, HasSubstr("(even) waits for room in the 1 slots of 'shared' in cluster 0"));
  EXPECT_THAT(text, HasSubstr("(odd) waits for columns of 'other' in cluster 0"));
  EXPECT_EQ(text.find("(reader)"), std::string::npos) << text;
}

/// image -> push -> a step of one column.
TEST(ProveLive, ARingWithoutSlotsIsNoRing) {
  integer_graph graph;
  graph.tensors.resize(1);
  deployment_plan plan;
  plan.graph = &graph;
  plan.stages.emplace_back();
  plan.clusters.resize(1);
  plan_ring ring;
  ring.tensor = 0;
  ring.columns_per_image = 4;
  ring.slots = 2;
  plan.clusters[0].rings.push_back(ring);
  plan_step pull, push;
  pull.columns_per_image = push.columns_per_image = 4;
  pull.output_ring = 0;
  pull.work = pull_work{};
  push.inputs = {plan_window{}};
  push.work = push_work{};
  plan.clusters[0].steps = {pull, push};
  EXPECT_NO_THROW(prove_live(plan));
  plan.clusters[0].rings[0].slots = 0;
  try {
    prove_live(plan);
    FAIL();
  } catch (const mapping_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("moves tiles of 1 columns, which do not divide a ring of 0 slots"));
  }
}

}  // namespace
}  // namespace ohmic
