#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/deployment/deployment.h"
#include "tests/fresh_seed.h"
#include "tests/sw/firmware/kernel_machine.h"

namespace ohmic {

/// ohmic_kernel_job as it lies in the simulated memory: 32-bit pointers.
struct job_words {
  std::uint32_t kernel, columns, height, channels, work, work_of, in8, in16;
  std::uint32_t in[32], in_column_bytes[32];
  std::uint32_t multipliers, biases, shift;
  std::int32_t lo;
  std::uint32_t out, out_column_bytes, pieces, piece_count, residual, residual_column_bytes;
  std::int32_t residual_a, residual_b;
  std::uint32_t residual_shift;
  std::int32_t residual_lo;
  std::uint32_t pooled_base, pooled_column_bytes, pooled_slots;
  std::uint32_t image_first, image_columns;
  std::int32_t first_x;
  std::uint32_t pool_size, pool_stride;
  std::int32_t pool_pad_y;
  std::uint32_t pool_height, pool_stride_y, input_height;
  std::int32_t pool_multiplier;
  std::uint32_t weights, in_channels, groups, in_pitch, in_more_blocks;
  std::int32_t hi;
  std::uint32_t limited, scratch, scratch_bytes;
};

inline std::int32_t clip(std::int64_t v, std::int64_t lo) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(v, lo, 127));
}

/// A bump allocator over the free L1, and the map from what the test wrote to what the kernel must leave.
class KernelBench : public testing::Test {
 protected:
  using segments = std::vector<ohmic_segment>;

  KernelBench() : machine_(OHMIC_KERNELS_ELF) {}

