#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "ip/core/types.h"

namespace ohmic {

/// The world outside the chip as the program sees it: console, end of the run, time, markers
/// (ip/registers/ohmic.rdl, platform_control).
///
/// A console line is handed out when its newline arrives, whole, per core: so lines of different cores never mix,
/// and their order is that of their newlines' arrival. The console takes 1 to 4 characters per access (zero bytes are
/// none); all other registers are whole words. Accesses come in the order of their cycles.
class platform_control {
 public:
  using line_sink = std::function<void(unsigned cluster, unsigned core, cycle_t cycle, const std::string& line)>;
  static constexpr unsigned marker_count = 16;

  struct ending {
    cycle_t cycle = 0;
    std::uint32_t status = 0;
    bool assertion = false;
    unsigned cluster = 0, core = 0;
  };

  /// Who receives console lines from now on.
  void on_line(line_sink sink) { sink_ = std::move(sink); }

  /// An access of 1 to 4 bytes within one word, at a byte offset from the block's base; false where no register takes
  /// it. A read of TIME_LO latches TIME_HI.
  bool write(std::uint64_t offset, const std::uint8_t* data, unsigned bytes, unsigned cluster, unsigned core,
             cycle_t cycle);
  bool read(std::uint64_t offset, std::uint8_t* data, unsigned bytes, cycle_t cycle);
  /// A read for observers: latches nothing.
  bool peek(std::uint64_t offset, std::uint8_t* data, unsigned bytes, cycle_t cycle) const;

  /// Set once the program wrote EXIT or ASSERT_FAILED; the first one counts.
  const std::optional<ending>& ended() const { return ended_; }
  std::optional<cycle_t> marker(unsigned n) const { return n < marker_count ? markers_[n] : std::nullopt; }
  /// Units of work that the program reported as finished (PROGRESS).
  std::uint64_t progress() const { return progress_; }
  /// Hands out lines that never got their newline, in the order of clusters and cores.
  void flush();

 private:
  void put(unsigned cluster, unsigned core, cycle_t cycle, char c);

  line_sink sink_;
  std::map<std::pair<unsigned, unsigned>, std::string> partial_;  // lines without newline, by cluster and core
  std::optional<ending> ended_;
  std::array<std::optional<cycle_t>, marker_count> markers_{};
  std::uint64_t progress_ = 0;
  std::uint32_t time_hi_ = 0;
};

}  // namespace ohmic
