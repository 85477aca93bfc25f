#include "platform/elf/elf_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ohmic {
namespace {

using ::testing::HasSubstr;

void put(std::vector<std::uint8_t>& b, std::size_t at, std::uint32_t v, unsigned size) {
  if (b.size() < at + size) b.resize(at + size);
  for (unsigned i = 0; i < size; ++i) b[at + i] = static_cast<std::uint8_t>(v >> (8 * i));
}

/// A small executable written by hand from the ELF specification: text of 8 bytes at 0x80000000, data of 4 bytes
/// and 12 of bss at 0x10000000, symbols main (size 8) and table.
std::vector<std::uint8_t> small_elf() {
  std::vector<std::uint8_t> b;
  put(b, 0, 0x464c457f, 4);
  put(b, 4, 1, 1), put(b, 5, 1, 1), put(b, 6, 1, 1);
  put(b, 16, 2, 2), put(b, 18, 243, 2), put(b, 20, 1, 4);
  put(b, 24, 0x80000000, 4);  // entry
  put(b, 28, 52, 4), put(b, 32, 252, 4), put(b, 40, 52, 2), put(b, 42, 32, 2), put(b, 44, 2, 2), put(b, 46, 40, 2),
      put(b, 48, 3, 2);
  const auto segment = [&](std::size_t at, std::uint32_t offset, std::uint32_t addr, std::uint32_t file,
                           std::uint32_t mem, std::uint32_t flags) {
    put(b, at, 1, 4), put(b, at + 4, offset, 4), put(b, at + 8, addr, 4), put(b, at + 12, addr, 4);
    put(b, at + 16, file, 4), put(b, at + 20, mem, 4), put(b, at + 24, flags, 4), put(b, at + 28, 4, 4);
  };
  segment(52, 160, 0x80000000, 8, 8, 5);
  segment(84, 168, 0x10000000, 4, 16, 6);
  put(b, 160, 0x00000013, 4), put(b, 164, 0x00008067, 4), put(b, 168, 0xcafe, 4);
  // symbol table at 172: null, main, table; strings at 220
  const auto symbol = [&](std::size_t at, std::uint32_t name, std::uint32_t value, std::uint32_t size,
                          std::uint32_t info) {
    put(b, at, name, 4), put(b, at + 4, value, 4), put(b, at + 8, size, 4), put(b, at + 12, info, 1),
        put(b, at + 14, 1, 2);
  };
  symbol(188, 1, 0x80000000, 8, 0x12);
  symbol(204, 6, 0x10000000, 16, 0x11);
  const std::string names("\0main\0table\0", 12);
  for (std::size_t i = 0; i < names.size(); ++i) put(b, 220 + i, static_cast<std::uint8_t>(names[i]), 1);
  // sections at 252: null, symtab, strtab
  put(b, 252 + 119, 0, 1);
  put(b, 292 + 4, 2, 4), put(b, 292 + 16, 172, 4), put(b, 292 + 20, 48, 4), put(b, 292 + 24, 2, 4);
  put(b, 332 + 4, 3, 4), put(b, 332 + 16, 220, 4), put(b, 332 + 20, 12, 4);
  return b;
}

std::string message_of(const std::vector<std::uint8_t>& bytes) {
  try {
    elf_file::parse(bytes, "x.elf");
  } catch (const elf_error& e) {
    return e.what();
  }
  return "accepted";
}

TEST(ElfFile, ReadsSegmentsAndSymbols) {
  const elf_file f = elf_file::parse(small_elf(), "x.elf");
  EXPECT_EQ(f.entry(), 0x80000000u);
  ASSERT_EQ(f.segments().size(), 2u);
  EXPECT_TRUE(f.segments()[0].executable);
  EXPECT_FALSE(f.segments()[1].executable);
  EXPECT_EQ(f.segments()[1].address, 0x10000000u);
  EXPECT_EQ(f.segments()[1].size, 16u);
  EXPECT_EQ(f.segments()[1].bytes, (std::vector<std::uint8_t>{0xfe, 0xca, 0, 0}));
  EXPECT_EQ(f.text().bytes.size(), 8u);
  EXPECT_EQ(f.address_of("table"), 0x10000000u);
  EXPECT_TRUE(f.has_symbol("main"));
  EXPECT_FALSE(f.has_symbol("mai"));
  EXPECT_EQ(f.describe(0x80000000), "main");
  EXPECT_EQ(f.describe(0x80000004), "main+0x4");
  EXPECT_EQ(f.describe(0x0fffffff), "");
}

TEST(ElfFile, KnowsTheDataInAnExecutableSegment) {
  std::vector<std::uint8_t> b = small_elf();
  EXPECT_FALSE(elf_file::parse(b, "x.elf").is_data(0x80000004)) << "no section says so";
  const auto section = [&](std::size_t at, std::uint32_t flags, std::uint32_t address, std::uint32_t size) {
    put(b, at + 4, 1, 4), put(b, at + 8, flags, 4), put(b, at + 12, address, 4), put(b, at + 20, size, 4);
    put(b, at + 36, 0, 4);
  };
  put(b, 48, 7, 2);
  section(372, 6, 0x80000000, 4);  // .text
  section(412, 3, 0x80000006, 2);  // .bss, .data: neighbours
  section(452, 3, 0x80000004, 2);
  section(492, 0, 0x80000000, 8);  // of a debugger, not in memory
  const elf_file f = elf_file::parse(b, "x.elf");
  for (std::uint32_t address = 0x7fffffff; address <= 0x80000009; ++address)
    EXPECT_EQ(f.is_data(address), address >= 0x80000004 && address < 0x80000008) << std::hex << address;
}

struct test_symbol {
  std::string name;
  std::uint32_t address, size, info, section;
};

/// The small program with these symbols instead of its own, in tables behind everything else.
std::vector<std::uint8_t> with_symbols(const std::vector<test_symbol>& symbols) {
  std::vector<std::uint8_t> b = small_elf();
  const auto table = static_cast<std::uint32_t>(b.size());
  const auto strings = table + 16 * static_cast<std::uint32_t>(symbols.size() + 1);
  put(b, 292 + 16, table, 4), put(b, 292 + 20, strings - table, 4), put(b, strings, 0, 1);
  std::uint32_t at = table + 16, name = 1;
  for (const test_symbol& s : symbols) {
    put(b, at, name, 4), put(b, at + 4, s.address, 4), put(b, at + 8, s.size, 4), put(b, at + 12, s.info, 1);
    put(b, at + 14, s.section, 2);
    at += 16;
    for (const char c : s.name + '\0') put(b, strings + name++, static_cast<std::uint8_t>(c), 1);
  }
  put(b, 332 + 16, strings, 4), put(b, 332 + 20, name, 4);
  return b;
}

TEST(ElfFile, SymbolsAreDefinedFunctionsObjectsAndLabels) {
  const elf_file f = elf_file::parse(with_symbols({{"label", 0x80000000, 0, 0x10, 1},
                                                   {"object", 0x80000004, 4, 0x11, 1},
                                                   {"function", 0x80000006, 2, 0x12, 1},
                                                   {"section", 0x80000000, 0, 0x03, 1},
                                                   {"file.c", 0, 0, 0x04, 0xfff1},
                                                   {"elsewhere", 0, 0, 0x10, 0},
                                                   {"$x", 0x80000000, 0, 0x00, 1},
                                                   {"", 0x80000000, 0, 0x00, 1},
                                                   {"last", 0x80000007, 0, 0x10, 1}}),
                                     "x.elf");
  std::vector<std::string> names;
  for (const elf_symbol& s : f.symbols()) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"label", "object", "function", "last"})) << "by their addresses";
}

