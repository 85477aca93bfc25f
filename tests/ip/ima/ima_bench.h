#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "ip/ima/ima.h"
#include "registers/ima.h"

namespace ohmic {

/// An IMA beside a plain L1 whose banks are free unless the test says otherwise.
struct ima_bench {
  struct beat {
    cycle_t granted;
    unsigned port;
    std::uint32_t addr, bytes;
  };

  explicit ima_bench(const ima_parameters& p = {}) : parameters(p), l1(p.l1_bytes, 0), dut(p) {}

  ima_parameters parameters;
  std::vector<std::uint8_t> l1;
  ima dut;
  cycle_t now = 0;
  std::vector<beat> beats;
  std::vector<cycle_t> done_at;  ///< cycles in which line 16 rose
  std::vector<device_error> errors;
  unsigned error_lines = 0;
  /// True if another requester holds this bank in this cycle. Default: the banks are never busy.
  std::function<bool(cycle_t, unsigned bank)> bank_taken;

  void write(std::uint32_t offset, std::uint32_t value) { dut.write_register(offset, value, now); }
  std::uint32_t read(std::uint32_t offset) { return dut.read_register(offset, now); }
  std::uint32_t jobs_done() { return read(registers::ima::jobs_done_offset); }
  std::uint32_t free_jobs() {
    return (read(registers::ima::status_offset) & registers::ima::status_free_mask) >>
           registers::ima::status_free_shift;
  }

  void cycle() {
    if (dut.next_event() <= now) dut.step(now);
    EXPECT_GT(dut.next_event(), now) << "step() left something to do";
    for (unsigned p = 0; p < ima::ports; ++p) {
      l1_port& port = dut.port(p);
      if (!port.busy()) continue;
      for (unsigned w = 0; w < 16; ++w) {
        if (!(port.words >> w & 1) || (bank_taken && bank_taken(now, (port.addr / 4 + w) % 64))) continue;
        port.words &= ~(1u << w);
        for (unsigned b = w * 4; b < w * 4 + 4; ++b) {
          if (!port.write) {
            port.data[b] = l1.at(port.addr + b);
          } else if (b >= port.first_byte && b < port.first_byte + port.bytes) {
            l1.at(port.addr + b) = port.data[b];
          }
        }
      }
      if (!port.busy()) {
        beats.push_back({now, p, port.addr + port.first_byte, port.bytes});
        dut.beat_done(p, now);
      }
    }
    const std::uint32_t lines = dut.take_events(now);
    if (lines & 1u << ima::job_done_line) done_at.push_back(now);
    if (lines & 1u << ima::error_line) ++error_lines;
    while (const auto e = dut.take_error()) errors.push_back(*e);
    ++now;
  }

  /// Runs until nothing is left to do; jumps over cycles in which nothing can happen.
  void run(cycle_t limit = 10'000'000) {
    const cycle_t end = now + limit;
    while (!dut.idle()) {
      if (!dut.streaming()) {
        ASSERT_NE(dut.next_event(), never) << "a job is held, nothing is under way";
        now = std::max(now, dut.next_event());
      }
      ASSERT_LT(now, end) << "time-out";
      cycle();
    }
  }

  /// How many beats that port had.
  unsigned beats_on(unsigned port) const {
    unsigned n = 0;
    for (const beat& b : beats) n += b.port == port;
    return n;
  }
};

/// A job as a test writes it: what the registers say, before they are registers.
struct job_spec {
  struct loop {
    std::uint32_t count = 1;
    std::int32_t stride = 0;
    int dx = 0, dy = 0;
  };
  struct group {
    unsigned first = 0, count = 1;
    std::uint32_t base = 0;
    std::int32_t stride0 = 0, stride1 = 0;
  };
  loop loops[4] = {};
  loop pixels[2] = {};
  std::uint32_t ring_base = 0, ring_bytes = 0;
  std::int32_t start = 0;
  int x = 0, y = 0, x_lo = 0, x_hi = 32767, y_lo = 0, y_hi = 32767;
  unsigned row_start = 0;
  std::uint32_t m = 1, s = 1;
  std::vector<group> groups = {{}};

  unsigned rows() const { return loops[0].count * loops[1].count * loops[2].count * loops[3].count; }

  /// To anything that has write(offset, value) of the IMA's registers.
  template <class Bench>
  void write_to(Bench& bench) const {
    namespace reg = registers::ima;
    const auto halves = [](int lo, int hi) {
      return static_cast<std::uint32_t>(lo & 0xFFFF) | static_cast<std::uint32_t>(hi) << 16;
    };
    const auto put = [&](std::uint32_t at, const loop& l) {
      bench.write(at, l.count);
      bench.write(at + 4, static_cast<std::uint32_t>(l.stride));
      bench.write(at + 8, halves(l.dx, l.dy));
    };
    for (unsigned i = 0; i < 4; ++i) put(0x000 + i * 0x10, loops[i]);
    for (unsigned i = 0; i < 2; ++i) put(0x040 + i * 0x10, pixels[i]);
    bench.write(reg::ring_base_offset, ring_base);
    bench.write(reg::ring_bytes_offset, ring_bytes);
    bench.write(reg::start_offset, static_cast<std::uint32_t>(start));
    bench.write(reg::origin_offset, halves(x, y));
    bench.write(reg::x_range_offset, halves(x_lo, x_hi));
    bench.write(reg::y_range_offset, halves(y_lo, y_hi));
    bench.write(reg::row_start_offset, row_start);
    bench.write(reg::adc_m_offset, m);
    bench.write(reg::adc_s_offset, s);
    bench.write(reg::groups_offset, static_cast<std::uint32_t>(groups.size()));
    for (unsigned g = 0; g < groups.size() && g < 8; ++g) {
      bench.write(0x090 + g * 0x10, groups[g].first | groups[g].count << 16);
      bench.write(0x094 + g * 0x10, groups[g].base);
      bench.write(0x098 + g * 0x10, static_cast<std::uint32_t>(groups[g].stride0));
      bench.write(0x09C + g * 0x10, static_cast<std::uint32_t>(groups[g].stride1));
    }
  }
  template <class Bench>
  void push_to(Bench& bench) const {
    write_to(bench);
    bench.write(registers::ima::push_offset, 1);
  }
};

}  // namespace ohmic
