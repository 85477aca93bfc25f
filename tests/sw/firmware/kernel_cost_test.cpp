// What the compiler's cost model expects of kernels (kernel_time.h) is what their instructions take on the ISS, where
// no bank is ever taken and lines of the program come from the cluster's cache: shapes at random, the longest of all
// cores.
#include "sw/compiler/mapping/cost/kernel_time.h"
#include "tests/sw/firmware/kernel_bench.h"

namespace ohmic {
namespace {

class KernelCost : public KernelBench {
 protected:
  /// As the compiler lays columns out: channels of a pixel side by side, one piece.
  void make_output(job_words& job, unsigned element_bytes) {
    job.out_column_bytes = job.height * job.channels * element_bytes;
    job.out = pointer(allocate(job.columns * job.out_column_bytes));
    if (element_bytes == 1) make_pieces(job, plain(job.channels), job.residual ? plain(job.channels) : segments{});
  }
  static segments plain(unsigned channels) { return {{0, channels, 0, channels}}; }
  static bool fits(const job_words& job) {
    return job.columns * job.height * job.channels * (job.in8 + 2 * job.in16 + 3) < kernel_machine::l1_bytes / 2;
  }
  void make_summands(job_words& job) {
    for (unsigned i = 0; i < job.in8 + job.in16; ++i) {
      job.in_column_bytes[i] = job.height * job.channels * (i < job.in8 ? 1 : 2);
      job.in[i] = pointer(allocate(job.columns * job.in_column_bytes[i]));
    }
    if (job.kernel != OHMIC_KERNEL_PARTIAL && job.kernel != OHMIC_KERNEL_ADD) make_constants(job);
  }
  void make_residual_map(job_words& job) {
    job.residual_column_bytes = job.height * job.channels;
    job.residual = pointer(allocate(job.columns * job.residual_column_bytes));
    job.residual_a = job.residual_b = 1000;
    job.residual_shift = 11;
  }
  kernel_shape shape_of(const job_words& job) {
    kernel_shape tile;
    tile.kernel = static_cast<ohmic_kernel>(job.kernel);
    tile.columns = job.columns;
    tile.height = job.height;
    tile.channels = job.channels;
    tile.in8 = job.in8;
    tile.in16 = job.in16;
    tile.residual = job.residual != 0 && job.kernel != OHMIC_KERNEL_ADD;
    tile.window = job.pool_size;
    tile.window_height = job.pool_height;
    tile.stride = job.pool_stride;
    tile.stride_height = job.pool_stride_y;
    tile.pad_height = static_cast<unsigned>(job.pool_pad_y);
    tile.input_height = job.input_height;
    tile.input_width = job.image_columns;
    return tile;
  }
  void compare(const job_words& job, unsigned cores, double within) {
    chip_config chip;
    chip.cluster.cores = cores;
    chip.cluster.l1_banks = 1u << 18;  // every word in one of its own
    machine_.set_line_cycles(chip.icache.hit_cycles);
    const double expected = kernel_time(chip).cycles(shape_of(job)) - kernel_time::call_cycles;
    const auto measured = static_cast<double>(run(job, ohmic_kernel_cores(job.kernel, cores)));
    EXPECT_NEAR(expected / measured, 1, within)
        << "kernel " << job.kernel << " of " << job.columns << " x " << job.height << " x " << job.channels << ", "
        << job.in8 << " + " << job.in16 << " inputs" << (job.residual ? " and a residual" : "") << ", window of "
        << job.pool_size << " on " << job.image_columns << " x " << job.input_height << ", " << cores
        << " cores: " << expected << " instead of " << measured << ", seed " << seed_;
  }
  unsigned of(std::initializer_list<unsigned> values) { return values.begin()[number(0, int(values.size()) - 1)]; }
  unsigned chip_cores() { return of({1, 2, 4, 8, 16, 16, 16, 32}); }
};

TEST_F(KernelCost, SumsTakeWhatIsExpected) {
  repeat(60, [&] {
    job_words job{};
    job.kernel = OHMIC_KERNEL_REQUANTISE;
    job.columns = of({1, 1, 2, 4});
    job.height = of({1, 2, 4, 7, 8, 14, 16, 28, 32, 64, 112});
    job.channels = of({16, 32, 48, 64, 128, 256});
    job.in8 = some(1, 9);
    if (!fits(job)) return;
    make_summands(job);
    if (number(0, 1)) make_residual_map(job);
    make_output(job, 1);
    compare(job, chip_cores(), 0.08);
  });
}

TEST_F(KernelCost, SumsOfPartialSumsTakeWhatIsExpected) {
  repeat(40, [&] {
    job_words job{};
    job.kernel = OHMIC_KERNEL_REQUANTISE;
    job.columns = of({1, 1, 2});
    job.height = of({1, 2, 4, 7, 8, 16, 32, 64});
    job.channels = of({16, 32, 64, 128, 256});
    job.in8 = some(0, 3);
    job.in16 = some(1, 5);
    if (!fits(job)) return;
    make_summands(job);
    if (number(0, 1)) make_residual_map(job);
    make_output(job, 1);
    compare(job, chip_cores(), 0.08);
  });
}

TEST_F(KernelCost, PartialSumsTakeWhatIsExpected) {
  repeat(60, [&] {
    job_words job{};
    job.kernel = OHMIC_KERNEL_PARTIAL;
    job.columns = of({1, 1, 2, 4});
    job.height = of({1, 2, 4, 7, 8, 16, 32});
    job.channels = of({16, 32, 64, 128, 256, 512});
    job.in8 = some(0, 9);
    job.in16 = some(job.in8 ? 0 : 1, 3);
    if (!fits(job)) return;
    make_summands(job);
    make_output(job, 2);
    compare(job, chip_cores(), 0.08);
  });
}

TEST_F(KernelCost, LogitsTakeWhatIsExpected) {
  repeat(20, [&] {
    job_words job{};
    job.kernel = OHMIC_KERNEL_LOGITS;
    job.columns = job.height = 1;
    job.channels = of({10, 40, 100, 256, 1000});
    job.in8 = some(1, 4);
    if (!fits(job)) return;
    make_summands(job);
    make_output(job, 4);
    compare(job, chip_cores(), 0.08);
  });
}

TEST_F(KernelCost, AddsTakeWhatIsExpected) {
  repeat(30, [&] {
    job_words job{};
    job.kernel = OHMIC_KERNEL_ADD;
    job.columns = of({1, 1, 2, 4});
    job.height = of({1, 2, 4, 7, 8, 16, 32});
    job.channels = of({16, 32, 64, 128, 256, 512});
    job.in8 = 1;
    if (!fits(job)) return;
    make_summands(job);
    make_residual_map(job);
    make_output(job, 1);
    compare(job, chip_cores(), 0.08);
  });
}

TEST_F(KernelCost, MaximaTakeWhatIsExpected) {
  repeat(60, [&] {
    job_words job{};
    job.kernel = OHMIC_KERNEL_MAX_POOL;
    job.columns = of({1, 1, 2, 4});
    job.pool_size = job.pool_height = of({3, 3, 3, 2});
    job.pool_stride = job.pool_stride_y = 2;
    job.pool_pad_y = job.pool_size == 3 && number(0, 1) ? 1 : 0;
    job.height = of({2, 4, 7, 8, 16, 28, 32, 64});
    job.input_height = 2 * job.height;
    job.channels = of({8, 16, 32, 48, 64, 128});
    job.image_columns = 2 * job.columns + 6;
    job.first_x = 2 - job.pool_pad_y;
    job.pooled_slots = of({8, 16, 24});
    job.pooled_column_bytes = job.input_height * job.channels;
    job.pooled_base = pointer(allocate(std::max(job.pooled_slots, job.image_columns) * job.pooled_column_bytes));
    job.out_column_bytes = job.height * job.channels;
    job.out = pointer(allocate(job.columns * job.out_column_bytes));
    make_pieces(job, plain(job.channels), plain(job.channels));
    compare(job, chip_cores(), 0.08);
  });
}

TEST_F(KernelCost, AveragesTakeWhatIsExpected) {
  repeat(40, [&] {
    job_words job{};
    job.kernel = OHMIC_KERNEL_AVERAGE_POOL;
    job.columns = job.height = 1;
    job.shift = 16;
    job.pool_multiplier = 1000;
    job.channels = of({16, 32, 64, 100, 128, 256, 512});
    job.image_columns = of({1, 2, 4, 7, 8, 14, 16});
    job.input_height = of({1, 2, 4, 7, 8, 14, 16});
    job.pooled_slots = job.image_columns + some(0, 3);
    job.pooled_column_bytes = job.input_height * job.channels;
    job.pooled_base = pointer(allocate(job.pooled_slots * job.pooled_column_bytes));
    job.out_column_bytes = job.channels;
    job.out = pointer(allocate(job.out_column_bytes));
    make_pieces(job, plain(job.channels), plain(job.channels));
    compare(job, chip_cores(), 0.08);
  });
}

}  // namespace
}  // namespace ohmic