// A function beside labels at its address gives the place its name, whatever the order of the names.
TEST(ElfFile, ThePlaceOfAFunctionHasItsName) {
  const elf_file f = elf_file::parse(with_symbols({{"a_label", 0x80000000, 0, 0x10, 1},
                                                   {"function", 0x80000000, 4, 0x12, 1},
                                                   {"z_label", 0x80000000, 0, 0x10, 1},
                                                   {"first", 0x80000004, 0, 0x10, 1},
                                                   {"second", 0x80000004, 0, 0x10, 1}}),
                                     "x.elf");
  EXPECT_EQ(f.describe(0x80000000), "function");
  EXPECT_EQ(f.describe(0x80000003), "function+0x3");
  EXPECT_EQ(f.describe(0x80000004), "second") << "of labels alone the last one";
}

TEST(ElfFile, DataThatContainsOtherDataEndsWhereTheLargerOneDoes) {
  std::vector<std::uint8_t> b = small_elf();
  const auto section = [&](std::size_t at, std::uint32_t address, std::uint32_t size) {
    put(b, at + 4, 1, 4), put(b, at + 8, 3, 4), put(b, at + 12, address, 4), put(b, at + 20, size, 4);
    put(b, at + 36, 0, 4);
  };
  put(b, 48, 6, 2);
  section(372, 0x80000000, 7);
  section(412, 0x80000002, 2);
  section(452, 0x80000007, 0);
  const elf_file f = elf_file::parse(b, "x.elf");
  for (std::uint32_t address = 0x7fffffff; address <= 0x80000009; ++address)
    EXPECT_EQ(f.is_data(address), address >= 0x80000000 && address < 0x80000007) << std::hex << address;
}

