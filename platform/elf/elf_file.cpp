#include "platform/elf/elf_file.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "host/whole_file.h"

// Source: System V ABI, ELF-32 object file format; RISC-V ELF psABI (e_machine 243).
namespace ohmic {
namespace {

/// Reads little-endian fields and complains where the file ends too early.
class byte_reader {
 public:
  byte_reader(const std::vector<std::uint8_t>& bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::uint32_t read(std::uint64_t at, unsigned size, const char* what) const {
    require(at, size, what);
    std::uint32_t v = 0;
    for (unsigned i = 0; i < size; ++i) v |= std::uint32_t{bytes_[at + i]} << (8 * i);
    return v;
  }
  void require(std::uint64_t at, std::uint64_t size, const char* what) const {
    if (at + size > bytes_.size()) {
      fail(std::string("truncated: ") + what + " at byte " + std::to_string(at) + " needs " + std::to_string(size) +
           " bytes, the file has " + std::to_string(bytes_.size()));
    }
  }
  [[noreturn]] void fail(const std::string& message) const { throw elf_error(name_ + ": " + message); }

  std::string text(std::uint64_t at, std::uint64_t end) const {
    std::string s;
    for (; at < end && at < bytes_.size() && bytes_[at] != 0; ++at) s.push_back(static_cast<char>(bytes_[at]));
    return s;
  }

 private:
  const std::vector<std::uint8_t>& bytes_;
  const std::string& name_;
};

constexpr std::uint32_t load_segment = 1, executable_flag = 1, symbol_table = 2;
constexpr std::uint32_t section_in_memory = 2, section_of_code = 4;  // flags
constexpr std::uint32_t program_header_bytes = 32, section_header_bytes = 40;

/// More than any program has: a file whose tables overlap could ask for thousands of times its own size.
constexpr std::size_t most_name_bytes = std::size_t{64} << 20;
constexpr std::uint64_t most_gap_bytes = std::uint64_t{16} << 20;

void read_sections(const byte_reader& in, std::vector<elf_range>& data, std::vector<elf_symbol>& out) {
  const std::uint32_t sections = in.read(32, 4, "section header offset");
  const std::uint32_t entry_size = in.read(46, 2, "section header size");
  const std::uint32_t count = in.read(48, 2, "section count");
  if (sections == 0 || count == 0) return;
  if (entry_size != section_header_bytes)
    in.fail("section headers of " + std::to_string(entry_size) + " bytes, those of ELF32 have 40");
  in.require(sections, std::uint64_t{count} * entry_size, "section headers");
  bool symbols_read = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t at = std::uint64_t{sections} + std::uint64_t{i} * entry_size;
    const std::uint32_t flags = in.read(at + 8, 4, "section flags");
    if ((flags & section_in_memory) != 0 && (flags & section_of_code) == 0) {
      const std::uint64_t begin = in.read(at + 12, 4, "section address");
      data.push_back({begin, begin + in.read(at + 20, 4, "section size")});
    }
    if (in.read(at + 4, 4, "section type") != symbol_table || symbols_read) continue;
    symbols_read = true;  // the format has one table at most
    const std::uint32_t offset = in.read(at + 16, 4, "symbol table offset");
    const std::uint32_t size = in.read(at + 20, 4, "symbol table size");
    const std::uint32_t link = in.read(at + 24, 4, "symbol table link");
    in.require(offset, size, "symbol table");
    if (link >= count)
      in.fail("the symbol table's names are in section " + std::to_string(link) + " of " + std::to_string(count));
    std::size_t name_bytes = 0;
    const std::uint64_t strings_at = std::uint64_t{sections} + std::uint64_t{link} * entry_size;
    const std::uint32_t strings = in.read(strings_at + 16, 4, "string table offset");
    const std::uint64_t strings_end = std::uint64_t{strings} + in.read(strings_at + 20, 4, "string table size");
    for (std::uint32_t s = 16; s + 16 <= size; s += 16) {
      const std::uint64_t sym = std::uint64_t{offset} + s;
      const std::uint32_t type = in.read(sym + 12, 1, "symbol info") & 15;
      const std::uint32_t section = in.read(sym + 14, 2, "symbol section");
      if (type > 2 || section == 0) continue;  // sections, files, undefined
      elf_symbol symbol;
      symbol.address = in.read(sym + 4, 4, "symbol value");
      symbol.size = in.read(sym + 8, 4, "symbol size");
      symbol.name = in.text(std::uint64_t{strings} + in.read(sym, 4, "symbol name"), strings_end);
      name_bytes += symbol.name.size();
      if (name_bytes > most_name_bytes) in.fail("its symbols' names have more than 64 MiB");
      if (!symbol.name.empty() && symbol.name[0] != '$') out.push_back(std::move(symbol));
    }
  }
  std::sort(out.begin(), out.end(), [](const elf_symbol& a, const elf_symbol& b) {
    return a.address != b.address ? a.address < b.address : a.name < b.name;
  });
}

}  // namespace

elf_file elf_file::load(const std::string& path) {
  std::string bytes;
  try {
    bytes = read_whole_file(path);
  } catch (const std::runtime_error& error) {
    throw elf_error(error.what());
  }
  return parse({bytes.begin(), bytes.end()}, path);
}

elf_file elf_file::parse(std::vector<std::uint8_t> bytes, const std::string& name) {
  const byte_reader in(bytes, name);
  elf_file file;
  file.name_ = name;
  if (bytes.size() < 4 || in.read(0, 4, "magic") != 0x464c457fu) in.fail("not an ELF file");
  in.require(0, 52, "ELF header");
  if (bytes[4] == 2) in.fail("is a 64-bit ELF file, a 32-bit one is needed");
  if (bytes[4] != 1) in.fail("is of ELF class " + std::to_string(bytes[4]) + ", 1 (32 bits) is needed");
  if (bytes[5] == 2) in.fail("is big-endian, a little-endian file is needed");
  if (bytes[5] != 1) in.fail("has ELF data encoding " + std::to_string(bytes[5]) + ", 1 (little-endian) is needed");
  if (const std::uint32_t machine = in.read(18, 2, "machine"); machine != 243) {
    in.fail("is for machine " + std::to_string(machine) + ", RISC-V (243) is needed");
  }
  if (const std::uint32_t type = in.read(16, 2, "type"); type != 2) {
    in.fail("is not an executable (ELF type " + std::to_string(type) + ", 2 is needed): link it statically");
  }
  file.entry_ = in.read(24, 4, "entry");

  const std::uint32_t headers = in.read(28, 4, "program header offset");
  const std::uint32_t header_size = in.read(42, 2, "program header size");
  const std::uint32_t count = in.read(44, 2, "program header count");
  if (count != 0 && header_size != program_header_bytes)
    in.fail("program headers of " + std::to_string(header_size) + " bytes, those of ELF32 have 32");
  std::uint64_t contents = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t at = std::uint64_t{headers} + std::uint64_t{i} * header_size;
    if (in.read(at, 4, "program header") != load_segment) continue;
    const std::uint32_t offset = in.read(at + 4, 4, "segment offset");
    const std::uint32_t in_file = in.read(at + 16, 4, "segment file size");
    elf_segment segment;
    segment.address = in.read(at + 12, 4, "segment address");
    segment.size = in.read(at + 20, 4, "segment memory size");
    segment.executable = (in.read(at + 24, 4, "segment flags") & executable_flag) != 0;
    in.require(offset, in_file, "segment contents");
    if (in_file > segment.size) in.fail("segment " + std::to_string(i) + " is larger in the file than in memory");
    if (segment.size == 0) continue;
    if (std::uint64_t{segment.address} + segment.size > std::uint64_t{1} << 32)
      in.fail("segment " + std::to_string(i) + " reaches past the end of the 32-bit addresses");
    contents += in_file;
    if (contents > bytes.size()) in.fail("its segments overlap in the file");
    segment.bytes.assign(bytes.begin() + offset, bytes.begin() + offset + in_file);
    file.segments_.push_back(std::move(segment));
  }
  if (file.segments_.empty()) in.fail("has no loadable segment");
  std::vector<elf_range> data;
  read_sections(in, data, file.symbols_);
  std::sort(data.begin(), data.end(), [](const elf_range& a, const elf_range& b) { return a.begin < b.begin; });
  for (const elf_range& r : data) {
    if (!file.data_.empty() && r.begin <= file.data_.back().end)
      file.data_.back().end = std::max(file.data_.back().end, r.end);
    else
      file.data_.push_back(r);
  }
  return file;
}

