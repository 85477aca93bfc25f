#include "platform/cluster/slave_port.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "ip/tcdm/bank_arbiter.h"

namespace ohmic {
namespace {

constexpr std::uint64_t base = 0x4020'0000;
constexpr std::uint32_t l1_bytes = 64 * 1024;

/// Drives a slave_port alone: L1 behind 64 banks, registers in a map.
class SlavePortTest : public testing::Test {
 protected:
  struct register_map {
    std::map<std::uint32_t, std::uint32_t> words;
    std::vector<std::pair<std::uint32_t, cycle_t>> writes;
    std::uint32_t read(std::uint32_t offset, cycle_t, bool& ok) {
      ok = words.count(offset) != 0;
      return ok ? words[offset] : 0;
    }
    bool write(std::uint32_t offset, std::uint32_t value, cycle_t now) {
      writes.push_back({offset, now});
      words[offset] = value;
      return offset != 0xBAD0;
    }
  };

  /// A burst at `offset` from the L1's begin, whose first beat arrives in `cycle`.
  axi_burst& send(bool write, std::uint64_t offset, std::uint32_t bytes, cycle_t cycle, unsigned cycles_per_beat = 1) {
    auto& b = bursts_.emplace_back(std::make_unique<axi_burst>());
    auto& data = data_.emplace_back(bytes);
    std::iota(data.begin(), data.end(), static_cast<std::uint8_t>(1));
    b->addr = base + offset;
    b->bytes = bytes;
    b->write = write;
    b->data = data.data();
    port_.deliver(b.get(), cycle);
    if (write)
      for (unsigned beat = 0; beat < b->beats(64); ++beat) beats_.push_back({cycle + beat * cycles_per_beat, b.get()});
    return *b;
  }

  void run(cycle_t until) {
    for (; now_ < until; ++now_) {
      for (auto& [cycle, burst] : beats_) {
        if (cycle != now_) continue;
        burst->there.add(cycle, 1);
        port_.data_known();
      }
      if (port_.next_event() <= now_) port_.step(now_, registers_, out_);
      banks_.begin();
      if (now_ < taken_until_) banks_.claim(taken_bank_ * 4);
      for (l1_port* p : {&port_.read_port(), &port_.write_port()}) {
        if (!p->busy()) continue;
        transfer_words(*p, banks_.claim_words(p->addr, p->words), l1_.data());
        if (!p->busy()) port_.beat_done(*p, now_, out_);
      }
    }
  }

