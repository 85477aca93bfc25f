#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ohmic {

/// A file that is not a usable RISC-V executable. what() names the file and what is wrong with it.
class elf_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One loadable part of the memory image. bytes.size() <= size; the rest (bss) is zero.
struct elf_segment {
  std::uint32_t address = 0;  ///< physical load address
  std::uint32_t size = 0;     ///< bytes in memory
  bool executable = false;
  std::vector<std::uint8_t> bytes;
};

/// Addresses [begin, end).
struct elf_range {
  std::uint64_t begin = 0, end = 0;
};

struct elf_symbol {
  std::uint32_t address = 0;
  std::uint32_t size = 0;
  std::string name;
};

/// A statically linked little-endian ELF32 RISC-V executable, read completely into memory.
class elf_file {
 public:
  /// Throws elf_error if the file cannot be read, is truncated, or is not an ELF32 RISC-V executable.
  static elf_file load(const std::string& path);
  /// The same from bytes; `name` is used in messages.
  static elf_file parse(std::vector<std::uint8_t> bytes, const std::string& name);

  const std::string& name() const { return name_; }  ///< the file's path, or what parse() was told
  std::uint32_t entry() const { return entry_; }
  const std::vector<elf_segment>& segments() const { return segments_; }
  const std::vector<elf_symbol>& symbols() const { return symbols_; }  ///< functions, objects, labels, by address

  /// Whether a section that holds no instructions lies at this address: data in an executable segment, where a linker
  /// put all into one. False where the file has no sections.
  bool is_data(std::uint32_t address) const;

  /// The executable segments as one contiguous image (gaps zero): what a decoded_text is made from.
  /// Throws elf_error if there is none or the gaps between them exceed 16 MiB.
  elf_segment text() const;

  /// Changes bytes of the image before it is loaded and decoded; throws elf_error if they are not all in one segment.
  void write(std::uint32_t address, const void* data, std::size_t bytes);

  /// Address of a symbol; throws elf_error naming it if it does not exist.
  std::uint32_t address_of(std::string_view symbol) const;
  bool has_symbol(std::string_view symbol) const;
  /// "name+0x12" of the closest symbol at or below an address; empty if there is none.
  std::string describe(std::uint32_t address) const;

 private:
  std::string name_;
  std::uint32_t entry_ = 0;
  std::vector<elf_segment> segments_;
  std::vector<elf_symbol> symbols_;
  std::vector<elf_range> data_;  // by address, apart from each other
};

}  // namespace ohmic
