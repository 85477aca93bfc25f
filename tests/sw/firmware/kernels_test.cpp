// The firmware's kernels, run on the ISS core by core, against DESIGN.md "Numbers" computed channel by channel in
// 64 bit. Every byte of the output region is compared, so a kernel that writes beside its segments fails.
#include "tests/sw/firmware/kernel_bench.h"

namespace ohmic {
namespace {

class KernelTest : public KernelBench {};

TEST_F(KernelTest, PartialSumsAreExact) {
  repeat(60, [&] {
    job_words job = random_job(OHMIC_KERNEL_PARTIAL, 70);
    random_inputs(job, 0, 6, 3);
    const sums in = make_inputs(job);
    job.out_column_bytes = (job.height * job.channels * 2 + 3) / 4 * 4 + 4 * some(0, 2);
    expect_words<std::int16_t>(job, "partial", [&](unsigned t, unsigned y, unsigned c) { return in.at(t, y, c); });
  });
}

TEST_F(KernelTest, PartialSumsOfManyCodesAreExact) {
  repeat(30, [&] {
    job_words job = random_job(OHMIC_KERNEL_PARTIAL, 70);
    job.in8 = static_cast<unsigned>(number(2, 32));
    const sums in = make_inputs(job);
    job.out_column_bytes = (job.height * job.channels * 2 + 3) / 4 * 4;
    expect_words<std::int16_t>(job, "partial", [&](unsigned t, unsigned y, unsigned c) { return in.at(t, y, c); });
  });
}

TEST_F(KernelTest, PartialSumsOfColumnsOfAnyLengthAreExact) {
  // Around 65535 elements, from where on rows are counted.
  const std::vector<std::pair<unsigned, unsigned>> shapes = {{255, 257}, {256, 256}, {300, 219}, {65535, 1}, {900, 90}};
  unsigned next = 0;
  repeat(static_cast<int>(shapes.size()), [&] {
    job_words job{};
    job.kernel = OHMIC_KERNEL_PARTIAL;
    job.columns = 1;
    std::tie(job.height, job.channels) = shapes[next++];
    job.in8 = 2;
    const sums in = make_inputs(job);
    job.out_column_bytes = (job.height * job.channels * 2 + 3) / 4 * 4;
    expect_words<std::int16_t>(job, "partial", [&](unsigned t, unsigned y, unsigned c) { return in.at(t, y, c); });
  });
}

TEST_F(KernelTest, RequantiseAndResidualAreExact) {
  repeat(150, [&] {
    job_words job = random_job(OHMIC_KERNEL_REQUANTISE, 90);
    random_inputs(job, 0, 6, 3);
    job.lo = number(0, 1) ? 0 : -128;
    const sums in = make_inputs(job);
    const constants k = make_constants(job);
    const segments out = make_layout(job.channels, job.height, some(0, 2), job.out_column_bytes);
    const bool residual = number(0, 1);
    const residual_map map = residual ? make_residual(job, 16) : residual_map{};
    make_pieces(job, out, map.layout);
    expect_pixels(job, out, residual ? "requantise with residual" : "requantise",
                  [&](unsigned t, unsigned y, unsigned c) {
                    const std::int32_t v = clip((in.at(t, y, c) * k.m[c] + k.b[c]) >> job.shift, job.lo);
                    return residual ? added(job, v, map.at(t, y, c)) : v;
                  });
  });
}

TEST_F(KernelTest, LogitsAreExact) {
  repeat(40, [&] {
    job_words job{};
    job.kernel = OHMIC_KERNEL_LOGITS;
    job.columns = 1;
    job.height = some(1, 2);
    job.channels = some(1, 256);
    random_inputs(job, 1, 4, 2);
    const sums in = make_inputs(job);
    const constants k = make_constants(job);
    job.out_column_bytes = job.height * job.channels * 4;
    expect_words<std::int32_t>(job, "logits",
                               [&](unsigned t, unsigned y, unsigned c) { return in.at(t, y, c) * k.m[c] + k.b[c]; });
  });
}

TEST_F(KernelTest, AddIsExact) {
  repeat(60, [&] {
    job_words job = random_job(OHMIC_KERNEL_ADD, 70);
    job.in8 = 1;
    const sums in = make_inputs(job);
    const segments out = make_layout(job.channels, job.height, some(0, 2), job.out_column_bytes);
    const residual_map map = make_residual(job, 30);
    make_pieces(job, out, map.layout);
    expect_pixels(job, out, "add",
                  [&](unsigned t, unsigned y, unsigned c) { return added(job, in.at(t, y, c), map.at(t, y, c)); });
  });
}

/// A pool's input: a ring of columns with the image somewhere in it.
class PoolTest : public KernelBench {
 protected:
  job_words random_pool(std::uint32_t kernel) {
    job_words job{};
    job.kernel = kernel;
    job.channels = some(1, 70);
    job.input_height = some(1, 20);
    job.image_columns = some(1, 12);
    job.image_first = some(0, 5) * job.image_columns;
    job.pooled_slots = job.image_columns + some(0, 5);
    return job;
  }
  /// Lays out the input and the output, whose shape is known by now.
  void make_maps(job_words& job) {
    in_layout = make_layout(job.channels, job.input_height, 0, job.pooled_column_bytes);
    out_layout = make_layout(job.channels, job.height, some(0, 2), job.out_column_bytes);
    make_pieces(job, out_layout, in_layout);
    ring = random_bytes(job.pooled_column_bytes * job.pooled_slots);
    job.pooled_base = pointer(place(ring));
  }
  int in(const job_words& job, unsigned x, unsigned y, unsigned c) const {
    return ring[(job.image_first + x) % job.pooled_slots * job.pooled_column_bytes + place_of(in_layout, c, y)];
  }

