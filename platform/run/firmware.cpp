#include "platform/run/firmware.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/run/program_run.h"

namespace ohmic {
namespace {

/// Source: Ibex reference guide, "Exceptions and Interrupts": reset is 0x80 behind the vector table's base.
bool starts_as_ibex(const elf_file& program) { return program.entry() % 256 == 0x80; }

/// What stands where in a segment, by name.
std::vector<std::pair<std::uint32_t, std::string>> contents(const elf_file& program, const elf_segment& segment) {
  std::vector<std::pair<std::uint32_t, std::string>> found;
  for (const elf_symbol& symbol : program.symbols())
    if (symbol.address - segment.address < segment.size) found.emplace_back(symbol.address, symbol.name);
  std::sort(found.begin(), found.end());
  return found;
}

/// Two programs of one chip lie apart, but for data that they share.
void check_apart(const elf_file& a, const elf_file& b) {
  for (const elf_segment& s : a.segments())
    for (const elf_segment& t : b.segments()) {
      if (s.bytes.empty() || t.bytes.empty()) continue;
      if (s.address + s.bytes.size() <= t.address || t.address + t.bytes.size() <= s.address) continue;
      if (!s.executable && s.address == t.address && s.bytes == t.bytes && contents(a, s) == contents(b, t)) continue;
      throw elf_error(fmt::format(
          "{} and {} both fill memory at {:#010x}; programs for one chip stand at different addresses, and what they "
          "share (.hbm) is the same in both, as when they are built from the same sources",
          a.name(), b.name(), std::max(s.address, t.address)));
    }
}

}  // namespace

firmware::firmware(const std::string& program, const firmware_files& others, const chip_config& chip,
                   const std::vector<std::string>& arguments)
    : programs_(load(program, chip, arguments)) {
  for (const auto& [model, file] : others)
    if (!chip.any_core(model))
      throw config_error(fmt::format("--firmware {0}={1}: the chip has no core of model {0}", name_of(model), file));
  if (!chip.any_core(core_model::ibex)) return;
  const auto given = others.find(core_model::ibex);
  if (given == others.end() && starts_as_ibex(files_.front())) return;
  const std::filesystem::path path(program);
  const std::string beside = path.parent_path() / name_of(core_model::ibex) / path.filename();
  if (given == others.end() && !std::filesystem::is_regular_file(beside))
    throw elf_error(
        fmt::format("{}: starts at {:#010x}, where no Ibex core does (0x80 behind a multiple of 256), and "
                    "there is no {} for the clusters with Ibex cores; give one with --firmware ibex=FILE",
                    program, files_.front().entry(), beside));
  const elf_file& ibex = load(given == others.end() ? beside : given->second, chip, arguments);
  if (!starts_as_ibex(ibex))
    throw elf_error(fmt::format("{}: starts at {:#010x}, but Ibex cores start 0x80 behind a multiple of 256",
                                ibex.name(), ibex.entry()));
  programs_.add(core_model::ibex, ibex);
  for (unsigned i = 0; i < chip.clusters(); ++i)
    if (programs_.index(chip, i) == 0) {
      check_apart(files_.front(), ibex);
      return;
    }
}

const elf_file& firmware::load(const std::string& path, const chip_config& chip,
                               const std::vector<std::string>& arguments) {
  elf_file& file = files_.emplace_back(elf_file::load(path));
  patch_program(file, chip, arguments);
  return file;
}

}  // namespace ohmic
