#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ip/core/core_seam.h"
#include "ip/iss/semantic_step.h"

namespace ohmic {

/// What kinds of instructions a lock-step run has compared.
enum class lockstep_class : std::uint8_t {
  alu,
  multiply,
  divide,
  simd,
  load,
  store,
  event_wait,
  branch,
  jump,
  csr,
  hardware_loop,
  system,
  exception,
  interrupt
};
inline constexpr unsigned lockstep_class_count = 14;
const char* name_of(lockstep_class c);

/// Instructions compared, by lockstep_class.
using lockstep_counts = std::array<std::uint64_t, lockstep_class_count>;

/// Follows one RTL hart with the ISS, retirement by retirement.
///
/// The RTL decides timing, load data and when interrupts are taken. Compared: pc, instruction bits, both register
/// writes, address, size, direction and data of accesses, exceptions and interrupts with their causes; and, at every
/// data access, the trap CSRs and the hardware-loop registers. Taken from the RTL: reads of counters and of mip.
/// docs/lockstep.md says what is not compared.
class lockstep_checker {
 public:
  lockstep_checker(const decoded_text& text, std::uint32_t mhartid);

  void start(std::uint32_t boot_addr);
  /// Goes on from this state.
  void restore(const hart_state& state);

  /// The text may be written over; `versions` outlives the checker.
  void follow(const iss::text_versions& versions) { versions_ = &versions; }

  /// One retirement of the RTL. False: the ISS does something else; see mismatch(). The ISS then goes on from what the
  /// RTL did: registers, and whether it trapped, from this retirement; the pc from the next; trap CSRs and loops, where
  /// they differ, from the next expect_control(). text_version: what the RTL fetches from. The ISS takes it over with
  /// the first instruction that is new in it: those fetched before retire first.
  bool check(const retire_record& rtl, std::size_t text_version = 0);

  /// Control state of the RTL while the access of the instruction at `pc` is requested: checked when that retires.
  void expect_control(std::uint32_t pc, const hart_state& rtl);

  /// What both sides did, in two lines behind the reason.
  const std::string& mismatch() const { return mismatch_; }
  /// The retirements of the RTL before the last one, one a line.
  std::string story() const;
  const lockstep_counts& counts() const { return counts_; }

 private:
  struct step {
    retire_record rtl, iss;
  };
  static constexpr unsigned history = 32;

  bool refuse(const retire_record& rtl, const retire_record& iss, const std::string& why);
  bool agrees(const retire_record& rtl);
  void follow(const retire_record& rtl, const hart_state& before);
  bool control_differs(const hart_state& rtl, std::string& why) const;

  void renew_text(std::size_t version);

  std::shared_ptr<const decoded_text> text_;
  const iss::text_versions* versions_ = nullptr;
  std::size_t text_version_ = 0;
  semantic_step iss_;
  hart_state state_;
  bool pc_unknown_ = false;     // the ISS takes it from the next retirement
  std::uint32_t last_elw_ = 1;  // pc of a cv.elw that has just retired: odd if none
  std::optional<hart_state> control_;
  std::uint32_t control_pc_ = 0;
  std::array<retire_record, history> last_{};
  std::uint64_t checked_ = 0;
  lockstep_counts counts_{};
  std::string mismatch_;
};

}  // namespace ohmic