  slave_port port_{base, l1_bytes, 1u << 20, 64};
  register_map registers_;
  std::vector<axi_message> out_;
  std::vector<std::uint8_t> l1_ = std::vector<std::uint8_t>(l1_bytes + 4);
  bank_arbiter banks_{64};
  cycle_t now_ = 0, taken_until_ = 0;
  unsigned taken_bank_ = 0;
  std::vector<std::unique_ptr<axi_burst>> bursts_;
  std::vector<std::vector<std::uint8_t>> data_;
  std::vector<std::pair<cycle_t, axi_burst*>> beats_;  ///< data beats of writes
};

TEST_F(SlavePortTest, WritesEachBeatWhenItComes) {
  send(true, 0x1000, 256, 10, 8);  // beats in cycles 10, 18, 26, 34
  run(10);
  EXPECT_EQ(l1_[0x1000], 0);
  run(11);
  EXPECT_EQ(l1_[0x1000 + 63], 64);
  EXPECT_EQ(l1_[0x1000 + 64], 0) << "the second beat comes in cycle 18";
  run(34);
  EXPECT_EQ(l1_[0x1000 + 192], 0);
  run(35);
  EXPECT_EQ(l1_[0x1000 + 254], 255);
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_EQ(out_[0].cycle, 35u);
}

TEST_F(SlavePortTest, ARegisterIsWrittenWhenItsDataAreThere) {
  axi_burst& b = send(true, l1_bytes + 0x1B00, 4, 2, 1);
  beats_.clear();
  run(9);
  EXPECT_TRUE(registers_.writes.empty()) << "the address alone is there";
  b.there.add(9, 1);
  port_.data_known();
  run(11);
  EXPECT_EQ(registers_.writes, (std::vector<std::pair<std::uint32_t, cycle_t>>{{0x1B00, 9}}));
}

TEST_F(SlavePortTest, WritesOneBeatPerCycleAndAnswersInTheCycleAfterTheLast) {
  send(true, 0x1000, 256, 10);
  run(13);
  EXPECT_EQ(l1_[0x1000 + 191], 192) << "beats 0..2 are visible after cycle 12";
  EXPECT_EQ(l1_[0x1000 + 192], 0);
  run(20);
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_EQ(out_[0].cycle, 14u);
  EXPECT_EQ(out_[0].burst->resp, axi_resp::okay);
}

TEST_F(SlavePortTest, ReadAnswersWhenAllBeatsAreRead) {
  for (unsigned i = 0; i < 128; ++i) l1_[0x2000 + i] = static_cast<std::uint8_t>(200 - i);
  axi_burst& b = send(false, 0x2010, 100, 5);  // touches beats 0x2000 and 0x2040
  run(20);
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_EQ(out_[0].cycle, 7u);
  for (unsigned i = 0; i < 100; ++i) EXPECT_EQ(b.data[i], l1_[0x2010 + i]) << i;
}

// 16, 64 and 20 bytes; a write likewise.
TEST_F(SlavePortTest, BeatsEndAtTheBussBoundaries) {
  send(false, 0x2030, 100, 5);
  send(true, 0x30B0, 100, 5);  // other banks
  run(20);
  ASSERT_EQ(out_.size(), 2u);
  EXPECT_EQ(out_[0].cycle, 8u);
  EXPECT_EQ(out_[1].cycle, 8u);
}

TEST_F(SlavePortTest, OneRegisterIsReachedPerCycleAndDirectionAndAnsweredInTheNext) {
  registers_.words[0x24] = 1;
  for (unsigned i = 0; i < 3; ++i) {
    send(true, l1_bytes + 0x100 + 4 * i, 4, 2);
    send(false, l1_bytes + 0x24, 4, 2);
  }
  run(10);
  EXPECT_EQ(registers_.writes, (std::vector<std::pair<std::uint32_t, cycle_t>>{{0x100, 2}, {0x104, 3}, {0x108, 4}}));
  ASSERT_EQ(out_.size(), 6u);
  std::map<bool, std::vector<cycle_t>> answered;
  for (const axi_message& m : out_) answered[m.burst->write].push_back(m.cycle);
  EXPECT_EQ(answered[true], (std::vector<cycle_t>{3, 4, 5}));
  EXPECT_EQ(answered[false], (std::vector<cycle_t>{3, 4, 5}));
}

TEST_F(SlavePortTest, ARegisterAccessStaysWithinItsWordAndTheRegion) {
  registers_.words[0x24] = 0x11223344;
  axi_burst& high = send(false, l1_bytes + 0x26, 2, 2);
  axi_burst& across = send(false, l1_bytes + 0x26, 3, 2);
  registers_.words[(1u << 20) - 4] = 5;
  axi_burst& last = send(false, l1_bytes + (1u << 20) - 4, 4, 2);
  axi_burst& behind = send(false, l1_bytes + (1u << 20), 4, 2);
  run(10);
  EXPECT_EQ(high.resp, axi_resp::okay);
  EXPECT_EQ(high.data[0] | high.data[1] << 8, 0x1122);
  EXPECT_EQ(across.resp, axi_resp::slverr);
  EXPECT_EQ(last.resp, axi_resp::okay);
  EXPECT_EQ(behind.resp, axi_resp::slverr);
}

TEST_F(SlavePortTest, AFailedReadShowsThePatternsByteOfItsAddress) {
  const std::uint8_t pattern[] = {0xE5, 0xCC, 0xDA, 0xBA};
  for (unsigned k = 0; k < 4; ++k) {
    axi_burst& b = send(false, l1_bytes + 0x500 + k, 1, 1 + k);
    run(10 + k);
    EXPECT_EQ(b.data[0], pattern[k]) << k;
  }
}

TEST_F(SlavePortTest, AConflictDelaysOnlyItsBeat) {
  taken_bank_ = 3;
  taken_until_ = 4;
  send(true, 0, 64, 1);
  run(10);
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_EQ(out_[0].cycle, 5u) << "bank 3 is free from cycle 4 on";
}

TEST_F(SlavePortTest, DataBeforeFlag) {
  send(true, 0x100, 64, 3);
  send(true, 0x8000, 4, 3);
  run(4);
  EXPECT_EQ(l1_[0x100], 1);
  EXPECT_EQ(l1_[0x8000], 0) << "writes are performed in order of arrival";
  run(6);
  EXPECT_EQ(l1_[0x8000], 1);
}

TEST_F(SlavePortTest, RegistersAreReachedBehindL1) {
  send(true, l1_bytes + 0x1B00, 4, 2);
  registers_.words[0x24] = 0x11223344;
  axi_burst& byte = send(false, l1_bytes + 0x26, 1, 2);
  run(6);
  EXPECT_EQ(registers_.writes, (std::vector<std::pair<std::uint32_t, cycle_t>>{{0x1B00, 2}}));
  EXPECT_EQ(byte.data[0], 0x22);
  EXPECT_EQ(out_.size(), 2u);
}

// Bytes lie in their lanes; the register's other bytes are written as zeros.
TEST_F(SlavePortTest, ANarrowWriteReachesItsBytesOfTheRegister) {
  send(true, l1_bytes + 0x100, 1, 1);
  send(true, l1_bytes + 0x105, 1, 1);
  send(true, l1_bytes + 0x10A, 2, 1);
  send(true, l1_bytes + 0x10D, 3, 1);
  run(10);
  EXPECT_EQ(registers_.words, (std::map<std::uint32_t, std::uint32_t>{
                                  {0x100, 0x00000001}, {0x104, 0x00000100}, {0x108, 0x02010000}, {0x10C, 0x03020100}}));
}

TEST_F(SlavePortTest, RefusesWhatIsNoRegisterAccessWithSlverr) {
  axi_burst& wide = send(true, l1_bytes + 0x100, 8, 1);
  axi_burst& refused = send(true, l1_bytes + 0xBAD0, 4, 1);
  axi_burst& unknown = send(false, l1_bytes + 0x500, 4, 1);
  axi_burst& straddling = send(false, l1_bytes - 4, 8, 1);
  run(10);
  for (const axi_burst* b : {&wide, &refused, &unknown, &straddling}) EXPECT_EQ(b->resp, axi_resp::slverr);
  EXPECT_EQ(unknown.data[0], 0xE5) << "a failing read shows 0xBADACCE5";
}

TEST_F(SlavePortTest, ABurstMayEndWithTheLastByteOfL1) {
  axi_burst& write = send(true, l1_bytes - 64, 64, 1);
  run(5);
  axi_burst& read = send(false, l1_bytes - 64, 64, 5);
  axi_burst& behind = send(false, l1_bytes - 63, 64, 6);
  run(20);
  EXPECT_EQ(write.resp, axi_resp::okay);
  EXPECT_EQ(read.resp, axi_resp::okay);
  EXPECT_EQ(read.data[63], 64);
  EXPECT_EQ(l1_[l1_bytes - 1], 64);
  EXPECT_EQ(behind.resp, axi_resp::slverr);
}

// B means that the whole write is there, also of one that is refused.
TEST_F(SlavePortTest, ARefusedWriteIsAnsweredWhenAllOfItsDataHaveCome) {
  send(true, l1_bytes + 0x100, 256, 2, 5);  // beats in 2, 7, 12 and 17
  run(30);
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_EQ(out_[0].burst->resp, axi_resp::slverr);
  EXPECT_EQ(out_[0].cycle, 18u);
}

}  // namespace
}  // namespace ohmic