  segments in_layout, out_layout;
  std::vector<std::int8_t> ring;
};

TEST_F(PoolTest, AverageIsExact) {
  repeat(20, [&] {
    job_words job = random_pool(OHMIC_KERNEL_AVERAGE_POOL);
    job.columns = job.height = 1;
    job.shift = some(1, 20);
    job.pool_multiplier = value(0, 32767);
    make_maps(job);
    expect_pixels(job, out_layout, "average pool", [&](unsigned, unsigned, unsigned c) {
      std::int64_t sum = 0;
      for (unsigned x = 0; x < job.image_columns; ++x)
        for (unsigned y = 0; y < job.input_height; ++y) sum += in(job, x, y, c);
      return clip((sum * job.pool_multiplier + (std::int64_t{1} << (job.shift - 1))) >> job.shift, -128);
    });
  });
}

TEST_F(PoolTest, MaximumIsExact) {
  repeat(90, [&] {
    job_words job = random_pool(OHMIC_KERNEL_MAX_POOL);
    const bool usual = number(0, 1), wide = !usual && number(0, 1);
    if (wide) {
      job.image_columns = some(12, 50);
      job.image_first = some(0, 5) * job.image_columns;
      job.pooled_slots = job.image_columns + some(0, 5);
    }
    struct axis {
      int kernel, stride, pad;
    };
    const auto any = [&](bool long_window) {
      axis a{long_window ? number(12, 30) : number(1, 4), number(1, 3), 0};
      a.pad = number(0, a.kernel - 1);
      return a;
    };
    const axis ax = usual ? axis{3, 2, 1} : any(wide),
               ay = usual ? axis{3, 2, number(0, 1)} : any(wide && number(0, 1));
    const auto outputs = [&](unsigned size, const axis& a) {
      const int room = static_cast<int>(size) + 2 * a.pad - a.kernel;
      int n = room < 0 ? 0 : room / a.stride + 1;
      while (n > 1 && (n - 1) * a.stride - a.pad >= static_cast<int>(size)) --n;  // the last window must touch the map
      return static_cast<unsigned>(n);
    };
    const unsigned width = outputs(job.image_columns, ax);
    job.height = outputs(job.input_height, ay);
    if (width < 1 || job.height < 1) return;
    job.columns = std::min(width, some(1, 3));
    const unsigned first_column = some(0, width - job.columns);
    job.first_x = static_cast<int>(first_column) * ax.stride - ax.pad;
    job.pool_size = static_cast<unsigned>(ax.kernel);
    job.pool_stride = static_cast<unsigned>(ax.stride);
    job.pool_height = static_cast<unsigned>(ay.kernel);
    job.pool_stride_y = static_cast<unsigned>(ay.stride);
    job.pool_pad_y = ay.pad;
    make_maps(job);
    expect_pixels(job, out_layout, "max pool", [&](unsigned t, unsigned yo, unsigned c) {
      int best = -128;
      const int x0 = static_cast<int>(first_column + t) * ax.stride - ax.pad,
                y0 = static_cast<int>(yo) * ay.stride - ay.pad;
      for (int x = std::max(x0, 0); x < std::min(x0 + ax.kernel, static_cast<int>(job.image_columns)); ++x)
        for (int y = std::max(y0, 0); y < std::min(y0 + ay.kernel, static_cast<int>(job.input_height)); ++y)
          best = std::max(best, in(job, static_cast<unsigned>(x), static_cast<unsigned>(y), c));
      return best;
    });
  });
}

// Costs on the network's own shapes, one core's share of 16: printed, and bounded at twice what they are today, so that
// a kernel which falls back to plain loops is noticed.
TEST_F(KernelTest, CostsPerElement) {
  const segments plain = {{0, 64, 0, 64}};
  const auto report = [](const char* name, cycle_t cycles, double elements, double most) {
    const double per_element = static_cast<double>(cycles) * 16 / elements;
    std::printf("  %-34s %6llu cycles, %.2f core-cycles per element\n", name, static_cast<unsigned long long>(cycles),
                per_element);
    EXPECT_LT(per_element, most * OHMIC_KERNEL_COST_FACTOR) << name;
  };
  for (const unsigned inputs : {1u, 3u}) {
    for (const bool residual : {false, true}) {
      free_all();
      job_words job{};
      job.kernel = OHMIC_KERNEL_REQUANTISE;
      job.columns = 1, job.height = 64, job.channels = 64, job.in8 = inputs;
      make_inputs(job);
      make_constants(job);
      job.out_column_bytes = 4096;
      job.out = pointer(allocate(4096));
      if (residual) {
        job.residual = pointer(allocate(4096));
        job.residual_column_bytes = 4096;
        job.residual_a = job.residual_b = 1000;
        job.residual_shift = 11;
      }
      make_pieces(job, plain, residual ? plain : segments{});
      const std::string name =
          std::string("requantise ") + std::to_string(inputs) + (residual ? " inputs, residual" : " inputs");
      report(name.c_str(), run(job, 16), 4096, 2 * (5.0 + 1.25 * inputs + (residual ? 7 : 0)));
    }
  }
  for (const unsigned inputs : {3u, 8u}) {
    free_all();
    job_words job{};
    job.kernel = OHMIC_KERNEL_PARTIAL;
    job.columns = 1, job.height = 16, job.channels = 256, job.in8 = inputs;
    make_inputs(job);
    job.out = pointer(allocate(8192));
    job.out_column_bytes = 8192;
    const std::string name = "partial sum of " + std::to_string(inputs);
    report(name.c_str(), run(job, 16), 4096, 2 * (1.5 + 1.375 * inputs));
  }
  {
    free_all();
    job_words job{};
    job.kernel = OHMIC_KERNEL_MAX_POOL;
    job.columns = 1, job.height = 64, job.channels = 64, job.input_height = 128, job.image_columns = 128;
    job.pooled_slots = 4, job.pooled_column_bytes = 8192, job.pooled_base = pointer(allocate(32768));
    job.first_x = 3, job.pool_size = job.pool_height = 3, job.pool_stride = job.pool_stride_y = 2, job.pool_pad_y = 1;
    job.out = pointer(allocate(4096));
    job.out_column_bytes = 4096;
    make_pieces(job, plain, plain);
    report("max pool 3x3 stride 2", run(job, 16), 4096, 2 * 5.0);
  }
}

}  // namespace
}  // namespace ohmic
