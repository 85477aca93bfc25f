#include "platform/machine/instruction_trace.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "ip/iss/disassembler.h"
#include "platform/elf/elf_file.h"

namespace ohmic {

instruction_trace::instruction_trace(const std::string& path, const elf_file& program)
    : file_(path), program_(program) {
  file_.write("# cycle pc symbol: instruction [register=value ...] [memory]\n");
}

void instruction_trace::write(const retire_record& r) {
  line_.clear();
  const auto to = std::back_inserter(line_);
  fmt::format_to(to, "{:10} {:08x} {}: {}", r.cycle, r.pc, program_.describe(r.pc),
                 iss::disassemble(r.pc, r.instruction));
  if (r.rd != 0) fmt::format_to(to, " x{}={:08x}", r.rd, r.rd_value);
  if (r.rd2 != 0) fmt::format_to(to, " x{}={:08x}", r.rd2, r.rd2_value);
  if (r.mem_size != 0)
    fmt::format_to(to, " {}{}[{:08x}]={:0{}x}", r.mem_write ? "store" : "load", r.mem_size * 8u, r.mem_addr, r.mem_data,
                   r.mem_size * 2);
  if (r.trap) fmt::format_to(to, " trap cause={:08x}", r.cause);
  line_ += '\n';
  file_.write(line_);
}

void instruction_trace::close() {
  if (!std::exchange(closed_, true)) file_.commit();
}

}  // namespace ohmic
