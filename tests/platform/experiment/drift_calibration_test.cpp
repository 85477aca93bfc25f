// What the firmware finds in L1 before it compensates drift, and what is read of it afterwards.
#include "platform/experiment/drift_calibration.h"

#include <gtest/gtest.h>

#include "registers/cluster_control.h"
#include "registers/cluster_peripherals.h"
#include "registers/ima.h"
#include "sw/deployment/calibration.h"
#include "sw/deployment/deployment.h"
#include "tests/platform/experiment/plain_memory_machine.h"

namespace ohmic {
namespace {

constexpr std::uint32_t image_offset = 0x10000, heap = 0x12000, heap_bytes = 0x800, l1_end = 0x14000;

class calibrated_machine : public plain_memory_machine {
 public:
  using plain_memory_machine::plain_memory_machine;
  cluster_details details(unsigned cluster) override { return of[cluster]; }
  std::map<unsigned, cluster_details> of;

  template <class T>
  T l1_word(unsigned cluster, std::uint32_t offset) const {
    T value;
    std::memcpy(&value, l1s[cluster].data() + offset, sizeof value);
    return value;
  }
  std::uint64_t argument(unsigned cluster, unsigned n) const {
    return config().cluster_peripherals(cluster) + registers::cluster_peripherals::cluster_control_base +
           registers::cluster_control::argument_offset + 4 * n;
  }
};

chip_config four_clusters() {
  chip_config chip;
  chip.network.factors = {1, 4};
  chip.network.latency = {100, 4};
  chip.network.width = {64, 64};
  return chip;
}

/// A job of these cells: `groups` times `columns` from a bitline on, rows from one on.
ohmic_ima job_of(std::uint32_t row, std::uint32_t bitline, std::uint32_t groups, std::uint32_t columns) {
  namespace reg = registers::ima;
  ohmic_ima step{};
  step.step.kind = OHMIC_STEP_IMA;
  step.registers[reg::row_start_offset / 4] = row;
  step.registers[reg::group_columns_offset / 4] = columns << 16 | bitline;
  step.registers[reg::groups_offset / 4] = groups;
  return step;
}

/// A cluster's image with a kernel and these jobs.
cluster_image image_of(unsigned cluster, const std::vector<ohmic_ima>& jobs) {
  cluster_image image;
  image.cluster = cluster;
  image.offset = image_offset;
  image.l1_end = l1_end;
  const auto append = [&](const void* data, std::size_t bytes) {
    const auto* from = static_cast<const std::uint8_t*>(data);
    image.bytes.insert(image.bytes.end(), from, from + bytes);
  };
  ohmic_deployment header{};
  header.magic = OHMIC_DEPLOYMENT_MAGIC;
  header.step_count = static_cast<std::uint32_t>(jobs.size()) + 1;
  header.steps = image_offset + sizeof header;
  header.heap = heap;
  header.heap_bytes = heap_bytes;
  append(&header, sizeof header);
  std::uint32_t at = header.steps + 4 * header.step_count;
  append(&at, sizeof at);
  at += sizeof(ohmic_step);
  for (std::size_t j = 0; j < jobs.size(); ++j, at += sizeof(ohmic_ima)) append(&at, sizeof at);
  ohmic_step kernel{};
  kernel.kind = OHMIC_STEP_KERNEL;
  append(&kernel, sizeof kernel);
  for (const ohmic_ima& job : jobs) append(&job, sizeof job);
  image.bytes.resize(image.bytes.size() + 64);
  return image;
}

TEST(DriftCalibration, OneGainNeedsTheSumAndRoomToRead) {
  calibrated_machine chip(four_clusters());
  deployment source;
  source.clusters = {image_of(1, {}), image_of(2, {job_of(0, 0, 1, 8)})};
  ask_for_calibration(chip, source, {{2, 4, 12345, 0}});
  const auto header = chip.l1_word<ohmic_deployment>(2, image_offset);
  EXPECT_EQ(header.magic, OHMIC_DEPLOYMENT_MAGIC);
  EXPECT_EQ(header.heap, heap) << "no factors: the heap stays";
  EXPECT_EQ(header.heap_bytes, heap_bytes);
  const auto record = chip.l1_word<ohmic_calibration>(2, heap);
  EXPECT_EQ(record.reads, 4u);
  EXPECT_EQ(record.reference, 12345u);
  EXPECT_EQ(record.factors, 0u);
  EXPECT_EQ(record.column_references, 0u);
  EXPECT_EQ(record.scratch, heap + sizeof record);
  EXPECT_EQ(record.scratch + record.scratch_bytes, l1_end);
  std::uint32_t argument = 0;
  ASSERT_TRUE(chip.read_word(chip.argument(2, OHMIC_CALIBRATION_ARGUMENT), argument));
  EXPECT_EQ(argument, heap);
  ASSERT_TRUE(chip.read_word(chip.argument(1, OHMIC_CALIBRATION_ARGUMENT), argument));
  EXPECT_EQ(argument, 0u) << "nothing of a cluster that is not asked";
  EXPECT_EQ(chip.l1_word<std::uint32_t>(1, image_offset), 0u);
}

// Two jobs: three groups of five columns, each from a multiple of four on, then one of four. The crossbar lists them
// the other way round.
TEST(DriftCalibration, FactorsTakeTheBeginOfTheHeapInTheOrderOfTheJobs) {
  calibrated_machine chip(four_clusters());
  deployment source;
  source.clusters = {image_of(3, {job_of(0, 16, 3, 5), job_of(7, 16, 1, 4)})};
  crossbar_calibration crossbar{3, 1, 99, 0};
  crossbar.rectangles.resize(2);
  crossbar.rectangles[0].first_row = 7;
  crossbar.rectangles[0].first_bitline = crossbar.rectangles[1].first_bitline = 16;
  for (std::uint32_t c = 0; c < 4; ++c) crossbar.rectangles[0].references.push_back(1000 + c);
  for (std::uint32_t c = 0; c < 15; ++c) crossbar.rectangles[1].references.push_back(100 + c);
  ask_for_calibration(chip, source, {crossbar});

  const std::uint32_t places = 3 * 8 + 4, factors = 64;  // 56 bytes of factors, in whole lines
  const auto header = chip.l1_word<ohmic_deployment>(3, image_offset);
  EXPECT_EQ(header.heap, heap + factors);
  EXPECT_EQ(header.heap_bytes, heap_bytes - factors);
  const auto record = chip.l1_word<ohmic_calibration>(3, heap + factors);
  EXPECT_EQ(record.factors, heap);
  EXPECT_EQ(record.reference, 99u);
  EXPECT_EQ(record.column_references, heap + factors + sizeof record);
  EXPECT_EQ(record.scratch, record.column_references + 4 * places);
  EXPECT_EQ(record.scratch + record.scratch_bytes, l1_end);
  std::vector<std::uint32_t> expected;
  for (std::uint32_t g = 0; g < 3; ++g)
    for (std::uint32_t c = 0; c < 8; ++c) expected.push_back(c < 5 ? 100 + 5 * g + c : 0);
  for (std::uint32_t c = 0; c < 4; ++c) expected.push_back(1000 + c);
  for (std::uint32_t i = 0; i < places; ++i)
    EXPECT_EQ(chip.l1_word<std::uint32_t>(3, record.column_references + 4 * i), expected[i]) << i;
  EXPECT_EQ(chip.l1_word<std::uint32_t>(3, record.scratch), 0u);
  std::uint32_t argument = 0;
  ASSERT_TRUE(chip.read_word(chip.argument(3, OHMIC_CALIBRATION_ARGUMENT), argument));
  EXPECT_EQ(argument, heap + factors);
}

TEST(DriftCalibration, CellsThatTheDeploymentDoesNotUseAreAnError) {
  calibrated_machine chip(four_clusters());
  deployment source;
  source.clusters = {image_of(0, {job_of(2, 16, 2, 4)})};
  const auto ask = [&](unsigned cluster, unsigned row, unsigned bitline, std::size_t columns) {
    crossbar_calibration crossbar{cluster, 1, 1, 0};
    crossbar.rectangles = {{row, bitline, std::vector<std::uint32_t>(columns, 5), {}}};
    ask_for_calibration(chip, source, {crossbar});
  };
  EXPECT_NO_THROW(ask(0, 2, 16, 8));
  EXPECT_THROW(ask(0, 3, 16, 8), std::runtime_error);
  EXPECT_THROW(ask(0, 2, 12, 8), std::runtime_error);
  EXPECT_THROW(ask(0, 2, 16, 7), std::runtime_error);
  EXPECT_THROW(ask(0, 2, 16, 9), std::runtime_error);
  EXPECT_THROW(ask(1, 2, 16, 8), std::runtime_error) << "a cluster without a deployment";
}

// 1,024 columns have factors of 2,048 bytes, which is all of the heap.
TEST(DriftCalibration, FactorsMayTakeAllOfTheHeapButNoMore) {
  for (const std::uint32_t columns : {1024u, 1028u}) {
    calibrated_machine chip(four_clusters());
    deployment source;
    source.clusters = {image_of(0, {job_of(0, 0, columns / 4, 4)})};
    crossbar_calibration crossbar{0, 1, 1, 0};
    crossbar.rectangles = {{0, 0, std::vector<std::uint32_t>(columns, 5), {}}};
    if (columns == 1024)
      EXPECT_NO_THROW(ask_for_calibration(chip, source, {crossbar}));
    else
      EXPECT_THROW(ask_for_calibration(chip, source, {crossbar}), std::runtime_error);
  }
}

cluster_details spent(cycle_t cycles, std::uint64_t mvms) {
  cluster_details d;
  d.cycles_apart = cycles;
  d.counters = {{"ima", "jobs", "", 0, 0, 7}, {"ima", "mvms", "", 1000, 500, mvms}, {"dma", "mvms", "", 0, 0, 9}};
  return d;
}

TEST(DriftCalibration, GainsAreOfTheCrossbarsAndCyclesOfTheSlowest) {
  calibrated_machine chip(four_clusters());
  const std::vector<crossbar_calibration> crossbars = {{1, 1, 3000, 0}, {0, 1, 5000, 0}, {3, 1, 900, 0}};
  const std::map<unsigned, std::uint32_t> sums = {{0, 4000}, {1, 2000}, {3, 1000}};
  for (const auto& [cluster, sum] : sums)
    chip.write(chip.argument(cluster, OHMIC_CALIBRATION_SUM_ARGUMENT), &sum, sizeof sum);
  chip.of = {{0, spent(70, 11)}, {1, spent(90, 13)}, {3, spent(80, 17)}};
  const auto found = calibration_of(chip, crossbars);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->cycles, 90u);
  EXPECT_EQ(found->crossbars, 3u);
  EXPECT_EQ(found->mvms, 41u);
  EXPECT_DOUBLE_EQ(found->least_gain, 0.9);
  EXPECT_DOUBLE_EQ(found->greatest_gain, 1.5);
  EXPECT_DOUBLE_EQ(found->mean_gain, (1.5 + 1.25 + 0.9) / 3);
  chip.of[3].cycles_apart = 0;
  EXPECT_FALSE(calibration_of(chip, crossbars).has_value()) << "one has not come to its end";
  EXPECT_FALSE(calibration_of(chip, {}).has_value());
}

// Where nothing conducts, nothing is compensated.
TEST(DriftCalibration, ASumOfNothingIsAGainOfOne) {
  calibrated_machine chip(four_clusters());
  chip.of = {{0, spent(5, 1)}, {1, spent(5, 1)}};
  const std::uint32_t sum = 800;
  chip.write(chip.argument(1, OHMIC_CALIBRATION_SUM_ARGUMENT), &sum, sizeof sum);
  const auto found = calibration_of(chip, {{0, 1, 1000, 0}, {1, 1, 0, 0}});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->least_gain, 1);
  EXPECT_EQ(found->mean_gain, 1);
  EXPECT_EQ(found->greatest_gain, 1);
}

}  // namespace
}  // namespace ohmic
