#include "platform/machine/instruction_trace.h"

#include <sstream>

#include "host/whole_file.h"
#include "platform/elf/elf_file.h"
#include "platform/machine/machine.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

class InstructionTrace : public ScratchFolder {
 protected:
  elf_file program = elf_file::load(OHMIC_FIRMWARE_FOLDER "/hello.elf");
};

TEST_F(InstructionTrace, TellsEverythingThatARetirementDid) {
  instruction_trace trace(traced_core{0, 0, path("t")}, program);
  retire_record r;
  r.cycle = 123;
  r.pc = program.entry();
  r.instruction = 0x0045a50b;  // cv.lw x10, (x11), 4
  r.rd = 10, r.rd_value = 0xCAFE;
  r.rd2 = 11, r.rd2_value = 0x1004;
  r.mem_addr = 0x1000, r.mem_size = 4, r.mem_data = 0xCAFE;
  trace.write(r);
  r = {};
  r.cycle = 124;
  r.instruction = 0x00a58123;  // sb x10, 2(x11)
  r.mem_addr = 0x1002, r.mem_size = 1, r.mem_data = 0xFE, r.mem_write = true;
  r.trap = true, r.cause = 0x8000000B;
  trace.write(r);
  trace.close();
  const std::string text = read_whole_file(path("t"));
  EXPECT_NE(text.find("\n       123 "), std::string::npos) << text;
  EXPECT_NE(text.find("_start"), std::string::npos) << "the symbol of the entry";
  EXPECT_NE(text.find(" x10=0000cafe x11=00001004 load32[00001000]=0000cafe\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" store8[00001002]=fe trap cause=8000000b\n"), std::string::npos) << text;
}

TEST_F(InstructionTrace, BothEndsOfItsWindowsBelongToThem) {
  traced_core core{0, 0, path("t")};
  core.from = 10, core.to = 12;
  core.pcs = {"0x80000100-0x80000104", "0x80000200"};
  instruction_trace trace(core, program);
  for (cycle_t cycle = 8; cycle < 15; ++cycle)
    for (const std::uint32_t pc :
         {0x800000feu, 0x80000100u, 0x80000104u, 0x80000106u, 0x800001feu, 0x80000200u, 0x80000202u}) {
      retire_record r;
      r.cycle = cycle, r.pc = pc, r.instruction = 0x13;
      trace.write(r);
    }
  trace.close();
  std::istringstream lines(read_whole_file(path("t")));
  std::vector<std::pair<cycle_t, std::uint32_t>> found;
  for (std::string line; std::getline(lines, line);) {
    if (line[0] == '#') continue;
    std::istringstream words(line);
    cycle_t cycle = 0;
    std::uint32_t pc = 0;
    words >> cycle >> std::hex >> pc;
    found.emplace_back(cycle, pc);
  }
  std::vector<std::pair<cycle_t, std::uint32_t>> wanted;
  for (cycle_t cycle = 10; cycle <= 12; ++cycle)
    for (const std::uint32_t pc : {0x80000100u, 0x80000104u, 0x80000200u}) wanted.emplace_back(cycle, pc);
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(trace.recorded().lines, wanted.size());
  EXPECT_EQ(instruction_trace(traced_core{3, 5, path("u")}, program).recorded().cluster, 3u);
  EXPECT_EQ(instruction_trace(traced_core{3, 5, path("u")}, program).recorded().core, 5u);
}

TEST_F(InstructionTrace, AppearsWholeOrNotAtAll) {
  put("earlier", "of another run");
  {
    instruction_trace trace(traced_core{0, 0, path("earlier")}, program);
    trace.write({});
    EXPECT_EQ(read_whole_file(path("earlier")), "of another run");
  }
  EXPECT_EQ(names(), std::set<std::string>{"earlier"});
  EXPECT_EQ(read_whole_file(path("earlier")), "of another run") << "without close() nothing has happened";
  instruction_trace trace(traced_core{0, 0, path("earlier")}, program);
  trace.close();
  trace.close();
  EXPECT_EQ(names(), std::set<std::string>{"earlier"});
  EXPECT_NE(read_whole_file(path("earlier")), "of another run");
}

TEST_F(InstructionTrace, IsRefusedWhereItCannotAppear) {
  std::filesystem::create_directory(path("folder"));
  for (const char* const name : {"folder", "none/trace"}) {
    try {
      instruction_trace trace(traced_core{0, 0, path(name)}, program);
      FAIL() << name;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find(path(name)), std::string::npos) << error.what();
    }
  }
  EXPECT_EQ(names(), std::set<std::string>{"folder"});
}

// /dev/full takes nothing, as a full disk.
TEST_F(InstructionTrace, AFullDiskIsAnErrorThatNamesItsReason) {
  std::filesystem::create_symlink("/dev/full", path("t"));
  instruction_trace trace(traced_core{0, 0, path("t")}, program);
  for (int i = 0; i < 1000; ++i) trace.write({});
  try {
    trace.close();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()), "cannot write " + path("t") + ": No space left on device");
  }
  EXPECT_TRUE(std::filesystem::is_symlink(path("t")));
}

}  // namespace
}  // namespace ohmic
