#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ohmic {

/// The accesses to L1 of one core, in order, and the cycles between them. Of a long list only the beginning is kept:
/// the rest is taken to go on like it.
class core_stream {
 public:
  struct access {
    std::uint32_t address = 0;
    unsigned gap = 1;  ///< cycles behind the grant of the one before
  };

  /// Cycles outside of inner loops.
  void wait(unsigned cycles) { gap_ += cycles; }
  void touch(std::uint32_t address, unsigned gap = 1) {
    loops_ += gap;
    total_ += gap_ + gap;
    if (list_.size() < most_accesses) {
      list_.push_back({address, gap_ + gap});
      listed_ = total_;
    }
    gap_ = 0;
  }
  const std::vector<access>& list() const { return list_; }
  double total() const { return static_cast<double>(total_ + gap_); }
  /// Without what was waited for outside of inner loops.
  double loops() const { return static_cast<double>(loops_); }
  /// Until the last access of the list.
  double listed() const { return static_cast<double>(listed_); }

 private:
  static constexpr std::size_t most_accesses = 6000;

  std::vector<access> list_;
  unsigned gap_ = 0;
  std::uint64_t total_ = 0, listed_ = 0, loops_ = 0;
};

/// Cycles until every core has made its accesses; a bank serves one a cycle, the first core found from (cycle mod
/// cores) on.
double run_on_banks(const std::vector<core_stream>& cores, unsigned banks);

}  // namespace ohmic