TEST(ElfFile, AnEmptySegmentIsNone) {
  auto b = small_elf();
  put(b, 84 + 16, 0, 4), put(b, 84 + 20, 0, 4);
  EXPECT_EQ(elf_file::parse(b, "x.elf").segments().size(), 1u);
}

TEST(ElfFile, NamesTheMissingSymbol) {
  const elf_file f = elf_file::parse(small_elf(), "x.elf");
  try {
    f.address_of("nowhere");
    FAIL();
  } catch (const elf_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("nowhere"));
  }
}

TEST(ElfFile, EveryTruncationIsAnErrorThatNamesTheFile) {
  const auto whole = small_elf();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    const std::string m = message_of(cut);
    ASSERT_THAT(m, HasSubstr("x.elf: ")) << n;
    ASSERT_THAT(m, ::testing::AnyOf(HasSubstr("truncated"), HasSubstr("not an ELF file"))) << n;
  }
}

// Without section headers the file ends with the last segment's contents.
TEST(ElfFile, ContentsCutByOneByteAreTruncatedAndWholeOnesAreNot) {
  auto b = small_elf();
  put(b, 32, 0, 4);
  b.resize(172);
  EXPECT_EQ(message_of(b), "accepted");
  b.pop_back();
  EXPECT_THAT(message_of(b), HasSubstr("truncated: segment contents at byte 168 needs 4 bytes, the file has 171"));
}

TEST(ElfFile, WritesUpToTheLastByteOfASegmentAndNoFurther) {
  elf_file f = elf_file::parse(small_elf(), "x.elf");
  const std::uint8_t bytes[] = {1, 2, 3, 4, 5};
  f.write(0x80000004, bytes, 4);
  EXPECT_EQ(f.segments()[0].bytes, (std::vector<std::uint8_t>{0x13, 0, 0, 0, 1, 2, 3, 4}));
  f.write(0x80000000, bytes, 1);
  EXPECT_EQ(f.segments()[0].bytes[0], 1);
  EXPECT_THROW(f.write(0x80000005, bytes, 4), elf_error) << "its last byte is behind the segment";
  EXPECT_THROW(f.write(0x80000004, bytes, 5), elf_error);
  EXPECT_THROW(f.write(0x80000008, bytes, 1), elf_error);
  EXPECT_THROW(f.write(0x7fffffff, bytes, 1), elf_error);
  EXPECT_THROW(f.write(0x7fffffff, bytes, 2), elf_error) << "its first byte is before the segment";
  EXPECT_THROW(f.write(0x10000004, bytes, 1), elf_error) << "bss is not in the file";
  EXPECT_EQ(f.segments()[0].bytes, (std::vector<std::uint8_t>{1, 0, 0, 0, 1, 2, 3, 4}));
}

TEST(ElfFile, ASegmentMayEndWithTheAddressesAndNotBehindThem) {
  auto b = small_elf();
  put(b, 84 + 12, 0xfffffff0, 4);
  EXPECT_EQ(message_of(b), "accepted") << "16 bytes up to the last address";
  put(b, 84 + 12, 0xfffffff1, 4);
  EXPECT_THAT(message_of(b), HasSubstr("segment 1 reaches past the end of the 32-bit addresses"));
}

// Headers that are read many times, or name the same contents many times, would need thousands of times the file's
// size.
TEST(ElfFile, TablesThatOverlapAreRefused) {
  auto b = small_elf();
  put(b, 42, 0, 2), put(b, 44, 0xffff, 2);
  EXPECT_THAT(message_of(b), HasSubstr("program headers of 0 bytes"));
  b = small_elf();
  put(b, 46, 0, 2), put(b, 48, 0xffff, 2);
  EXPECT_THAT(message_of(b), HasSubstr("section headers of 0 bytes"));
  b = small_elf();
  put(b, 52 + 4, 0, 4), put(b, 52 + 16, 300, 4), put(b, 52 + 20, 300, 4);
  put(b, 84 + 4, 0, 4), put(b, 84 + 16, 300, 4), put(b, 84 + 20, 300, 4);
  EXPECT_THAT(message_of(b), HasSubstr("segments overlap in the file"));
  b = small_elf();
  put(b, 292 + 24, 3, 4);
  EXPECT_THAT(message_of(b), HasSubstr("names are in section 3 of 3"));
}

