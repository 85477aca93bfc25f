#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ip/iss/iss_group.h"

namespace ohmic {

/// One hart with flat memory and a bus that answers in the next cycle: runs an ELF or a raw program on the ISS
/// without a platform. For tests of firmware kernels and of the ISS itself.
///
/// Memory is any number of regions; accesses outside read bad_access_pattern and are counted in bad_accesses().
/// Cycles are those of a core whose memories never stall; the private instruction cache fills at no cost. Stores to
/// the text become visible with the next line fetched, so at a fence.i at the latest.
class flat_machine {
 public:
  /// Maps every segment of the ELF (and `extra` bytes of heap and stack behind the last one) and starts at its
  /// entry. Throws elf_error.
  void load_elf(const std::string& path, std::uint32_t extra = 1 << 20);

  /// Loads raw code at `address` and starts there.
  void load_code(std::uint32_t address, const void* bytes, std::size_t size);

  /// Adds zeroed memory. Regions must not overlap.
  void map(std::uint32_t address, std::uint32_t size);

  /// A word or byte stored there appears in console(). Not set: none.
  void set_console(std::uint32_t address) { console_address_ = address; }
  /// A store there ends run(); exit_code() is the value.
  void set_exit(std::uint32_t address) { exit_address_ = address; }
  /// Called for accesses outside the mapped regions: return the data read (ignored for writes).
  void set_device(std::function<std::uint32_t(const bus_request&)> device) { device_ = std::move(device); }

  enum class outcome { exited, halted, cycle_limit };
  /// Runs until a store to the exit address, an unmapped pc, or max_cycles.
  outcome run(std::uint64_t max_cycles) { return run(max_cycles, silent_); }

  /// The same with an observer of retirements (see null_observer).
  template <class Observer>
  outcome run(std::uint64_t max_cycles, Observer& observer) {
    const cycle_t limit = group().time(0) + max_cycles;
    exited_ = false;
    for (;;) {
      switch (group().advance(0, limit, observer)) {
        case core_stop::bus: {
          const bus_request r = group().request(0);
          group().complete(0, access(r), r.cycle, r.cycle + 1);
          if (exited_) return outcome::exited;
          break;
        }
        case core_stop::fetch:
          fetch();
          break;
        case core_stop::horizon:
          if (group().time(0) >= limit) return outcome::cycle_limit;
          break;
        case core_stop::halted:
          return outcome::halted;
      }
    }
  }

  /// Calls a function: sets a0.., ra to a place outside the text (so that its return halts), pc; runs; returns a0.
  /// Throws std::runtime_error if it does not return within max_cycles.
  std::uint32_t call(std::uint32_t address, const std::vector<std::uint32_t>& arguments, std::uint64_t max_cycles,
                     std::uint32_t stack = 0);
  /// Address of a symbol of the loaded ELF.
  std::uint32_t symbol(const std::string& name) const;

  void read(std::uint32_t address, void* to, std::size_t size) const;
  void write(std::uint32_t address, const void* from, std::size_t size);
  std::uint32_t read_word(std::uint32_t address) const;
  void write_word(std::uint32_t address, std::uint32_t value) { write(address, &value, 4); }

  std::uint32_t reg(unsigned n) const { return group_->save(0).x[n]; }
  void set_reg(unsigned n, std::uint32_t value);
  void set_pc(std::uint32_t pc);

  cycle_t cycles() const { return group_->time(0); }
  std::uint64_t retired() const { return group_->counters(0).retired; }
  std::uint32_t exit_code() const { return exit_code_; }
  const std::string& console() const { return console_; }
  std::uint64_t bad_accesses() const { return bad_accesses_; }
  iss_group& group() { return *group_; }

 private:
  struct region {
    std::uint32_t address;
    std::vector<std::uint8_t> bytes;
  };
  std::uint32_t access(const bus_request& r);
  void fetch();
  region* find(std::uint32_t address);
  void boot(std::uint32_t text_address, const void* text, std::size_t size, std::uint32_t entry);

  std::vector<region> regions_;
  std::size_t last_region_ = 0;
  std::unique_ptr<decoded_text> text_;
  std::unique_ptr<iss_group> group_;
  std::vector<std::pair<std::string, std::uint32_t>> symbols_;
  std::optional<std::uint32_t> console_address_, exit_address_;
  std::function<std::uint32_t(const bus_request&)> device_;
  std::string console_;
  std::uint32_t exit_code_ = 0;
  std::uint32_t memory_end_ = 0;
  std::uint64_t bad_accesses_ = 0;
  bool exited_ = false;
  bool text_written_ = false;
  null_observer silent_;
};

}  // namespace ohmic
