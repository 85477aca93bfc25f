#include "tests/ip/iss/flat_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "platform/elf/elf_file.h"

namespace ohmic {
namespace {

constexpr const char* kernels = GUEST_FOLDER "/kernels.elf";

TEST(FlatMachine, RunsAProgramToItsExit) {
  flat_machine m;
  m.load_elf(kernels);
  m.set_console(0xF0000000);
  m.set_exit(0xF0000004);
  EXPECT_EQ(m.run(100000), flat_machine::outcome::exited);
  EXPECT_EQ(m.exit_code(), 3u);
  EXPECT_EQ(m.console(), "hello\n");
  EXPECT_EQ(m.bad_accesses(), 0u);
  EXPECT_GT(m.retired(), 6u);
  EXPECT_GE(m.cycles(), m.retired());
}

TEST(FlatMachine, CallsFunctions) {
  flat_machine m;
  m.load_elf(kernels);
  m.map(0x10000000, 4096);
  std::vector<int> x, y;
  std::uint32_t sum = 0;
  for (int i = 0; i < 100; ++i) {
    x.push_back(i * 7919 - 300000);
    y.push_back(123456 - i * 3);
    sum += static_cast<std::uint32_t>(x.back()) * static_cast<std::uint32_t>(y.back());
  }
  m.write(0x10000000, x.data(), 400);
  m.write(0x10000400, y.data(), 400);
  EXPECT_EQ(m.call(m.symbol("dot"), {0x10000000, 0x10000400, 100}, 100000), sum);

  const std::string check = "123456789";
  m.write(0x10000801, check.data(), check.size());
  EXPECT_EQ(m.call(m.symbol("crc32"), {0x10000801, 9}, 100000), 0xcbf43926u);  // the well-known check value

  std::vector<int> numbers(64);
  for (int i = 0; i < 64; ++i) numbers[static_cast<std::size_t>(i)] = (i * 40503) % 64 - 20;
  m.write(m.symbol("numbers"), numbers.data(), 256);
  m.call(m.symbol("sort_numbers"), {64}, 100000);
  std::sort(numbers.begin(), numbers.end());
  std::vector<int> got(64);
  m.read(m.symbol("numbers"), got.data(), 256);
  EXPECT_EQ(got, numbers);

  EXPECT_EQ(m.call(m.symbol("divide"), {0xfffffff0u, 13}, 1000),
            0xfffffff0u / 7 + static_cast<std::uint32_t>(-16 % 13));
}

TEST(FlatMachine, StopsAtTheCycleLimitAndComplainsAboutWhatIsMissing) {
  flat_machine m;
  m.load_elf(kernels);
  EXPECT_THROW(m.call(m.symbol("forever"), {}, 5000), std::runtime_error);
  EXPECT_THROW(m.symbol("nowhere"), std::runtime_error);
  EXPECT_THROW(m.read_word(0x20000000), std::out_of_range);
  EXPECT_THROW(m.load_elf("/nowhere.elf"), elf_error);
}

TEST(FlatMachine, DevicesSeeUnmappedAccesses) {
  const std::uint32_t code[] = {0x0005a503, 0x00a5a223, 0x00000067};  // lw a0, 0(a1); sw a0, 4(a1); jr zero
  flat_machine m;
  m.load_code(0x1000, code, sizeof code);
  m.set_reg(11, 0x50000000);
  std::vector<bus_request> seen;
  m.set_device([&](const bus_request& r) {
    seen.push_back(r);
    return 99u;
  });
  EXPECT_EQ(m.run(100), flat_machine::outcome::halted);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1].addr, 0x50000004u);
  EXPECT_EQ(seen[1].wdata, 99u);
}

TEST(FlatMachine, BadAccessesReadThePattern) {
  const std::uint32_t code[] = {0x0005a503, 0x00000067};
  flat_machine m;
  m.load_code(0x1000, code, sizeof code);
  m.set_reg(11, 0x50000000);
  m.run(100);
  EXPECT_EQ(m.reg(10), bad_access_pattern);
  EXPECT_EQ(m.bad_accesses(), 1u);
}

}  // namespace
}  // namespace ohmic
