#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ip/core/private_icache.h"
#include "ip/core/text_bytes.h"
#include "ip/iss/instruction_set.h"

namespace ohmic::iss {

/// One instruction, ready to execute. There is one per half-word of the text, so that any even pc is a plain
/// index; the second half of a 32-bit instruction decodes as whatever its bits mean.
struct decoded {
  /// Handler on sequential arrival: the instruction itself, or op::checkpoint. Written after the build only to
  /// turn an instruction into a checkpoint, which costs time on the host and changes nothing else.
  std::uint16_t arrive;
  std::uint16_t body;  ///< handler after a taken jump or a passed checkpoint: the instruction itself
  std::uint8_t rd;     ///< 0..31; sink_register for a discarded result. Branches: cycles when taken
  std::uint8_t rs1;
  std::uint8_t rs2;
  std::uint8_t cycles;  ///< issue slots taken; loads: extra cycles until the next instruction has the data
  std::uint8_t step;    ///< bytes from this entry to the next instruction's entry
  std::uint8_t flags;   ///< decoded_flag
  std::uint16_t aux;    ///< CSR number; accesses: access_format; cv.setup: 1 if its loop is not allowed; op::to_sp:
                        ///< the instruction
  std::int32_t imm;     ///< immediate operand, or byte distance to the jump target's entry
};
static_assert(sizeof(decoded) == 16);

enum decoded_flag : std::uint8_t {
  flag_near_target = 1,    ///< jump target lies in the same instruction line, and no other line is touched
  flag_line_start = 2,     ///< first instruction of a line when arriving sequentially
  flag_straddles = 4,      ///< 32-bit instruction over a line end: needs the next line too
  flag_wide_at_2mod4 = 8,  ///< 32-bit instruction at 2 mod 4: as a jump target it costs one more cycle
  flag_late_hazard = 16,   ///< load in front of a hardware loop's end: its hazard depends on where the loop goes
  flag_hidden_jump = 32,   ///< right behind mulh or a division: asks for its target while it waits for them
  flag_line_end = 64,      ///< the prefetcher asks for the next line when this instruction is reached, or before
  flag_word_behind =
      128,  ///< compressed in a line's last half-word: leaves IF when the next line's first word is there
};

/// The instruction itself, also of one that computes sp.
inline op op_of(const decoded& d) {
  const op o = static_cast<op>(d.body);
  return o == op::to_sp ? static_cast<op>(d.aux) : o;
}
/// Reached sequentially, the instruction needs a line that the one in front of it does not.
inline constexpr std::uint8_t flags_needing_line = flag_line_start | flag_straddles | flag_word_behind;

/// Stall cycles of instruction `to` when it issues right behind `from`.
unsigned hazard_cycles(const decoded& from, const decoded& to);

/// Whether `to` waits in ID for a load of register r that is not there yet: it reads r, or writes it earlier.
bool waits_for_load(const decoded& to, unsigned r);

inline constexpr std::uint8_t stack_pointer = 2;   ///< x2
inline constexpr std::uint8_t sink_register = 32;  ///< where writes to x0 go

/// IF is empty behind this instruction: the next one is fetched when it is done, or ID takes none before.
bool empties_if(const decoded& d);

/// decoded::aux of a load or store
enum access_format : std::uint16_t {
  access_size_mask = 7,
  access_signed = 8,
  access_elw = 16,
  access_before_jump = 32,  ///< a jump follows that does not wait for the access
  access_to_sp = 64,        ///< it loads sp, or steps it on
};

inline constexpr unsigned text_line_bytes = private_icache::line_bytes;  ///< of the instruction caches

/// The executable bytes of an ELF, decoded once at load and shared by all harts of all threads.
///
/// Read-only for harts, except that a hart may mark the end of a hardware loop (mark_loop_end), which is safe
/// from any thread and has no effect on results. A store to the text has no effect until refresh().
class decoded_text {
 public:
  /// base: even address of the first byte. An odd last byte is ignored.
  decoded_text(std::uint32_t base, const void* bytes, std::size_t size);

  /// Decodes `size` bytes at `addr` anew (what fence.i makes visible). Not while any hart runs.
  /// Parts outside the text are ignored.
  void refresh(std::uint32_t addr, const void* bytes, std::size_t size);

  std::uint32_t base() const { return base_; }
  std::uint32_t size() const { return size_; }
  bool contains(std::uint32_t pc) const { return pc - base_ < size_; }

  /// The instruction's bits at pc: 16 bits if compressed. pc must be inside.
  std::uint32_t word_at(std::uint32_t pc) const;

  /// A hardware loop may end at `pc` (its lpend): arriving there sequentially must be noticed. Thread-safe.
  void mark_loop_end(std::uint32_t pc) const;

  text_bytes bytes() const { return {base_, size_, reinterpret_cast<const std::uint8_t*>(halves_.data())}; }

  const decoded* entry(std::uint32_t pc) const { return first() + ((pc - base_) >> 1); }
  const decoded* first() const { return entries_.data() + front_guards; }

  /// Cycles that the instruction at pc, inside, waits in ID for what the one in front of it makes: not 0 for jalr only.
  unsigned waits_in_id(std::uint32_t pc) const { return cycles_in_id((pc - base_) >> 1); }

  /// Decodes one instruction on its own: operands, but nothing that depends on its neighbours.
  static decoded decode(std::uint32_t pc, std::uint32_t word);

 private:
  std::uint16_t half_at(std::uint32_t index) const { return index < halves_.size() ? halves_[index] : 0; }
  std::uint32_t bits_at(std::uint32_t index) const;
  void decode_range(std::uint32_t first_index, std::uint32_t end_index);
  void finish(std::uint32_t index);
  void mark_stack_pointer(std::uint32_t index);
  bool takes_last_word(std::uint32_t index) const;
  bool at_line_end(std::uint32_t index) const;
  bool asks_for_jump(std::uint32_t index) const;
  void mark_line_end(std::uint32_t index);
  unsigned cycles_in_id(std::uint32_t index) const;

  std::uint32_t base_;
  std::uint32_t size_;
  std::vector<std::uint16_t> halves_;
  decoded& at(std::uint32_t index) const { return entries_[index + front_guards]; }

  static constexpr unsigned front_guards = 2;  // so that a look at the instruction before stays inside
  static constexpr unsigned back_guards = 2;
  mutable std::vector<decoded> entries_;
  std::vector<bool> loop_ends_;  // by cv.setup and cv.end seen in the text
};

}  // namespace ohmic::iss
