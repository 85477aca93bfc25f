// The firmware's kernels, run on the ISS core by core, against DESIGN.md "Numbers" computed channel by channel in
// 64 bit. Every byte of the output region is compared, so a kernel that writes beside its segments fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "sw/deployment/deployment.h"
#include "tests/sw/firmware/kernel_machine.h"

namespace ohmic {
namespace {

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
  std::uint32_t pool_kernel, pool_stride;
  std::int32_t pool_pad_y;
  std::uint32_t pool_height, pool_stride_y, input_height;
  std::int32_t pool_multiplier;
};

std::int32_t clip(std::int64_t v, std::int64_t lo) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(v, lo, 127));
}

/// A bump allocator over the free L1, and the map from what the test wrote to what the kernel must leave.
class KernelTest : public testing::Test {
 protected:
  KernelTest() : machine_(OHMIC_KERNELS_ELF) {}

  void SetUp() override {
    seed_ = std::random_device{}();
    random_.seed(seed_);
    RecordProperty("seed", std::to_string(seed_));
  }
  int number(int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random_); }
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
  std::vector<ohmic_segment> layout(unsigned channels, unsigned height, unsigned again, std::uint32_t& column_bytes) {
    std::vector<ohmic_segment> list;
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
  static std::uint32_t place_of(const std::vector<ohmic_segment>& list, unsigned channel, unsigned y) {
    for (const ohmic_segment& s : list)
      if (s.channel <= channel && channel < s.channel + s.count) return s.offset + (channel - s.channel) + y * s.pitch;
    ADD_FAILURE();
    return 0;
  }
  static void put(std::vector<std::int8_t>& column, const std::vector<ohmic_segment>& list, unsigned channel,
                  unsigned y, std::int32_t v) {
    for (const ohmic_segment& s : list)
      if (s.channel <= channel && channel < s.channel + s.count)
        column[s.offset + (channel - s.channel) + y * s.pitch] = static_cast<std::int8_t>(v);
  }
  void make_pieces(job_words& job, const std::vector<ohmic_segment>& out, const std::vector<ohmic_segment>& in) {
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

  struct sums {
    std::vector<std::int32_t> s;  // [columns][height][channels]
  };
  /// Fills the job's inputs with random codes and int16 sums.
  sums make_inputs(job_words& job) {
    const unsigned n = job.height * job.channels;
    sums result{std::vector<std::int32_t>(job.columns * n)};
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
  void make_constants(job_words& job, std::vector<std::int16_t>& m, std::vector<std::int32_t>& b) {
    job.shift = static_cast<unsigned>(number(1, 30));
    for (unsigned c = 0; c < job.channels; ++c) {
      m.push_back(static_cast<std::int16_t>(value(0, 32767)));
      b.push_back(number(0, 1) ? value(-(1 << 29), 1 << 29) : 1 << (job.shift - 1));
    }
    job.multipliers = pointer(place(m));
    job.biases = pointer(place(b));
  }

  kernel_machine machine_;
  std::mt19937 random_;
  unsigned seed_ = 0;
  std::uint32_t top_ = kernel_machine::first_free;
};

void free_all(std::uint32_t& top) { top = kernel_machine::first_free; }

TEST_F(KernelTest, PartialSumsAreExact) {
  for (int round = 0; round < 60; ++round) {
    free_all(top_);
    job_words job{};
    job.kernel = OHMIC_KERNEL_PARTIAL;
    job.columns = static_cast<unsigned>(number(1, 3));
    job.height = static_cast<unsigned>(number(1, 20));
    job.channels = static_cast<unsigned>(number(1, 70));
    job.in8 = static_cast<unsigned>(number(0, 6));
    job.in16 = static_cast<unsigned>(number(job.in8 ? 0 : 1, 3));
    const sums in = make_inputs(job);
    const unsigned n = job.height * job.channels;
    job.out_column_bytes = (n * 2 + 3) / 4 * 4 + 4 * static_cast<unsigned>(number(0, 2));
    std::vector<std::int8_t> out = blank(job.out_column_bytes * job.columns);
    const std::uint32_t at = place(out);
    job.out = pointer(at);
    for (unsigned t = 0; t < job.columns; ++t)
      for (unsigned e = 0; e < n; ++e) {
        const auto v = static_cast<std::int16_t>(in.s[t * n + e]);
        std::memcpy(&out[t * job.out_column_bytes + 2 * e], &v, 2);
      }
    run(job, some_cores());
    expect_bytes(at, out, "partial");
    if (HasFatalFailure()) return;
  }
}

TEST_F(KernelTest, RequantiseAndResidualAreExact) {
  for (int round = 0; round < 150; ++round) {
    free_all(top_);
    job_words job{};
    job.kernel = OHMIC_KERNEL_REQUANTISE;
    job.columns = static_cast<unsigned>(number(1, 3));
    job.height = static_cast<unsigned>(number(1, 20));
    job.channels = static_cast<unsigned>(number(1, 90));
    job.in8 = static_cast<unsigned>(number(0, 6));
    job.in16 = static_cast<unsigned>(number(job.in8 ? 0 : 1, 3));
    job.lo = number(0, 1) ? 0 : -128;
    const sums in = make_inputs(job);
    std::vector<std::int16_t> m;
    std::vector<std::int32_t> b;
    make_constants(job, m, b);
    const auto out_layout = layout(job.channels, job.height, static_cast<unsigned>(number(0, 2)), job.out_column_bytes);
    const bool residual = number(0, 1);
    std::vector<ohmic_segment> res_layout;
    std::vector<std::int8_t> res;
    if (residual) {
      res_layout = layout(job.channels, job.height, 0, job.residual_column_bytes);
      res.resize(job.residual_column_bytes * job.columns);
      for (auto& v : res) v = static_cast<std::int8_t>(value(-128, 127));
      job.residual = pointer(place(res));
      job.residual_a = value(0, 32767);
      job.residual_b = value(0, 32767);
      job.residual_shift = static_cast<unsigned>(number(1, 16));
      job.residual_lo = number(0, 1) ? 0 : -128;
    }
    make_pieces(job, out_layout, res_layout);
    std::vector<std::int8_t> out = blank(job.out_column_bytes * job.columns);
    const std::uint32_t at = place(out);
    job.out = pointer(at);
    for (unsigned t = 0; t < job.columns; ++t) {
      std::vector<std::int8_t> column(out.begin() + t * job.out_column_bytes,
                                      out.begin() + (t + 1) * job.out_column_bytes);
      for (unsigned y = 0; y < job.height; ++y)
        for (unsigned c = 0; c < job.channels; ++c) {
          const std::int64_t s = in.s[(t * job.height + y) * job.channels + c];
          std::int32_t v = clip((s * m[c] + b[c]) >> job.shift, job.lo);
          if (residual) {
            const std::int64_t r = res[t * job.residual_column_bytes + place_of(res_layout, c, y)];
            v = clip((v * std::int64_t{job.residual_a} + r * job.residual_b +
                      (std::int64_t{1} << (job.residual_shift - 1))) >>
                         job.residual_shift,
                     job.residual_lo);
          }
          put(column, out_layout, c, y, v);
        }
      std::copy(column.begin(), column.end(), out.begin() + t * job.out_column_bytes);
    }
    run(job, some_cores());
    expect_bytes(at, out, residual ? "requantise with residual" : "requantise");
    if (HasFatalFailure()) return;
  }
}

TEST_F(KernelTest, LogitsAreExact) {
  for (int round = 0; round < 40; ++round) {
    free_all(top_);
    job_words job{};
    job.kernel = OHMIC_KERNEL_LOGITS;
    job.columns = 1;
    job.height = static_cast<unsigned>(number(1, 2));
    job.channels = static_cast<unsigned>(number(1, 256));
    job.in8 = static_cast<unsigned>(number(1, 4));
    job.in16 = static_cast<unsigned>(number(0, 2));
    const sums in = make_inputs(job);
    std::vector<std::int16_t> m;
    std::vector<std::int32_t> b;
    make_constants(job, m, b);
    job.out_column_bytes = job.height * job.channels * 4;
    std::vector<std::int8_t> out = blank(job.out_column_bytes);
    const std::uint32_t at = place(out);
    job.out = pointer(at);
    for (unsigned e = 0; e < job.height * job.channels; ++e) {
      const std::int32_t v = in.s[e] * m[e % job.channels] + b[e % job.channels];
      std::memcpy(&out[4 * e], &v, 4);
    }
    run(job, some_cores());
    expect_bytes(at, out, "logits");
    if (HasFatalFailure()) return;
  }
}

TEST_F(KernelTest, AddIsExact) {
  for (int round = 0; round < 60; ++round) {
    free_all(top_);
    job_words job{};
    job.kernel = OHMIC_KERNEL_ADD;
    job.columns = static_cast<unsigned>(number(1, 3));
    job.height = static_cast<unsigned>(number(1, 20));
    job.channels = static_cast<unsigned>(number(1, 70));
    job.in8 = 1;
    const sums in = make_inputs(job);
    const auto out_layout = layout(job.channels, job.height, static_cast<unsigned>(number(0, 2)), job.out_column_bytes);
    const auto res_layout = layout(job.channels, job.height, 0, job.residual_column_bytes);
    std::vector<std::int8_t> res(job.residual_column_bytes * job.columns);
    for (auto& v : res) v = static_cast<std::int8_t>(value(-128, 127));
    job.residual = pointer(place(res));
    job.residual_a = value(0, 32767);
    job.residual_b = value(0, 32767);
    job.residual_shift = static_cast<unsigned>(number(1, 30));
    job.residual_lo = number(0, 1) ? 0 : -128;
    make_pieces(job, out_layout, res_layout);
    std::vector<std::int8_t> out = blank(job.out_column_bytes * job.columns);
    const std::uint32_t at = place(out);
    job.out = pointer(at);
    for (unsigned t = 0; t < job.columns; ++t) {
      std::vector<std::int8_t> column(out.begin() + t * job.out_column_bytes,
                                      out.begin() + (t + 1) * job.out_column_bytes);
      for (unsigned y = 0; y < job.height; ++y)
        for (unsigned c = 0; c < job.channels; ++c) {
          const std::int64_t a = in.s[(t * job.height + y) * job.channels + c];
          const std::int64_t r = res[t * job.residual_column_bytes + place_of(res_layout, c, y)];
          put(column, out_layout, c, y,
              clip((a * job.residual_a + r * job.residual_b + (std::int64_t{1} << (job.residual_shift - 1))) >>
                       job.residual_shift,
                   job.residual_lo));
        }
      std::copy(column.begin(), column.end(), out.begin() + t * job.out_column_bytes);
    }
    run(job, some_cores());
    expect_bytes(at, out, "add");
    if (HasFatalFailure()) return;
  }
}

TEST_F(KernelTest, PoolsAreExact) {
  for (int round = 0; round < 80; ++round) {
    free_all(top_);
    const bool average = number(0, 3) == 0;
    job_words job{};
    job.kernel = average ? OHMIC_KERNEL_AVERAGE_POOL : OHMIC_KERNEL_MAX_POOL;
    job.channels = static_cast<unsigned>(number(1, 70));
    job.input_height = static_cast<unsigned>(number(1, 20));
    job.image_columns = static_cast<unsigned>(number(1, 12));
    const unsigned image = static_cast<unsigned>(number(0, 5));
    job.image_first = image * job.image_columns;
    job.pooled_slots = job.image_columns + static_cast<unsigned>(number(0, 5));
    unsigned first_column = 0, kernel = 1, stride = 1;
    int pad = 0;
    if (average) {
      job.columns = job.height = 1;
      job.shift = static_cast<unsigned>(number(1, 20));
      job.pool_multiplier = value(0, 32767);
    } else {
      const bool usual = number(0, 1);
      kernel = usual ? 3 : static_cast<unsigned>(number(1, 4));
      stride = usual ? 2 : static_cast<unsigned>(number(1, 3));
      pad = usual ? 1 : number(0, static_cast<int>(kernel) - 1);
      const auto outputs = [&](unsigned size) {
        const int room = static_cast<int>(size) + 2 * pad - static_cast<int>(kernel);
        // The last window must touch the map.
        int n = room < 0 ? 0 : room / static_cast<int>(stride) + 1;
        while (n > 1 && (n - 1) * static_cast<int>(stride) - pad >= static_cast<int>(size)) --n;
        return n;
      };
      if (outputs(job.input_height) < 1 || outputs(job.image_columns) < 1) continue;
      job.height = static_cast<unsigned>(outputs(job.input_height));
      const unsigned width = static_cast<unsigned>(outputs(job.image_columns));
      job.columns = std::min(width, static_cast<unsigned>(number(1, 3)));
      first_column = static_cast<unsigned>(number(0, static_cast<int>(width - job.columns)));
      job.first_x = static_cast<int>(first_column * stride) - pad;
      job.pool_kernel = job.pool_height = kernel;
      job.pool_stride = job.pool_stride_y = stride;
      job.pool_pad_y = pad;
    }
    const auto in_layout = layout(job.channels, job.input_height, 0, job.pooled_column_bytes);
    const auto out_layout = layout(job.channels, job.height, static_cast<unsigned>(number(0, 2)), job.out_column_bytes);
    make_pieces(job, out_layout, in_layout);
    std::vector<std::int8_t> ring(job.pooled_column_bytes * job.pooled_slots);
    for (auto& v : ring) v = static_cast<std::int8_t>(value(-128, 127));
    job.pooled_base = pointer(place(ring));
    const auto in = [&](unsigned x, unsigned y, unsigned c) {
      return int{ring[(job.image_first + x) % job.pooled_slots * job.pooled_column_bytes + place_of(in_layout, c, y)]};
    };
    std::vector<std::int8_t> out = blank(job.out_column_bytes * job.columns);
    const std::uint32_t at = place(out);
    job.out = pointer(at);
    for (unsigned t = 0; t < job.columns; ++t) {
      std::vector<std::int8_t> column(out.begin() + t * job.out_column_bytes,
                                      out.begin() + (t + 1) * job.out_column_bytes);
      for (unsigned yo = 0; yo < job.height; ++yo)
        for (unsigned c = 0; c < job.channels; ++c) {
          if (average) {
            std::int64_t sum = 0;
            for (unsigned x = 0; x < job.image_columns; ++x)
              for (unsigned y = 0; y < job.input_height; ++y) sum += in(x, y, c);
            put(column, out_layout, c, yo,
                clip((sum * job.pool_multiplier + (std::int64_t{1} << (job.shift - 1))) >> job.shift, -128));
          } else {
            int best = -128;
            for (int x = static_cast<int>((first_column + t) * stride) - pad, i = 0; i < static_cast<int>(kernel); ++i)
              for (int y = static_cast<int>(yo * stride) - pad, k = 0; k < static_cast<int>(kernel); ++k)
                if (x + i >= 0 && x + i < static_cast<int>(job.image_columns) && y + k >= 0 &&
                    y + k < static_cast<int>(job.input_height))
                  best = std::max(best, in(static_cast<unsigned>(x + i), static_cast<unsigned>(y + k), c));
            put(column, out_layout, c, yo, best);
          }
        }
      std::copy(column.begin(), column.end(), out.begin() + t * job.out_column_bytes);
    }
    run(job, some_cores());
    expect_bytes(at, out, average ? "average pool" : "max pool");
    if (HasFatalFailure()) return;
  }
}

// Costs on the network's own shapes, one core's share of 16: printed, and bounded at twice what they are today, so that
// a kernel which falls back to plain loops is noticed.
TEST_F(KernelTest, CostsPerElement) {
  const auto plain = [](unsigned channels, unsigned height) {
    return std::vector<ohmic_segment>{
        {0, channels, 0, channels},
    };
    (void)height;
  };
  const auto report = [](const char* name, cycle_t cycles, double elements, double most) {
    const double per_element = static_cast<double>(cycles) * 16 / elements;
    std::printf("  %-34s %6llu cycles, %.2f core-cycles per element\n", name, static_cast<unsigned long long>(cycles),
                per_element);
    EXPECT_LT(per_element, most * OHMIC_KERNEL_COST_FACTOR) << name;
  };
  for (const unsigned inputs : {1u, 3u}) {
    for (const bool residual : {false, true}) {
      free_all(top_);
      job_words job{};
      job.kernel = OHMIC_KERNEL_REQUANTISE;
      job.columns = 1, job.height = 64, job.channels = 64, job.in8 = inputs;
      make_inputs(job);
      std::vector<std::int16_t> m;
      std::vector<std::int32_t> b;
      make_constants(job, m, b);
      job.out_column_bytes = 4096;
      job.out = pointer(allocate(4096));
      if (residual) {
        job.residual = pointer(allocate(4096));
        job.residual_column_bytes = 4096;
        job.residual_a = job.residual_b = 1000;
        job.residual_shift = 11;
      }
      make_pieces(job, plain(64, 64), residual ? plain(64, 64) : std::vector<ohmic_segment>{});
      const std::string name =
          std::string("requantise ") + std::to_string(inputs) + (residual ? " inputs, residual" : " inputs");
      report(name.c_str(), run(job, 16), 4096, 2 * (5.0 + 1.25 * inputs + (residual ? 7 : 0)));
    }
  }
  {
    free_all(top_);
    job_words job{};
    job.kernel = OHMIC_KERNEL_PARTIAL;
    job.columns = 1, job.height = 16, job.channels = 256, job.in8 = 3;
    make_inputs(job);
    job.out = pointer(allocate(8192));
    job.out_column_bytes = 8192;
    report("partial sum of 3", run(job, 16), 4096, 2 * 5.5);
  }
  {
    free_all(top_);
    job_words job{};
    job.kernel = OHMIC_KERNEL_MAX_POOL;
    job.columns = 1, job.height = 64, job.channels = 64, job.input_height = 128, job.image_columns = 128;
    job.pooled_slots = 4, job.pooled_column_bytes = 8192, job.pooled_base = pointer(allocate(32768));
    job.first_x = 3, job.pool_kernel = job.pool_height = 3, job.pool_stride = job.pool_stride_y = 2, job.pool_pad_y = 1;
    job.out = pointer(allocate(4096));
    job.out_column_bytes = 4096;
    make_pieces(job, plain(64, 64), plain(64, 128));
    report("max pool 3x3 stride 2", run(job, 16), 4096, 2 * 5.0);
  }
}

}  // namespace
}  // namespace ohmic