elf_segment elf_file::text() const {
  std::uint64_t low = ~std::uint64_t{0}, high = 0, used = 0;
  for (const elf_segment& s : segments_) {
    if (!s.executable) continue;
    low = std::min<std::uint64_t>(low, s.address);
    high = std::max<std::uint64_t>(high, std::uint64_t{s.address} + s.size);
    used += s.bytes.size();
  }
  if (used == 0) throw elf_error(name_ + ": has no executable segment with contents");
  if (high - low > used + most_gap_bytes) {
    throw elf_error(name_ + ": executable segments lie more than 16 MiB apart, or hold more than that of zeros");
  }
  elf_segment text;
  text.address = static_cast<std::uint32_t>(low);
  text.size = static_cast<std::uint32_t>(high - low);
  text.executable = true;
  text.bytes.assign(text.size, 0);
  for (const elf_segment& s : segments_) {
    if (s.executable) std::copy(s.bytes.begin(), s.bytes.end(), text.bytes.begin() + (s.address - text.address));
  }
  return text;
}

bool elf_file::is_data(std::uint32_t address) const {
  const auto behind = std::upper_bound(data_.begin(), data_.end(), address,
                                       [](std::uint32_t a, const elf_range& r) { return a < r.begin; });
  return behind != data_.begin() && address < std::prev(behind)->end;
}

bool elf_file::has_symbol(std::string_view symbol) const {
  return std::any_of(symbols_.begin(), symbols_.end(), [&](const elf_symbol& s) { return s.name == symbol; });
}

void elf_file::write(std::uint32_t address, const void* data, std::size_t bytes) {
  for (elf_segment& s : segments_)
    if (address >= s.address && address - s.address + bytes <= s.bytes.size()) {
      std::memcpy(s.bytes.data() + (address - s.address), data, bytes);
      return;
    }
  throw elf_error(name_ + ": no segment holds what the loader must write");
}

std::uint32_t elf_file::address_of(std::string_view symbol) const {
  for (const elf_symbol& s : symbols_) {
    if (s.name == symbol) return s.address;
  }
  throw elf_error(name_ + ": has no symbol '" + std::string(symbol) + "'");
}

std::string elf_file::describe(std::uint32_t address) const {
  auto it = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                             [](std::uint32_t a, const elf_symbol& s) { return a < s.address; });
  if (it == symbols_.begin()) return {};
  --it;
  // Of symbols at the same address the one with a size is the function, the others are labels.
  for (auto same = it; same->address == it->address; --same) {
    if (same->size != 0) it = same;
    if (same == symbols_.begin()) break;
  }
  if (it->address == address) return it->name;
  char offset[16];
  std::snprintf(offset, sizeof offset, "+0x%x", address - it->address);
  return it->name + offset;
}

}  // namespace ohmic
