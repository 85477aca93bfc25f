#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <memory>

namespace ohmic {

/// What a router's input knows of the bursts that entered there and are not answered: per id how many, and the one
/// output that all of them went to. Reads and writes have one each.
///
/// A request whose id has bursts at another output, or any while some id's count is full, has to wait: so responses of
/// one id keep their order. Source: axi_demux_simple and its id counters, pulp-platform/axi.
class open_ids {
 public:
  open_ids() = default;
  open_ids(unsigned ids, unsigned per_id)
      : entries_(std::make_unique<entry[]>(ids)), limit_(std::min(per_id, most_per_id)) {}

  bool may_go(unsigned id, unsigned output) const {
    const entry& e = entries_[id];
    return full_ == 0 && (e.count == 0 || e.output == output);
  }
  void open(unsigned id, unsigned output) {
    entry& e = entries_[id];
    e.output = static_cast<std::uint8_t>(output);
    if (++e.count == limit_) ++full_;
  }
  void close(unsigned id) {
    entry& e = entries_[id];
    assert(e.count > 0);
    if (e.count-- == limit_) --full_;
  }

 private:
  struct entry {
    std::uint16_t count = 0;
    std::uint8_t output = 0;
  };
  static constexpr unsigned most_per_id = 0xFFFF;
  std::unique_ptr<entry[]> entries_;
  unsigned limit_ = 1, full_ = 0;
};

/// Renames the ids that leave a router by one output to as few as the next router's id width has: each pair of input
/// and id that has bursts on their way keeps one name; a new pair takes the lowest free one, and waits when there is
/// none. Reads and writes have one each. Source: axi_id_remap, pulp-platform/axi.
class remap_table {
 public:
  static constexpr unsigned max_names = 64;
  static constexpr unsigned none = 255;

  remap_table() = default;
  /// Up to `inputs` inputs (at most 64) with ids below `ids` (at most 128).
  remap_table(unsigned inputs, unsigned ids, unsigned names, unsigned per_name)
      : ids_(ids),
        limit_(std::min(per_name, most_per_name)),
        free_(names == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << names) - 1),
        name_of_(std::make_unique<std::uint8_t[]>(std::size_t{inputs} * ids)),
        entries_(std::make_unique<entry[]>(names)) {
    std::fill_n(name_of_.get(), std::size_t{inputs} * ids, std::uint8_t{none});
  }

  /// The name under which (input, id) may go now, or `none`.
  unsigned name(unsigned input, unsigned id) const {
    const unsigned known = name_of_[input * ids_ + id];
    if (known != none) return entries_[known].count < limit_ ? known : none;
    return free_ != 0 ? static_cast<unsigned>(__builtin_ctzll(free_)) : none;
  }
  void open(unsigned input, unsigned id, unsigned name) {
    entry& e = entries_[name];
    if (e.count++ == 0) {
      free_ &= ~(std::uint64_t{1} << name);
      e.key = static_cast<std::uint16_t>(input * ids_ + id);
      name_of_[e.key] = static_cast<std::uint8_t>(name);
    }
  }
  /// A burst with this name is answered. Returns the id that it had at its input.
  unsigned close(unsigned name) {
    entry& e = entries_[name];
    assert(e.count > 0);
    if (--e.count == 0) {
      free_ |= std::uint64_t{1} << name;
      name_of_[e.key] = none;
    }
    return e.key % ids_;
  }

 private:
  static constexpr unsigned most_per_name = 0xFFFF;
  struct entry {
    std::uint16_t key = 0;
    std::uint16_t count = 0;
  };
  unsigned ids_ = 1, limit_ = 1;
  std::uint64_t free_ = 0;
  std::unique_ptr<std::uint8_t[]> name_of_;  // [input][id]
  std::unique_ptr<entry[]> entries_;
};

}  // namespace ohmic