TEST(ElfFile, TextHasAtMost16MiBOfZeros) {
  constexpr std::uint32_t gap = 16u << 20;
  auto b = small_elf();
  put(b, 52 + 20, 8 + gap, 4);
  EXPECT_EQ(elf_file::parse(b, "x.elf").text().size, 8 + gap);
  put(b, 52 + 20, 8 + gap + 1, 4);
  EXPECT_THROW(elf_file::parse(b, "x.elf").text(), elf_error);
  b = small_elf();  // two executable segments: the gap between them counts
  put(b, 84 + 12, 0x80000008 + gap, 4), put(b, 84 + 20, 4, 4), put(b, 84 + 24, 5, 4);
  EXPECT_EQ(elf_file::parse(b, "x.elf").text().size, 12 + gap);
  put(b, 84 + 12, 0x80000009 + gap, 4);
  EXPECT_THROW(elf_file::parse(b, "x.elf").text(), elf_error);
}

TEST(ElfFile, SaysWhatIsWrong) {
  auto b = small_elf();
  b[4] = 2;
  EXPECT_THAT(message_of(b), HasSubstr("64-bit"));
  b = small_elf();
  b[5] = 2;
  EXPECT_THAT(message_of(b), HasSubstr("big-endian"));
  b = small_elf();
  b[18] = 62;
  EXPECT_THAT(message_of(b), HasSubstr("machine 62"));
  b = small_elf();
  b[16] = 1;
  EXPECT_THAT(message_of(b), HasSubstr("not an executable"));
  b = small_elf();
  put(b, 44, 0, 2);
  EXPECT_THAT(message_of(b), HasSubstr("no loadable segment"));
  b = small_elf();
  put(b, 84 + 20, 2, 4);
  EXPECT_THAT(message_of(b), HasSubstr("larger in the file"));
  EXPECT_THAT(message_of({'h', 'e', 'l', 'l', 'o'}), HasSubstr("not an ELF file"));
  EXPECT_THROW(elf_file::load("/nowhere/at/all.elf"), elf_error);
}

TEST(ElfFile, TextWithoutCodeIsAnError) {
  auto b = small_elf();
  put(b, 52 + 24, 4, 4);
  EXPECT_THROW(elf_file::parse(b, "x.elf").text(), elf_error);
}

TEST(ElfFile, OfClassesAndEncodingsOneIsTaken) {
  for (const unsigned v : {0u, 2u, 3u, 255u}) {
    std::vector<std::uint8_t> b = small_elf();
    put(b, 4, v, 1);
    EXPECT_THAT(message_of(b), HasSubstr(v == 2 ? "64-bit" : "ELF class " + std::to_string(v) + ", 1"));
    b = small_elf();
    put(b, 5, v, 1);
    EXPECT_THAT(message_of(b), HasSubstr(v == 2 ? "big-endian" : "encoding " + std::to_string(v) + ", 1"));
  }
}

// Its headers are part of it then, as some linkers arrange.
TEST(ElfFile, ASegmentMayBeTheWholeFile) {
  std::vector<std::uint8_t> b = small_elf();
  const auto all = static_cast<std::uint32_t>(b.size());
  put(b, 52 + 4, 0, 4), put(b, 52 + 16, all, 4), put(b, 52 + 20, all, 4);
  put(b, 84, 0, 4);  // no second segment
  const elf_file f = elf_file::parse(b, "x.elf");
  ASSERT_EQ(f.segments().size(), 1u);
  EXPECT_EQ(f.segments()[0].bytes, b);
}

TEST(ElfFile, HeadersHaveTheSizeOfTheirFormat) {
  for (const std::uint32_t size : {39u, 41u, 48u}) {
    std::vector<std::uint8_t> b = small_elf();
    put(b, 46, size, 2);
    EXPECT_THAT(message_of(b), HasSubstr("section headers of " + std::to_string(size) + " bytes"));
  }
  for (const std::uint32_t size : {31u, 33u, 56u}) {
    std::vector<std::uint8_t> b = small_elf();
    put(b, 42, size, 2);
    EXPECT_THAT(message_of(b), HasSubstr("program headers of " + std::to_string(size) + " bytes"));
  }
}

}  // namespace
}  // namespace ohmic
