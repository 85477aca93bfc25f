// ELF files with wrong fields, sizes that overflow, tables that overlap, and bytes changed: each is refused in one line
// that names the file, or read completely and consistently.
#include <cstring>

#include "platform/elf/elf_file.h"
#include "tests/fuzz/campaign.h"

namespace ohmic::fuzz {
namespace {

class builder {
 public:
  void put(std::size_t at, std::uint64_t value, unsigned size) {
    if (bytes_.size() < at + size) bytes_.resize(at + size);
    for (unsigned i = 0; i < size; ++i) bytes_[at + i] = static_cast<char>(i < 8 ? value >> (8 * i) : 0);
  }
  std::size_t size() const { return bytes_.size(); }
  void text(const std::string& s) { bytes_ += s; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// A number at an edge: of its size, of the file, or small.
std::uint64_t edge(dice& random, std::uint64_t size) {
  switch (random.below(6)) {
    case 0:
      return random.below(4);
    case 1:
      return 0xffffffffu - random.below(64);
    case 2:
      return size - 2 + random.below(5);
    case 3:
      return std::uint64_t{1} << random.below(32);
    default:
      return random.number() & 0xffffffffu;
  }
}

std::string make(dice& random) {
  const unsigned segments = 1 + static_cast<unsigned>(random.below(4));
  const unsigned symbols = static_cast<unsigned>(random.below(12));
  builder b;
  b.put(0, 0x464c457f, 4);
  b.put(4, 0x010101, 4);
  b.put(16, 2, 2);
  b.put(18, 243, 2);
  b.put(20, 1, 4);
  b.put(24, 0x80000000, 4);
  b.put(28, 52, 4);
  b.put(40, 52, 2);
  b.put(42, 32, 2);
  b.put(44, segments, 2);
  b.put(46, 40, 2);
  std::size_t contents = 52 + 32 * segments;
  std::uint32_t address = 0x80000000;
  for (unsigned i = 0; i < segments; ++i) {
    const std::size_t at = 52 + 32 * i;
    const std::uint32_t in_file = static_cast<std::uint32_t>(random.below(200)),
                        size = in_file + static_cast<std::uint32_t>(random.below(3) * 100);
    b.put(at, 1, 4);
    b.put(at + 4, contents, 4);
    b.put(at + 8, address, 4);
    b.put(at + 12, address, 4);
    b.put(at + 16, in_file, 4);
    b.put(at + 20, size, 4);
    b.put(at + 24, i == 0 || random.one_in(4) ? 5 : 6, 4);
    contents += in_file;
    address += size + static_cast<std::uint32_t>(random.below(4096));
  }
  b.put(contents, 0, 1);
  const std::size_t table = b.size();
  for (unsigned i = 0; i < symbols; ++i) {
    b.put(table + 16 * i, random.below(40), 4);
    b.put(table + 16 * i + 4, 0x80000000 + random.below(4096), 4);
    b.put(table + 16 * i + 8, random.below(64), 4);
    b.put(table + 16 * i + 12, 0x12, 1);
    b.put(table + 16 * i + 14, 1, 2);
  }
  const std::size_t strings = b.size();
  b.text(std::string("\0main\0loop\0ohmic_args\0$x\0a_longer_name\0", 40));
  const std::size_t sections = b.size();
  b.put(sections + 4, 0, 36);
  b.put(sections + 40 + 4, 2, 4);
  b.put(sections + 40 + 16, table, 4);
  b.put(sections + 40 + 20, 16 * symbols, 4);
  b.put(sections + 40 + 24, 2, 16);
  b.put(sections + 80 + 4, 3, 4);
  b.put(sections + 80 + 16, strings, 4);
  b.put(sections + 80 + 20, 40, 20);
  b.put(32, sections, 4);
  b.put(48, 3, 2);
  // Wrong fields: mostly few, so that many files come past the parser.
  for (std::uint64_t wrong = random.below(4); wrong != 0; --wrong) {
    const std::size_t headers = 52 + 32 * segments;
    const std::size_t at = random.one_in(3)   ? sections + 4 * random.below(30)
                           : random.one_in(4) ? 16 + 2 * random.below(18)
                                              : 52 + 4 * random.below((headers - 52) / 4);
    b.put(at, edge(random, b.size()), random.one_in(2) ? 4 : 2);
  }
  std::string file = b.take();
  if (random.one_in(8)) file.resize(random.below(file.size()));
  return random.one_in(4) ? mutated(std::move(file), random, 1, {}) : file;
}

verdict run(const std::string& input) {
  verdict v;
  try {
    elf_file program = elf_file::parse({input.begin(), input.end()}, "some.elf");
    v.reached = true;
    for (const elf_segment& s : program.segments()) {
      if (s.bytes.size() > s.size) v.wrong = "a segment is larger in the file than in memory";
      if (std::uint64_t{s.address} + s.size > std::uint64_t{1} << 32) v.wrong = "a segment wraps around";
      program.describe(s.address);
      program.describe(s.address + s.size);
    }
    for (const elf_symbol& s : program.symbols()) {
      if (program.describe(s.address).empty()) v.wrong = "a symbol's own address has no name";
      program.address_of(s.name);
    }
    const elf_segment text = program.text();
    if (text.bytes.size() != text.size) v.wrong = "text has another size than it says";
    const elf_segment& last = program.segments().back();
    if (!last.bytes.empty()) {
      const std::uint8_t byte = 0x5a;
      program.write(static_cast<std::uint32_t>(last.address + last.bytes.size() - 1), &byte, 1);
    }
  } catch (const elf_error& error) {
    const std::string text = error.what();
    if (text.rfind("some.elf: ", 0) != 0) v.wrong = "a message does not name the file: " + text;
    if (text.find('\n') != std::string::npos) v.wrong = "a message has several lines: " + text;
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

int main(int argc, char** argv) {
  return ohmic::fuzz::main_of({"elf", ohmic::fuzz::make, ohmic::fuzz::run}, argc, argv);
}
