#include "ip/event_unit/event_unit.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

namespace ohmic {
namespace {

// Offsets by hand from the register page, so that a slip in the export shows here.
constexpr std::uint32_t own_mask = 0x800, own_pending = 0x804, own_clear = 0x808, own_irq_mask = 0x80C,
                        own_wait = 0x810;
constexpr std::uint32_t lock_request = 0xB20, lock_release = 0xB24, lock_holder = 0xB28;
constexpr std::uint32_t doorbell_cores = 0xB10, device_cores = 0xB30;
constexpr std::uint32_t core_at(unsigned core, std::uint32_t reg) { return core * 0x20 + reg; }
constexpr std::uint32_t event_lo(unsigned n) { return 0x900 + n * 8; }
constexpr std::uint32_t barrier(unsigned n, std::uint32_t reg) { return 0xA00 + n * 0x20 + reg; }
constexpr std::uint32_t arrive = 0x8, arrived_lo = 0xC, arrived_hi = 0x10, mask_lo = 0x0, mask_hi = 0x4;
constexpr std::uint64_t bit(unsigned n) { return std::uint64_t{1} << n; }

class EventUnitTest : public ::testing::Test {
 protected:
  event_unit unit{16};

  std::uint32_t get(int core, std::uint32_t offset) {
    const register_access a = unit.read(core, offset);
    EXPECT_EQ(a.status, access_status::ok) << "offset " << std::hex << offset;
    return a.value;
  }
  void put(int core, std::uint32_t offset, std::uint32_t value) {
    EXPECT_EQ(unit.write(core, offset, value).status, access_status::ok) << "offset " << std::hex << offset;
  }
  bool blocks(int core) { return unit.read(core, own_wait).status == access_status::blocked; }
};

TEST_F(EventUnitTest, ResetReachesCoreZeroOnly) {
  EXPECT_EQ(get(0, doorbell_cores), 1u);
  EXPECT_EQ(get(0, doorbell_cores + 4), 0u);
  EXPECT_EQ(get(0, device_cores), 1u);
  EXPECT_EQ(get(3, own_mask), 0u);
  EXPECT_EQ(get(3, lock_holder), 0u);
}

TEST_F(EventUnitTest, WaitAnswersAtOnceWhenAMaskedLineIsPending) {
  put(2, own_mask, 0x5);
  put(7, event_lo(2), 1u << 2);
  EXPECT_EQ(get(2, own_wait), 0x4u);
  EXPECT_EQ(get(2, own_wait), 0x4u) << "reading has no side effect";
  EXPECT_EQ(unit.take_woken(), 0u) << "a read that was answered does not wait";
}

TEST_F(EventUnitTest, UnmaskedLineDoesNotEndAWaitUntilTheMaskSaysSo) {
  put(2, own_mask, 0x1);
  put(7, event_lo(1), 1u << 2);
  EXPECT_TRUE(blocks(2));
  EXPECT_EQ(unit.take_woken(), 0u);
  put(5, core_at(2, 0x0), 0x3);
  EXPECT_EQ(unit.take_woken(), bit(2));
  EXPECT_EQ(unit.wait_value(2), 0x2u);
}

TEST_F(EventUnitTest, BitRaisedInTheCycleOfTheReadSatisfiesIt) {
  put(0, own_mask, 1u << 16);
  EXPECT_TRUE(blocks(0));
  unit.raise_device(event_unit::ima_line);  // same cycle, after the read
  EXPECT_EQ(unit.take_woken(), bit(0));
  EXPECT_EQ(unit.wait_value(0), 1u << 16);
  EXPECT_EQ(unit.take_woken(), 0u);

  put(0, own_clear, 1u << 16);
  unit.raise_device(event_unit::ima_line);  // same cycle, before the read
  EXPECT_EQ(get(0, own_wait), 1u << 16);
}

TEST_F(EventUnitTest, LineClearedBeforeTheWakeUpKeepsTheCoreAsleep) {
  put(0, own_mask, 1);
  EXPECT_TRUE(blocks(0));
  put(1, event_lo(0), 1);
  put(1, core_at(0, 0x8), 1);
  EXPECT_EQ(unit.take_woken(), 0u);
  EXPECT_EQ(unit.waiting_cores(), bit(0));
}

TEST_F(EventUnitTest, RaisingTwiceIsRaisingOnce) {
  put(0, own_mask, 1);
  put(1, event_lo(0), 1);
  put(2, event_lo(0), 1);
  put(0, own_clear, 1);
  EXPECT_TRUE(blocks(0));
}

TEST_F(EventUnitTest, ClearTouchesOnlyTheWrittenLines) {
  for (unsigned n = 0; n < 8; ++n) put(4, event_lo(n), 1u << 9);
  put(9, own_clear, 0x0F);
  EXPECT_EQ(get(9, own_pending), 0xF0u);
  EXPECT_EQ(get(4, own_pending), 0u);
}

TEST_F(EventUnitTest, CancelledWaitIsForgotten) {
  put(0, own_mask, 1);
  EXPECT_TRUE(blocks(0));
  unit.cancel_wait(0);
  put(1, event_lo(0), 1);
  EXPECT_EQ(unit.take_woken(), 0u);
  EXPECT_EQ(get(0, own_wait), 1u) << "the replayed cv.elw sees what came meanwhile";
}

TEST_F(EventUnitTest, AWaitThatIsCancelledInTheCycleInWhichItIsOverWakesNobody) {
  put(3, own_mask, 1);
  put(4, own_mask, 1);
  EXPECT_TRUE(blocks(3));
  EXPECT_TRUE(blocks(4));
  put(1, event_lo(0), 1u << 3 | 1u << 4);
  unit.cancel_wait(3);
  EXPECT_EQ(unit.waiting_cores(), bit(4));
  EXPECT_EQ(unit.take_woken(), bit(4));
}

TEST_F(EventUnitTest, AnInterruptIsPossibleWhileItsMaskHasALine) {
  for (const unsigned core : {3u, 5u}) put(static_cast<int>(core), own_irq_mask, 0x2);
  put(0, core_at(3, 0xC), 0);
  EXPECT_FALSE(unit.irq_possible(3));
  EXPECT_TRUE(unit.irq_possible(5));
  put(0, core_at(5, 0xC), 0x80000000);
  EXPECT_TRUE(unit.irq_possible(5));
  EXPECT_EQ(get(5, own_irq_mask), 0x80000000u);
}

TEST_F(EventUnitTest, InterruptLevelFollowsPendingAndMask) {
  EXPECT_FALSE(unit.irq_possible(3));
  put(3, own_irq_mask, 0x2);
  EXPECT_TRUE(unit.irq_possible(3));
  EXPECT_EQ(unit.irq_cores(), 0u);
  put(0, event_lo(1), 1u << 3);
  EXPECT_EQ(unit.irq_cores(), bit(3));
  put(3, own_irq_mask, 0);
  EXPECT_EQ(unit.irq_cores(), 0u);
  put(3, own_irq_mask, 0x2);
  EXPECT_EQ(unit.irq_cores(), bit(3));
  put(3, own_clear, 0x2);
  EXPECT_EQ(unit.irq_cores(), 0u);
}

TEST_F(EventUnitTest, BarrierRisesOnceForItsCoresAndCanBeUsedAgain) {
  put(0, barrier(3, mask_lo), 0x8013);
  for (int round = 0; round < 3; ++round) {
    for (int core : {4, 15, 0}) {
      put(core, own_mask, 1u << 11);
      put(core, barrier(3, arrive), 0);
      EXPECT_TRUE(blocks(core));
      EXPECT_EQ(unit.take_woken(), 0u);
    }
    EXPECT_EQ(get(0, barrier(3, arrived_lo)), 0x8011u);
    put(1, own_mask, 1u << 11);
    put(1, barrier(3, arrive), 0);
    EXPECT_EQ(unit.take_woken(), bit(0) | bit(4) | bit(15));
    EXPECT_EQ(get(1, own_wait), 1u << 11);
    EXPECT_EQ(get(1, barrier(3, arrived_lo)), 0u);
    for (int core : {0, 1, 4, 15}) put(core, own_clear, 1u << 11);
  }
  EXPECT_EQ(get(2, own_pending), 0u) << "a core outside the barrier hears nothing";
}

TEST_F(EventUnitTest, ArrivingTwiceCountsOnce) {
  put(0, barrier(0, mask_lo), 0x3);
  put(0, barrier(0, arrive), 0);
  put(0, barrier(0, arrive), 0);
  EXPECT_EQ(get(0, own_pending), 0u);
  put(1, barrier(0, arrive), 0);
  EXPECT_EQ(get(0, own_pending), 1u << 8);
}

TEST_F(EventUnitTest, BarrierRefusesACoreThatTakesNoPart) {
  put(0, barrier(0, mask_lo), 0x3);
  EXPECT_EQ(unit.write(2, barrier(0, arrive), 0).status, access_status::error);
  EXPECT_EQ(unit.write(event_unit::no_core, barrier(0, arrive), 0).status, access_status::error);
  EXPECT_EQ(get(0, barrier(0, arrived_lo)), 0u);
}

TEST(EventUnitSizeTest, BarrierAndEventsReachAll64Cores) {
  event_unit unit(64);
  unit.write(0, barrier(7, mask_lo), ~0u);
  unit.write(0, barrier(7, mask_hi), ~0u);
  for (int core = 0; core < 64; ++core) {
    unit.write(core, own_mask, 1u << 15);
    EXPECT_EQ(unit.read(core, own_wait).status, access_status::blocked);
  }
  for (int core = 0; core < 63; ++core) unit.write(core, barrier(7, arrive), 0);
  EXPECT_EQ(unit.read(0, barrier(7, arrived_hi)).value, 0x7FFFFFFFu);
  EXPECT_EQ(unit.take_woken(), 0u);
  unit.write(63, barrier(7, arrive), 0);
  EXPECT_EQ(unit.take_woken(), ~std::uint64_t{0});
  unit.write(0, event_lo(5) + 4, 0x80000000u);
  EXPECT_EQ(unit.read(63, own_pending).value, 1u << 15 | 1u << 5);
}

// A mask that names more cores than there are waits for those that there are.
TEST(EventUnitSizeTest, MasksKeepNoCoresThatDoNotExist) {
  event_unit unit(40);
  for (const std::uint32_t lo : {barrier(2, mask_lo), doorbell_cores, device_cores}) {
    unit.write(0, lo, ~0u);
    unit.write(0, lo + 4, ~0u);
    EXPECT_EQ(unit.read(0, lo).value, ~0u) << lo;
    EXPECT_EQ(unit.read(0, lo + 4).value, 0xFFu) << lo;
  }
  for (int core = 0; core < 40; ++core) {
    EXPECT_EQ(unit.read(core, own_pending).value, 0u);
    EXPECT_EQ(unit.write(core, barrier(2, arrive), 0).status, access_status::ok);
  }
  for (int core = 0; core < 40; ++core) EXPECT_EQ(unit.read(core, own_pending).value, 1u << 10) << core;
  event_unit small(16);
  small.write(0, barrier(2, mask_lo), ~0u);
  small.write(0, barrier(2, mask_hi), ~0u);
  EXPECT_EQ(small.read(0, barrier(2, mask_lo)).value, 0xFFFFu);
  EXPECT_EQ(small.read(0, barrier(2, mask_hi)).value, 0u);
}

TEST_F(EventUnitTest, ABarrierThatRisesForgetsAllArrivalsAlsoOfCoresThatHaveLeftIt) {
  put(0, barrier(1, mask_lo), 0x7);
  put(2, barrier(1, arrive), 0);
  put(0, barrier(1, mask_lo), 0x3);  // core 2 takes no part any more
  put(0, barrier(1, arrive), 0);
  put(1, barrier(1, arrive), 0);
  EXPECT_EQ(get(0, own_pending), 1u << 9);
  EXPECT_EQ(get(2, own_pending), 0u);
  EXPECT_EQ(get(0, barrier(1, arrived_lo)), 0u);
  put(0, own_clear, 1u << 9);
  put(0, barrier(1, mask_lo), 0x7);
  put(0, barrier(1, arrive), 0);
  put(1, barrier(1, arrive), 0);
  EXPECT_EQ(get(0, own_pending), 0u) << "core 2 has not arrived this time";
  put(2, barrier(1, arrive), 0);
  EXPECT_EQ(get(2, own_pending), 1u << 9);
}

TEST(EventUnitSizeTest, OneCoreBarrierNeedsOnlyItself) {
  event_unit unit(1);
  unit.write(0, barrier(0, mask_lo), 0xFFFFFFFFu);
  EXPECT_EQ(unit.read(0, barrier(0, mask_lo)).value, 1u) << "cores that do not exist are not in the mask";
  unit.write(0, barrier(0, arrive), 0);
  EXPECT_EQ(unit.read(0, own_pending).value, 1u << 8);
}

TEST_F(EventUnitTest, DoorbellsFromOutsideReachTheirCores) {
  put(event_unit::no_core, 0xB00, 123);
  EXPECT_EQ(get(0, own_pending), 1u << 28);
  put(0, doorbell_cores, 0x6);
  put(event_unit::no_core, 0xB0C, 0);
  EXPECT_EQ(get(0, own_pending), 1u << 28);
  EXPECT_EQ(get(1, own_pending), 1u << 31);
  EXPECT_EQ(get(2, own_pending), 1u << 31);
}

TEST_F(EventUnitTest, DeviceLinesReachTheirCores) {
  put(0, device_cores, 0x8001);
  unit.raise_device(event_unit::dma_line + 7);
  unit.raise_device(event_unit::error_line);
  for (int core : {0, 15}) EXPECT_EQ(get(core, own_pending), 1u << 27 | 1u << 17);
  EXPECT_EQ(get(1, own_pending), 0u);
}

TEST_F(EventUnitTest, LockIsGrantedRoundRobin) {
  put(5, lock_request, 0);
  EXPECT_EQ(get(5, own_pending), 1u << 19);
  EXPECT_EQ(get(0, lock_holder), 6u);
  for (int core : {2, 9, 15, 0}) put(core, lock_request, 0);
  std::vector<std::uint32_t> order;
  int holder = 5;
  for (int n = 0; n < 4; ++n) {
    put(holder, own_clear, 1u << 19);
    put(holder, lock_release, 0);
    holder = static_cast<int>(get(0, lock_holder)) - 1;
    EXPECT_EQ(get(holder, own_pending), 1u << 19);
    order.push_back(static_cast<std::uint32_t>(holder));
  }
  EXPECT_EQ(order, (std::vector<std::uint32_t>{9, 15, 0, 2}));
  put(2, lock_release, 0);
  EXPECT_EQ(get(0, lock_holder), 0u);
}

TEST_F(EventUnitTest, LockWakesTheCoreThatWaitsForIt) {
  put(1, lock_request, 0);
  put(2, own_mask, 1u << 19);
  put(2, lock_request, 0);
  EXPECT_TRUE(blocks(2));
  put(1, lock_release, 0);
  EXPECT_EQ(unit.take_woken(), bit(2));
}

TEST(EventUnitSizeTest, LockWrapsFromTheLastOf64Cores) {
  event_unit unit(64);
  unit.write(63, lock_request, 0);
  unit.write(62, lock_request, 0);
  unit.write(63, lock_release, 0);
  EXPECT_EQ(unit.read(0, lock_holder).value, 63u);
}

TEST_F(EventUnitTest, LockRefusesStrangersAndDoubleUse) {
  EXPECT_EQ(unit.write(0, lock_release, 0).status, access_status::error);
  put(0, lock_request, 0);
  EXPECT_EQ(unit.write(0, lock_request, 0).status, access_status::error);
  EXPECT_EQ(unit.write(1, lock_release, 0).status, access_status::error);
  EXPECT_EQ(unit.write(event_unit::no_core, lock_request, 0).status, access_status::error);
}

TEST_F(EventUnitTest, OthersSeeACoresRegistersButDoNotWaitThere) {
  put(3, own_mask, 0xFF);
  EXPECT_EQ(get(event_unit::no_core, core_at(3, 0x0)), 0xFFu);
  EXPECT_EQ(get(event_unit::no_core, core_at(3, 0x10)), 0u);
  EXPECT_EQ(unit.waiting_cores(), 0u);
}

TEST_F(EventUnitTest, RefusesWhatHasNoRegister) {
  const std::vector<std::uint32_t> no_read = {0x008, 0x014, 0x200, 0x802, 0x808, 0x814, 0x900,     0xA08,
                                              0xA14, 0xB00, 0xB18, 0xB20, 0xB2C, 0xB38, 0xFFFFFFFC};
  for (std::uint32_t offset : no_read) {
    EXPECT_EQ(unit.read(0, offset).status, access_status::error) << std::hex << offset;
  }
  const std::vector<std::uint32_t> no_write = {0x004, 0x010, 0x014, 0x200, 0x802, 0x804, 0x810,
                                               0x902, 0xA0C, 0xA10, 0xB01, 0xB28, 0xB38, 0xFFFFFFFC};
  for (std::uint32_t offset : no_write) {
    EXPECT_EQ(unit.write(0, offset, 1).status, access_status::error) << std::hex << offset;
  }
  EXPECT_EQ(unit.read(event_unit::no_core, own_mask).status, access_status::error);
  EXPECT_EQ(unit.write(event_unit::no_core, own_mask, 1).status, access_status::error);
}

TEST_F(EventUnitTest, StateMovesOutAndIn) {
  put(2, own_mask, 1);
  EXPECT_TRUE(blocks(2));
  const event_unit::state saved = unit.save();
  event_unit other(16);
  other.restore(saved);
  other.write(0, event_lo(0), 1u << 2);
  EXPECT_EQ(other.take_woken(), bit(2));
}

// Random use against sets and maps, which share nothing with the masks of the model.
TEST(EventUnitRandomTest, AgreesWithASetModel) {
  const unsigned seed = 20261122;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const unsigned cores = 24;
  event_unit unit(cores);
  std::map<unsigned, std::set<unsigned>> pending, mask;
  std::set<unsigned> waiting;
  const auto bits = [](const std::set<unsigned>& s) {
    std::uint32_t word = 0;
    for (unsigned n : s) word |= 1u << n;
    return word;
  };
  for (int step = 0; step < 20000; ++step) {
    const unsigned core = random() % cores;
    const std::uint32_t word = random() & random();
    switch (random() % 4) {
      case 0: {
        const unsigned line = random() % 8;
        unit.write(static_cast<int>(core), event_lo(line), word);
        for (unsigned c = 0; c < cores; ++c) {
          if (word >> c & 1) pending[c].insert(line);
        }
        break;
      }
      case 1:
        unit.write(static_cast<int>(core), own_clear, word);
        for (unsigned n = 0; n < 32; ++n) {
          if (word >> n & 1) pending[core].erase(n);
        }
        break;
      case 2:
        unit.write(static_cast<int>(core), own_mask, word);
        mask[core].clear();
        for (unsigned n = 0; n < 32; ++n) {
          if (word >> n & 1) mask[core].insert(n);
        }
        break;
      default:
        if (waiting.count(core) == 0) {
          const auto answer = unit.read(static_cast<int>(core), own_wait);
          if ((bits(pending[core]) & bits(mask[core])) != 0) {
            ASSERT_EQ(answer.value, bits(pending[core]) & bits(mask[core]));
          } else {
            ASSERT_EQ(answer.status, access_status::blocked);
            waiting.insert(core);
          }
        }
    }
    std::uint64_t expected = 0;
    for (auto it = waiting.begin(); it != waiting.end();) {
      const bool over = (bits(pending[*it]) & bits(mask[*it])) != 0;
      if (over) expected |= bit(*it);
      it = over ? waiting.erase(it) : std::next(it);
    }
    ASSERT_EQ(unit.take_woken(), expected) << "step " << step;
  }
}

}  // namespace
}  // namespace ohmic
