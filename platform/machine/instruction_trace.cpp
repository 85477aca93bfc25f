#include "platform/machine/instruction_trace.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "ip/iss/disassembler.h"
#include "platform/elf/elf_file.h"

namespace ohmic {

namespace {
[[noreturn]] void refuse(const std::string& path, int reason) {
  throw std::runtime_error("cannot write trace " + path + ": " + std::strerror(reason));
}
}  // namespace

instruction_trace::instruction_trace(const std::string& path, const elf_file& program)
    : path_(path), program_(program) {
  if (std::filesystem::is_directory(path)) refuse(path, EISDIR);
  file_ = std::fopen((path + ".part").c_str(), "w");
  if (file_ == nullptr) refuse(path, errno);
  std::fprintf(file_, "# cycle pc symbol: instruction [register=value ...] [memory]\n");
}

instruction_trace::~instruction_trace() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::remove((path_ + ".part").c_str());
}

void instruction_trace::write(const retire_record& r) {
  std::fprintf(file_, "%10" PRIu64 " %08x %s: %s", r.cycle, r.pc, program_.describe(r.pc).c_str(),
               iss::disassemble(r.pc, r.instruction).c_str());
  if (r.rd != 0) std::fprintf(file_, " x%u=%08x", r.rd, r.rd_value);
  if (r.rd2 != 0) std::fprintf(file_, " x%u=%08x", r.rd2, r.rd2_value);
  if (r.mem_size != 0)
    std::fprintf(file_, " %s%u[%08x]=%0*x", r.mem_write ? "store" : "load", r.mem_size * 8u, r.mem_addr, r.mem_size * 2,
                 r.mem_data);
  if (r.trap) std::fprintf(file_, " trap cause=%08x", r.cause);
  std::fputc('\n', file_);
}

void instruction_trace::close() {
  if (file_ == nullptr) return;
  const std::string part = path_ + ".part";
  const bool incomplete = std::ferror(file_) != 0;
  const bool unwritten = std::fclose(std::exchange(file_, nullptr)) != 0;
  if (!incomplete && !unwritten && std::rename(part.c_str(), path_.c_str()) == 0) return;
  const int reason = errno;
  std::remove(part.c_str());
  refuse(path_, reason);
}

}  // namespace ohmic
