#include "platform/run/firmware.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/run/program_run.h"

namespace ohmic {
namespace {

/// A model of core that does not execute the programs of the others, or cannot start where they do.
struct own_program {
  core_model model;
  bool (*can_start)(const elf_file& program);
  const char* starts_at;
};

// Ibex: source is its reference guide, "Exceptions and Interrupts": reset is 0x80 behind the vector table's base.
constexpr own_program own_programs[] = {
    {core_model::ibex, [](const elf_file& program) { return program.entry() % 256 == 0x80; },
     "0x80 behind a multiple of 256"},
};

/// What stands where in a segment, by name.
std::vector<std::pair<std::uint32_t, std::string>> contents(const elf_file& program, const elf_segment& segment) {
  std::vector<std::pair<std::uint32_t, std::string>> found;
  for (const elf_symbol& symbol : program.symbols())
    if (symbol.address - segment.address < segment.size) found.emplace_back(symbol.address, symbol.name);
  std::sort(found.begin(), found.end());
  return found;
}

void check_pair(const elf_file& a, const elf_file& b) {
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
  for (const own_program& own : own_programs) {
    if (!chip.any_core(own.model)) continue;
    const auto given = others.find(own.model);
    if (given == others.end() && own.can_start(files_.front())) continue;
    const char* const model = name_of(own.model);
    const std::filesystem::path path(program);
    const std::string beside = path.parent_path() / model / path.filename();
    if (given == others.end() && !std::filesystem::is_regular_file(beside))
      throw elf_error(fmt::format(
          "{}: starts at {:#010x}, where no core of model {} does ({}), and there is no {} for the clusters "
          "with such cores; give one with --firmware {}=FILE",
          program, files_.front().entry(), model, own.starts_at, beside, model));
    const elf_file& file = load(given == others.end() ? beside : given->second, chip, arguments);
    if (!own.can_start(file))
      throw elf_error(fmt::format("{}: starts at {:#010x}, but cores of model {} start {}", file.name(), file.entry(),
                                  model, own.starts_at));
    programs_.add(own.model, file);
  }
  check_apart(chip);
}

/// Programs that run in one chip lie apart, but for data that they share.
void firmware::check_apart(const chip_config& chip) const {
  std::vector<const elf_file*> used;
  for (unsigned i = 0; i < chip.clusters() && programs_.size() > 1; ++i) {
    const elf_file* const file = &programs_.in(chip, i);
    if (std::find(used.begin(), used.end(), file) != used.end()) continue;
    for (const elf_file* other : used) check_pair(*other, *file);
    used.push_back(file);
  }
}

bool has_own_program(core_model model) {
  return std::any_of(std::begin(own_programs), std::end(own_programs),
                     [&](const own_program& own) { return own.model == model; });
}

const elf_file& firmware::load(const std::string& path, const chip_config& chip,
                               const std::vector<std::string>& arguments) {
  elf_file& file = files_.emplace_back(elf_file::load(path));
  patch_program(file, chip, arguments);
  return file;
}

}  // namespace ohmic
