#include "ip/icache/shared_icache.h"

#include <algorithm>
#include <cassert>

namespace ohmic {
namespace {

constexpr std::uint64_t bit(unsigned n) { return std::uint64_t{1} << n; }

[[maybe_unused]] constexpr bool power_of_two(std::uint32_t n) { return n != 0 && (n & (n - 1)) == 0; }

}  // namespace

shared_icache::shared_icache(const shared_icache_config& config)
    : config_(config), sets_(config.bytes / (config.line_bytes * config.ways)) {
  assert(config.cores >= 1 && config.cores <= 64);
  assert(power_of_two(config.line_bytes) && power_of_two(config.banks) && config.banks <= 16);
  assert(power_of_two(sets_) && sets_ >= config.banks);
  line_shift_ = static_cast<unsigned>(__builtin_ctz(config.line_bytes));
  tags_.assign(std::size_t{sets_} * config.ways, empty);
  victim_.assign(sets_, 0);
  misses_.resize(config.cores);
  line_data_ = std::make_unique<std::uint8_t[]>(std::size_t{config.cores} * config.line_bytes);
  for (unsigned i = 0; i < config.cores; ++i) {
    misses_[i].burst.data = line_data_.get() + std::size_t{i} * config.line_bytes;
  }
}

// Banks take the low bits of the line number, so that sets of one bank are `banks` apart.
std::uint32_t shared_icache::set_of(std::uint32_t line) const { return line & (sets_ - 1); }

void shared_icache::request(unsigned core, std::uint32_t line_addr, cycle_t now) {
  const std::uint32_t line = line_addr >> line_shift_;
  wanted_[core] = line;
  waiting_[line & (config_.banks - 1)] |= bit(core);
  next_lookup_ = std::min(next_lookup_, now);
}

void shared_icache::cancel(unsigned core) {
  std::uint64_t left = 0;
  for (unsigned bank = 0; bank < config_.banks; ++bank) left |= waiting_[bank] &= ~bit(core);
  for (miss& m : misses_) m.waiters &= ~bit(core);
  unsigned kept = 0;
  for (unsigned i = 0; i < ready_count_; ++i) {
    if (ready_[i].core != core) ready_[kept++] = ready_[i];
  }
  ready_count_ = kept;
  if (left == 0) next_lookup_ = never;
}

std::uint64_t shared_icache::lookup(cycle_t now) {
  std::uint64_t missed = 0;
  const auto first = static_cast<unsigned>(now % config_.cores);
  for (unsigned bank = 0; bank < config_.banks; ++bank) {
    std::uint64_t& waiting = waiting_[bank];
    if (waiting == 0) continue;
    const std::uint64_t from_first = waiting & ~(bit(first) - 1);
    const auto core = static_cast<unsigned>(__builtin_ctzll(from_first != 0 ? from_first : waiting));
    waiting &= ~bit(core);
    unsigned index = 0;
    if (look_up_one(core, now, index)) missed |= bit(index);
  }
  std::uint64_t left = 0;
  for (unsigned bank = 0; bank < config_.banks; ++bank) left |= waiting_[bank];
  counters_.conflicts += static_cast<std::uint64_t>(__builtin_popcountll(left));
  next_lookup_ = left != 0 ? now + 1 : never;
  return missed;
}

/// True if the line must be read: misses_[index] is then its new entry.
bool shared_icache::look_up_one(unsigned core, cycle_t now, unsigned& index) {
  const std::uint32_t line = wanted_[core];
  const std::uint32_t* const tags = &tags_[std::size_t{set_of(line)} * config_.ways];
  for (unsigned way = 0; way < config_.ways; ++way) {
    if (tags[way] == line) {
      ++counters_.hits;
      deliver(core, now + config_.hit_cycles);
      return false;
    }
  }
  for (std::uint64_t busy = miss_busy_; busy != 0; busy &= busy - 1) {
    miss& m = misses_[static_cast<unsigned>(__builtin_ctzll(busy))];
    if (m.line == line && m.keep) {
      ++counters_.merged;
      m.waiters |= bit(core);
      return false;
    }
  }
  // A core waits for one line at most, so an entry is free unless cancelled reads still hold all of them.
  const std::uint64_t free = ~miss_busy_ & (config_.cores >= 64 ? ~std::uint64_t{0} : bit(config_.cores) - 1);
  if (free == 0) {
    waiting_[line & (config_.banks - 1)] |= bit(core);
    return false;
  }
  ++counters_.misses;
  index = static_cast<unsigned>(__builtin_ctzll(free));
  miss_busy_ |= bit(index);
  miss& m = misses_[index];
  m.line = line;
  m.waiters = bit(core);
  m.keep = true;
  std::uint8_t* const data = m.burst.data;
  m.burst = axi_burst{};
  m.burst.data = data;
  m.burst.addr = std::uint64_t{line} << line_shift_;
  m.burst.bytes = config_.line_bytes;
  m.burst.initiator = config_.initiator;
  m.burst.id = config_.axi_id;
  m.burst.core = static_cast<std::uint8_t>(core);
  m.burst.tag = index;
  return true;
}

void shared_icache::on_response(const axi_burst& burst, cycle_t now) {
  miss& m = misses_[burst.tag];
  assert((miss_busy_ & bit(burst.tag)) != 0 && &m.burst == &burst);
  if (m.keep && burst.resp == axi_resp::okay) {
    const std::uint32_t set = set_of(m.line);
    tags_[std::size_t{set} * config_.ways + victim_[set]] = m.line;
    victim_[set] = static_cast<std::uint8_t>((victim_[set] + 1) % config_.ways);
  }
  for (std::uint64_t left = m.waiters; left != 0; left &= left - 1) {
    deliver(static_cast<unsigned>(__builtin_ctzll(left)), now + config_.refill_cycles);
  }
  miss_busy_ &= ~bit(burst.tag);
}

void shared_icache::flush() {
  std::fill(tags_.begin(), tags_.end(), empty);
  for (miss& m : misses_) m.keep = false;
}

}  // namespace ohmic
