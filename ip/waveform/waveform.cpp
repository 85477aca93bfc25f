#include "ip/waveform/waveform.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "rtl/verilated_context.h"
#include "verilated_fst_c.h"

namespace ohmic {
namespace {

constexpr std::uint64_t half_cycle_ps = 500;
/// A block of the file is held in memory until so many cycles are in it: some megabytes.
constexpr std::uint64_t cycles_per_block = 8192;

/// The writer does not say whether the disk took everything, but it writes the header last, and only if so.
bool complete(const std::string& path) {
  constexpr char header_block = 0;
  std::ifstream file(path, std::ios::binary);
  char begin[9] = {};  // block type, then the block's length in 8 bytes
  return file.read(begin, sizeof begin) && begin[0] == header_block && begin[8] != 0;
}

}  // namespace

waveform::waveform(waveform_request request)
    : request_(std::move(request)), file_(request_.file, output_file::filled::by_name) {
  leave_verilated_context();
  fst_ = std::make_unique<VerilatedFstC>();
  fst_->set_time_unit("1ps");
  fst_->set_time_resolution("1ps");
}

waveform::~waveform() {
  if (fst_) fst_->close();
}

void waveform::open() { fst_->open(file_.place().c_str()); }

void waveform::dump(std::uint64_t half_cycle) { fst_->dump(half_cycle * half_cycle_ps); }

void waveform::note_cycle(cycle_t now) {
  next_ = now + 1;
  if (++cycles_ % cycles_per_block == 0) fst_->flush();
}

void waveform::finish() {
  if (!fst_) return;
  fst_->close();
  fst_.reset();
  if (cycles_ != 0 && complete(file_.place())) return file_.commit();
  file_.discard();
  if (cycles_ != 0) throw std::runtime_error("cannot write " + request_.file + ": " + std::strerror(ENOSPC));
}

}  // namespace ohmic
