#include "platform/machine/instruction_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "ip/iss/disassembler.h"
#include "platform/config/config_error.h"
#include "platform/config/numbers.h"
#include "platform/elf/elf_file.h"
#include "platform/machine/machine.h"

namespace ohmic {

instruction_trace::instruction_trace(const traced_core& of, const elf_file& program)
    : file_(of.file), program_(program), cluster_(of.cluster), core_(of.core), from_(of.from), to_(of.to) {
  for (const std::string& word : of.pcs) {
    const std::size_t dash = word.find('-');
    const auto first = parse_integer(word.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_integer(word.substr(dash + 1));
    constexpr std::int64_t most = 0xffffffff;
    if (first && last && *first >= 0 && *first <= *last && *last <= most) {
      pcs_.push_back({static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)});
      continue;
    }
    const elf_symbol* found = nullptr;
    for (const elf_symbol& symbol : program.symbols())
      if (symbol.name == word && (found == nullptr || symbol.size > found->size)) found = &symbol;
    if (found == nullptr)
      throw config_error("--trace-pc " + printable(word) +
                         ": the program has no such function; allowed: one of its functions, or FIRST-LAST, as in "
                         "0x80000100-0x800001ff");
    pcs_.push_back({found->address, found->address + std::max(found->size, 1u) - 1});
  }
  file_.write("# cycle pc encoding symbol: instruction [register=value ...] [memory] [trap]\n");
}

bool instruction_trace::wanted(const retire_record& r) const {
  if (r.cycle < from_ || r.cycle > to_) return false;
  return pcs_.empty() ||
         std::any_of(pcs_.begin(), pcs_.end(), [&](const pc_range& p) { return p.first <= r.pc && r.pc <= p.last; });
}

void instruction_trace::write(const retire_record& r) {
  if (!wanted(r)) return;
  line_.clear();
  const auto to = std::back_inserter(line_);
  fmt::format_to(to, "{:10} {:08x} ", r.cycle, r.pc);
  if (r.trap && r.cause >> 31 != 0)
    fmt::format_to(to, "-------- {}: (interrupt)", program_.describe(r.pc));
  else
    fmt::format_to(to, "{:>8} {}: {}", fmt::format(r.compressed ? "{:04x}" : "{:08x}", r.instruction),
                   program_.describe(r.pc), iss::disassemble(r.pc, r.instruction));
  if (r.rd != 0) fmt::format_to(to, " x{}={:08x}", r.rd, r.rd_value);
  if (r.rd2 != 0) fmt::format_to(to, " x{}={:08x}", r.rd2, r.rd2_value);
  if (r.mem_size != 0)
    fmt::format_to(to, " {}{}[{:08x}]={:0{}x}", r.mem_write ? "store" : "load", r.mem_size * 8u, r.mem_addr, r.mem_data,
                   r.mem_size * 2);
  if (r.trap) fmt::format_to(to, " trap cause={:08x}", r.cause);
  line_ += '\n';
  file_.write(line_);
  ++lines_;
}

recorded_trace instruction_trace::recorded() const { return {cluster_, core_, lines_}; }

void instruction_trace::close() {
  if (!std::exchange(closed_, true)) file_.commit();
}

}  // namespace ohmic