  void SetUp() override {
    seed_ = fresh_seed();
    random_.seed(seed_);
    RecordProperty("seed", std::to_string(seed_));
  }
  int number(int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random_); }
  unsigned some(unsigned lo, unsigned hi) {
    return static_cast<unsigned>(number(static_cast<int>(lo), static_cast<int>(hi)));
  }
  /// A signed value that is often at an end of its range.
  int value(int lo, int hi) {
    const int kind = number(0, 5);
    return kind == 0 ? lo : kind == 1 ? hi : kind == 2 ? std::clamp(number(-1, 1), lo, hi) : number(lo, hi);
  }
  std::uint32_t allocate(std::uint32_t bytes, unsigned misaligned = 0) {
    const std::uint32_t at = top_ + misaligned;
    top_ = (at + bytes + 63) & ~63u;
    if (top_ > kernel_machine::l1_bytes) throw std::runtime_error("test does not fit L1");
    return at;
  }
  template <class T>
  std::uint32_t place(const std::vector<T>& values, unsigned misaligned = 0) {
    const auto bytes = static_cast<std::uint32_t>(values.size() * sizeof(T));
    const std::uint32_t at = allocate(bytes + 1, misaligned);
    if (bytes != 0) std::memcpy(machine_.l1(at), values.data(), bytes);
    return at;
  }
  static std::uint32_t pointer(std::uint32_t offset) { return kernel_machine::l1_base + offset; }

  /// Random blocks that together hold every channel once; `again` more blocks repeat random runs.
  segments make_layout(unsigned channels, unsigned height, unsigned again, std::uint32_t& column_bytes) {
    segments list;
    column_bytes = 0;
    const auto add = [&](unsigned channel, unsigned count) {
      const std::uint32_t pitch = count + static_cast<unsigned>(number(0, 1) ? 0 : number(0, 9));
      list.push_back({channel, count, column_bytes, pitch});
      column_bytes += (pitch * height + 3) / 4 * 4 + 4 * static_cast<unsigned>(number(0, 2));
    };
    for (unsigned c = 0; c < channels;) {
      const unsigned count =
          std::min<unsigned>(channels - c, number(0, 1) ? channels : static_cast<unsigned>(number(1, 40)));
      add(c, count);
      c += count;
    }
    if (again) std::shuffle(list.begin(), list.end(), random_);
    for (; again; --again) {
      const unsigned c = static_cast<unsigned>(number(0, static_cast<int>(channels) - 1));
      add(c, static_cast<unsigned>(number(1, static_cast<int>(channels - c))));
    }
    return list;
  }
  static std::uint32_t place_of(const segments& list, unsigned channel, unsigned y) {
    for (const ohmic_segment& s : list)
      if (s.channel <= channel && channel < s.channel + s.count) return s.offset + (channel - s.channel) + y * s.pitch;
    ADD_FAILURE();
    return 0;
  }
  static void put(std::int8_t* column, const segments& list, unsigned channel, unsigned y, std::int32_t v) {
    for (const ohmic_segment& s : list)
      if (s.channel <= channel && channel < s.channel + s.count)
        column[s.offset + (channel - s.channel) + y * s.pitch] = static_cast<std::int8_t>(v);
  }
  void make_pieces(job_words& job, const segments& out, const segments& in) {
    constexpr unsigned most = 1024, piece_bytes = 24;
    const std::uint32_t at = allocate(most * piece_bytes);
    machine_.run(1, "ohmic_make_pieces",
                 {pointer(place(out)), static_cast<unsigned>(out.size()), pointer(place(in)),
                  static_cast<unsigned>(in.size()), pointer(at), most});
    ASSERT_GT(machine_.result(), 0u);
    job.pieces = pointer(at);
    job.piece_count = machine_.result();
  }
  /// An output region full of a pattern, and its copy on the host.
  std::vector<std::int8_t> blank(std::uint32_t bytes) {
    std::vector<std::int8_t> v(bytes + 64);
    for (auto& b : v) b = static_cast<std::int8_t>(number(-128, 127));
    return v;
  }
  std::vector<std::int8_t> random_bytes(std::uint32_t bytes) {
    std::vector<std::int8_t> v(bytes);
    for (auto& b : v) b = static_cast<std::int8_t>(value(-128, 127));
    return v;
  }
  cycle_t run(const job_words& job, unsigned cores) {
    std::memcpy(machine_.l1(machine_.symbol("ohmic_team") - kernel_machine::l1_base), &cores, 4);
    const std::uint32_t at = allocate(sizeof job);
    std::memcpy(machine_.l1(at), &job, sizeof job);
    constexpr unsigned most = 4096, work_bytes = 12;
    machine_.run(1, "ohmic_share_tile",
                 {pointer(at), cores, pointer(allocate(65 * 4)), pointer(allocate(most * work_bytes)), most});
    EXPECT_GT(machine_.result(), 0u);
    return machine_.run(cores, "ohmic_run_kernel", {pointer(at)});
  }
  void expect_bytes(std::uint32_t at, const std::vector<std::int8_t>& expected, const char* what) {
    const auto* got = reinterpret_cast<const std::int8_t*>(machine_.l1(at));
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_EQ(int{got[i]}, int{expected[i]})
          << what << " byte " << i << " of " << expected.size() << ", seed " << seed_;
  }
  unsigned some_cores() {
    static constexpr unsigned choice[] = {1, 2, 3, 5, 7, 16, 33, 64};
    return choice[number(0, 7)];
  }

  /// What the cores must find when they add up a job's inputs.
  struct sums {
    unsigned height, channels;
    std::vector<std::int32_t> s;  // [columns][height][channels]
    std::int64_t at(unsigned t, unsigned y, unsigned c) const { return s[(t * height + y) * channels + c]; }
  };
  /// Fills the job's inputs with random codes and int16 sums.
  sums make_inputs(job_words& job) {
    const unsigned n = job.height * job.channels;
    sums result{job.height, job.channels, std::vector<std::int32_t>(job.columns * n)};
    const int narrow = number(0, 3) ? 128 : 3;
    for (unsigned i = 0; i < job.in8 + job.in16; ++i) {
      const unsigned bytes = i < job.in8 ? 1 : 2;
      job.in_column_bytes[i] = (n * bytes + 3) / 4 * 4 + 4 * static_cast<unsigned>(number(0, 3));
      std::vector<std::uint8_t> data(job.in_column_bytes[i] * job.columns);
      for (unsigned t = 0; t < job.columns; ++t)
        for (unsigned e = 0; e < n; ++e) {
          const int v = bytes == 1 ? value(-narrow, narrow - 1) : value(-2432, 2432);
          result.s[t * n + e] += v;
          std::memcpy(&data[t * job.in_column_bytes[i] + e * bytes], &v, bytes);
        }
      job.in[i] = pointer(place(data));
    }
    return result;
  }
  struct constants {
    std::vector<std::int16_t> m;
    std::vector<std::int32_t> b;
  };
  constants make_constants(job_words& job) {
    constants k;
    job.shift = some(1, 30);
    for (unsigned c = 0; c < job.channels; ++c) {
      k.m.push_back(static_cast<std::int16_t>(value(0, 32767)));
      k.b.push_back(number(0, 1) ? value(-(1 << 29), 1 << 29) : 1 << (job.shift - 1));
    }
    job.multipliers = pointer(place(k.m));
    job.biases = pointer(place(k.b));
    return k;
  }

  struct residual_map {
    segments layout;
    std::uint32_t column_bytes = 0;
    std::vector<std::int8_t> bytes;
    std::int64_t at(unsigned t, unsigned y, unsigned c) const {
      return bytes[t * column_bytes + place_of(layout, c, y)];
    }
  };
  /// Gives the job a residual input of random bytes, factors and shift.
  residual_map make_residual(job_words& job, unsigned most_shift) {
    residual_map map;
    map.layout = make_layout(job.channels, job.height, 0, job.residual_column_bytes);
    map.column_bytes = job.residual_column_bytes;
    map.bytes = random_bytes(map.column_bytes * job.columns);
    job.residual = pointer(place(map.bytes));
    job.residual_a = value(0, 32767);
    job.residual_b = value(0, 32767);
    job.residual_shift = some(1, most_shift);
    job.residual_lo = number(0, 1) ? 0 : -128;
    return map;
  }
  /// clip((v*a + r*b + half) >> shift): the residual add of DESIGN.md.
  static std::int32_t added(const job_words& job, std::int64_t v, std::int64_t r) {
    const std::int64_t half = std::int64_t{1} << (job.residual_shift - 1);
    return clip((v * job.residual_a + r * job.residual_b + half) >> job.residual_shift, job.residual_lo);
  }

  /// A job of that kind and random shape.
  job_words random_job(std::uint32_t kernel, unsigned most_channels) {
    job_words job{};
    job.kernel = kernel;
    job.columns = some(1, 3);
    job.height = some(1, 20);
    job.channels = some(1, most_channels);
    return job;
  }
  /// Random numbers of int8 and int16 inputs, one at least.
  void random_inputs(job_words& job, unsigned least8, unsigned most8, unsigned most16) {
    job.in8 = some(least8, most8);
    job.in16 = some(job.in8 ? 0 : 1, most16);
  }

  /// Runs the job into a region full of other bytes; afterwards each column must hold what fill(t, column) makes of
  /// those bytes, and nothing else may have changed.
  template <class F>
  void expect_columns(job_words& job, const char* what, F&& fill) {
    std::vector<std::int8_t> expected = blank(job.out_column_bytes * job.columns);
    const std::uint32_t at = place(expected);
    job.out = pointer(at);
    for (unsigned t = 0; t < job.columns; ++t) fill(t, expected.data() + t * job.out_column_bytes);
    run(job, some_cores());
    expect_bytes(at, expected, what);
  }
  /// The same for int8 outputs in segments: pixel(t, y, c) is the value of a channel.
  template <class F>
  void expect_pixels(job_words& job, const segments& layout, const char* what, F&& pixel) {
    expect_columns(job, what, [&](unsigned t, std::int8_t* column) {
      for (unsigned y = 0; y < job.height; ++y)
        for (unsigned c = 0; c < job.channels; ++c) put(column, layout, c, y, pixel(t, y, c));
    });
  }
  /// The same for words of a plain [height][channels] output.
  template <class T, class F>
  void expect_words(job_words& job, const char* what, F&& word) {
    expect_columns(job, what, [&](unsigned t, std::int8_t* column) {
      for (unsigned y = 0; y < job.height; ++y)
        for (unsigned c = 0; c < job.channels; ++c) {
          const auto v = static_cast<T>(word(t, y, c));
          std::memcpy(column + (y * job.channels + c) * sizeof(T), &v, sizeof(T));
        }
    });
  }

  /// body() `rounds` times, each with all of L1 free again; ends at the first fatal failure.
  template <class F>
  void repeat(int rounds, F&& body) {
    for (; rounds > 0 && !HasFatalFailure(); --rounds) {
      free_all();
      body();
    }
  }
  void free_all() { top_ = kernel_machine::first_free; }

  kernel_machine machine_;
  std::mt19937 random_;
  unsigned seed_ = 0;
  std::uint32_t top_ = kernel_machine::first_free;
};

}  // namespace ohmic
