// Layers on cores: the firmware's kernels on the ISS, core by core, against sums computed one product after the other
// in 64 bit. Every byte of the output region is compared, and no core may touch anything but the buffers that it is
// given.
#include <numeric>

#include "sw/deployment/layer_format.h"
#include "tests/sw/firmware/kernel_bench.h"

namespace ohmic {
namespace {

/// One channel's constants, and the sums up to which they may be used in 32 bit.
struct channel_constants {
  std::int64_t m = 0, b = 0, limit = 0;
};

class LayersTest : public KernelBench {
 protected:
  struct shape {
    unsigned in_channels = 1, channels = 1, groups = 1;
    unsigned size_x = 1, size_y = 1, stride_x = 1, stride_y = 1, pad_x = 0;
    int pad_y = 0;  // of some rows of a kernel less than 0, or more than they are
    unsigned in_width = 1, in_height = 1, width = 1, height = 1;

    unsigned of_group() const { return in_channels / groups; }
    unsigned taps() const { return size_x * size_y; }
  };
  struct layer {
    shape s;
    std::vector<std::int8_t> weights;  // [channel][kx][ky][input channel of the group]
    std::vector<channel_constants> constants;
    std::vector<std::int8_t> ring;
    unsigned first_column = 0;
    unsigned blocks = 1;  // of the input's channels

    /// The weight of a window's byte as it lies in blocks.
    std::int8_t weight(unsigned channel, unsigned byte) const {
      const unsigned of_block = s.of_group() / blocks, row = byte / of_block, i = byte % of_block;
      const unsigned ky = row % s.size_y, block = row / s.size_y % blocks, kx = row / s.size_y / blocks;
      return weights[((channel * s.size_x + kx) * s.size_y + ky) * s.of_group() + block * of_block + i];
    }
  };

  /// The output's size with so much padding behind the map as leaves every window on it.
  bool fit(unsigned in, unsigned size, unsigned stride, unsigned pad, unsigned& out) {
    const unsigned most = (in - 1 + pad) / stride + 1;  // windows that begin on the map or in front of it
    const int whole = static_cast<int>(in + pad) - static_cast<int>(size);
    out = whole < 0 ? 1 : static_cast<unsigned>(whole) / stride + 1;
    if (number(0, 1)) out = std::min(most, out + some(0, 1));
    return pad < size && out >= 1 && out <= most;
  }

  shape random_shape(bool depthwise) {
    for (;;) {
      shape s;
      const bool matrix = !depthwise && number(0, 3) == 0, usual = number(0, 2) == 0;
      s.size_x = matrix ? 1 : usual ? 3 : some(1, 5);
      s.size_y = matrix ? 1 : usual ? 3 : number(0, 5) ? some(1, 5) : some(1, 10);
      s.stride_x = usual ? some(1, 2) : some(1, 3);
      s.stride_y = usual ? s.stride_x : some(1, 3);
      s.pad_x = some(0, s.size_x - 1);
      const unsigned pad_y = some(0, s.size_y - 1);
      s.pad_y = static_cast<int>(pad_y);
      s.in_width = some(1, 8);
      s.in_height = some(1, 24);
      if (depthwise) {
        s.groups = s.in_channels = s.channels = some(1, 37);
      } else {
        s.groups = number(0, 2) ? 1 : some(1, 5);
        const unsigned per_group = number(0, 1) ? 4 * some(1, 6) : some(1, 9);
        s.in_channels = s.groups * per_group;
        // Now and then many more outputs than one of them has weights.
        s.channels = s.groups * (number(0, 9) == 0 ? 4 * some(9, 20) : number(0, 1) ? 4 * some(1, 4) : some(1, 11));
      }
      if (fit(s.in_width, s.size_x, s.stride_x, s.pad_x, s.width) &&
          fit(s.in_height, s.size_y, s.stride_y, pad_y, s.height)) {
        if (!depthwise && number(0, 3) == 0) {  // some of the kernel's rows, whose windows may lie beside the map
          const unsigned begin = some(0, s.size_y - 1);
          s.size_y = some(1, s.size_y - begin);
          s.pad_y -= static_cast<int>(begin);
        }
        return s;
      }
    }
  }

  /// The job's input, weights and window, at some place of a stream.
  layer make_layer(job_words& job, const shape& s) {
    layer l;
    l.s = s;
    job.channels = s.channels;
    job.height = s.height;
    job.columns = some(1, std::min(s.width, 4u));
    l.first_column = some(0, s.width - job.columns);
    job.in_channels = s.in_channels;
    job.groups = s.groups;
    job.in_pitch = s.in_channels + (number(0, 3) ? 0 : some(1, 8));
    job.pooled_column_bytes =
        job.in_pitch * s.in_height + (number(0, 3) ? (4 - job.in_pitch * s.in_height % 4) % 4 : some(0, 9));
    unsigned blocks = 1;
    if (s.groups == 1 && s.in_channels % 8 == 0 && number(0, 1)) {
      blocks = s.in_channels % 12 == 0 && number(0, 1) ? 3 : number(0, 1) && s.in_channels % 16 == 0 ? 4 : 2;
      if (s.in_channels / blocks % 4 != 0) blocks = 1;
    }
    if (blocks > 1) {
      job.in_pitch = s.in_channels / blocks;
      job.in_more_blocks = blocks - 1;
      job.pooled_column_bytes = s.in_channels * s.in_height + 4 * some(0, 2);
    }
    job.image_columns = s.in_width;
    job.image_first = some(0, 3) * s.in_width;
    job.pooled_slots = s.in_width + some(0, 3);
    job.first_x = static_cast<int>(l.first_column * s.stride_x) - static_cast<int>(s.pad_x);
    job.pool_size = s.size_x;
    job.pool_height = s.size_y;
    job.pool_stride = s.stride_x;
    job.pool_stride_y = s.stride_y;
    job.pool_pad_y = s.pad_y;
    job.input_height = s.in_height;
    l.ring = random_bytes(job.pooled_column_bytes * job.pooled_slots);
    job.pooled_base = pointer(buffer(l.ring, blocks > 1 || number(0, 3) ? 0 : some(1, 3)));
    l.blocks = blocks;
    l.weights = random_bytes(s.channels * s.taps() * s.of_group());
    return l;
  }

  /// Constants with which a sum of `largest` at most needs no limit, or such that need one.
  void make_layer_constants(job_words& job, layer& l) {
    const std::int64_t largest = std::int64_t{l.s.taps()} * l.s.of_group() * 128 * 128;
    job.limited = number(0, 1);
    job.shift = some(1, 21);
    const std::int64_t one = std::int64_t{1} << job.shift, int_max = 2147483647;
    for (unsigned c = 0; c < l.s.channels; ++c) {
      channel_constants k;
      k.b = number(0, 1) ? one / 2 : value(-(1 << 28), 1 << 28);
      if (job.limited) {
        k.m = value(0, 32767);
        // The least sum from which on outputs stand at an end on both sides.
        k.limit = k.m == 0 ? int_max - 1 : (128 * one + std::abs(k.b)) / k.m + 1;
        EXPECT_LE((k.limit + 1) * k.m + std::abs(k.b), int_max);
      } else {
        k.m = value(0, static_cast<int>(std::min<std::int64_t>(32767, (int_max - std::abs(k.b)) / largest)));
        k.limit = int_max - 1;
      }
      l.constants.push_back(k);
    }
  }

  /// layer_format.h: blocks of 4 channels, group by group.
  std::vector<std::uint8_t> packed(const layer& l) const {
    const shape& s = l.s;
    const unsigned of_group = s.channels / s.groups, window = s.taps() * s.of_group();
    const unsigned padded = std::max(8u, (window + 3) / 4 * 4);
    std::vector<std::uint8_t> bytes;
    for (unsigned g = 0; g < s.groups; ++g)
      for (unsigned first = 0; first < of_group; first += 4) {
        for (unsigned word = 0; word < padded; word += 4)
          for (unsigned c = first; c < first + 4; ++c)
            for (unsigned i = word; i < word + 4; ++i)
              bytes.push_back(c < of_group && i < window ? static_cast<std::uint8_t>(l.weight(g * of_group + c, i))
                                                         : std::uint8_t{0});
        for (unsigned c = first; c < first + 4; ++c)
          append(bytes, c < of_group ? l.constants[g * of_group + c] : channel_constants{});
      }
    EXPECT_EQ(bytes.size(), ohmic_layer_weight_bytes(s.taps(), s.in_channels, s.channels, s.groups));
    return bytes;
  }
  std::vector<std::uint8_t> packed_depthwise(const layer& l) const {
    const shape& s = l.s;
    const unsigned rows = (s.size_y + 3) / 4 * 4;
    std::vector<std::uint8_t> bytes;
    for (unsigned c = 0; c < (s.channels + 3) / 4 * 4; ++c) {
      for (unsigned x = 0; x < s.size_x; ++x)
        for (unsigned y = 0; y < rows; ++y)
          bytes.push_back(c < s.channels && y < s.size_y
                              ? static_cast<std::uint8_t>(l.weights[(c * s.size_x + x) * s.size_y + y])
                              : std::uint8_t{0});
      append(bytes, c < s.channels ? l.constants[c] : channel_constants{});
    }
    EXPECT_EQ(bytes.size(), ohmic_depthwise_weight_bytes(s.size_x, s.size_y, s.channels));
    return bytes;
  }
  static void append(std::vector<std::uint8_t>& bytes, const channel_constants& k) {
    for (const std::int64_t v : {k.m, k.b, k.limit}) {
      const auto word = static_cast<std::int32_t>(v);
      const auto* p = reinterpret_cast<const std::uint8_t*>(&word);
      bytes.insert(bytes.end(), p, p + 4);
    }
  }

  /// The sum of output column t, product by product.
  std::int64_t sum_at(const job_words& job, const layer& l, unsigned t, unsigned yo, unsigned c) const {
    const shape& s = l.s;
    const unsigned group = c / (s.channels / s.groups), of_block = s.of_group() / l.blocks;
    std::int64_t sum = 0;
    for (unsigned kx = 0; kx < s.size_x; ++kx)
      for (unsigned ky = 0; ky < s.size_y; ++ky) {
        const int x = static_cast<int>((l.first_column + t) * s.stride_x + kx) - static_cast<int>(s.pad_x);
        const int y = static_cast<int>(yo * s.stride_y + ky) - s.pad_y;
        if (x < 0 || y < 0 || x >= static_cast<int>(s.in_width) || y >= static_cast<int>(s.in_height)) continue;
        const std::size_t column = (job.image_first + static_cast<unsigned>(x)) % job.pooled_slots;
        for (unsigned i = 0; i < s.of_group(); ++i)
          sum += std::int64_t{l.ring[column * job.pooled_column_bytes + i / of_block * s.in_height * job.in_pitch +
                                     static_cast<unsigned>(y) * job.in_pitch + group * s.of_group() + i % of_block]} *
                 l.weights[((c * s.size_x + kx) * s.size_y + ky) * s.of_group() + i];
      }
    return sum;
  }
  std::int32_t output_at(const job_words& job, const layer& l, unsigned t, unsigned y, unsigned c) const {
    const channel_constants& k = l.constants[c];
    const std::int64_t v = (sum_at(job, l, t, y, c) * k.m + k.b) >> job.shift;
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(v, job.lo, job.hi));
  }

  /// Places bytes that the cores may touch.
  template <class T>
  std::uint32_t buffer(const std::vector<T>& values, unsigned misaligned = 0) {
    const std::uint32_t at = place(values, misaligned);
    machine_.allow(at, static_cast<std::uint32_t>(values.size() * sizeof(T)));
    return at;
  }

  /// Runs the job with exactly the buffers of its layer; afterwards each output column must be what fill() makes of it.
  template <class F>
  void expect_layer(job_words& job, const char* what, F&& fill) {
    std::vector<std::int8_t> expected = blank(job.out_column_bytes * job.columns);
    const std::uint32_t at = buffer(expected);
    job.out = pointer(at);
    for (unsigned t = 0; t < job.columns; ++t) fill(t, expected.data() + t * job.out_column_bytes);
    const unsigned cores = some_cores();
    const std::uint32_t job_at = allocate(sizeof job);
    machine_.allow(job_at, sizeof job);
    std::memcpy(machine_.l1(job_at), &job, sizeof job);
    machine_.run(1, "ohmic_layer_scratch_bytes", {pointer(job_at)});
    job.scratch_bytes = machine_.result();
    const std::uint32_t scratch = allocate(job.scratch_bytes * cores);
    machine_.allow(scratch, job.scratch_bytes * cores);
    job.scratch = pointer(scratch);
    if (job.pieces) machine_.allow(job.pieces - kernel_machine::l1_base, job.piece_count * 24);
    std::memcpy(machine_.l1(machine_.symbol("ohmic_team") - kernel_machine::l1_base), &cores, 4);
    std::memcpy(machine_.l1(job_at), &job, sizeof job);
    constexpr unsigned most = 4096, work_bytes = 12;
    const std::uint32_t work_of = allocate(65 * 4), work = allocate(most * work_bytes);
    machine_.allow(work_of, 65 * 4);
    machine_.allow(work, most * work_bytes);
    machine_.run(1, "ohmic_share_tile", {pointer(job_at), cores, pointer(work_of), pointer(work), most});
    ASSERT_GT(machine_.result(), 0u);
    const shape_text text{job, seed_};
    try {
      machine_.run(cores, "ohmic_run_kernel", {pointer(job_at)});
    } catch (const std::exception& e) {
      FAIL() << what << ": " << e.what() << text.of();
    }
    const auto* got = reinterpret_cast<const std::int8_t*>(machine_.l1(at));
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_EQ(int{got[i]}, int{expected[i]}) << what << " byte " << i << " of " << expected.size() << text.of();
  }
  struct shape_text {
    const job_words& job;
    unsigned seed;
    std::string of() const {
      std::string text = ", seed " + std::to_string(seed);
      for (const auto& [name, v] : std::vector<std::pair<const char*, long long>>{{"columns", job.columns},
                                                                                  {"height", job.height},
                                                                                  {"channels", job.channels},
                                                                                  {"in_channels", job.in_channels},
                                                                                  {"groups", job.groups},
                                                                                  {"in_pitch", job.in_pitch},
                                                                                  {"size", job.pool_size},
                                                                                  {"size_y", job.pool_height},
                                                                                  {"stride", job.pool_stride},
                                                                                  {"stride_y", job.pool_stride_y},
                                                                                  {"first_x", job.first_x},
                                                                                  {"pad_y", job.pool_pad_y},
                                                                                  {"image_columns", job.image_columns},
                                                                                  {"input_height", job.input_height},
                                                                                  {"shift", job.shift},
                                                                                  {"limited", job.limited}})
        text += std::string(", ") + name + " " + std::to_string(v);
      return text;
    }
  };

  void random_bounds(job_words& job) {
    job.lo = number(0, 1) ? 0 : number(0, 1) ? -128 : number(-128, 0);
    job.hi = number(0, 2) ? 127 : number(0, 127);
  }
  void expect_int8(bool depthwise, const char* what) {
    job_words job{};
    job.kernel = depthwise ? OHMIC_KERNEL_DEPTHWISE : OHMIC_KERNEL_LAYER;
    machine_.fence();
    layer l = make_layer(job, random_shape(depthwise));
    make_layer_constants(job, l);
    random_bounds(job);
    job.weights = pointer(buffer(depthwise ? packed_depthwise(l) : packed(l)));
    machine_.open();
    const segments out = make_layout(job.channels, job.height, some(0, 2), job.out_column_bytes);
    const bool residual = number(0, 2) == 0;
    const residual_map map = residual ? make_residual(job, 16) : residual_map{};
    make_pieces(job, out, map.layout);
    machine_.close();
    if (residual) machine_.allow(job.residual - kernel_machine::l1_base, job.residual_column_bytes * job.columns);
    expect_layer(job, what, [&](unsigned t, std::int8_t* column) {
      for (unsigned y = 0; y < job.height; ++y)
        for (unsigned c = 0; c < job.channels; ++c) {
          const std::int32_t v = output_at(job, l, t, y, c);
          put(column, out, c, y, residual ? added(job, v, map.at(t, y, c)) : v);
        }
    });
    machine_.open();
  }
  void expect_int32(std::uint32_t kernel, const char* what) {
    job_words job{};
    job.kernel = kernel;
    machine_.fence();
    layer l = make_layer(job, random_shape(false));
    make_layer_constants(job, l);
    job.weights = pointer(buffer(packed(l)));
    job.out_column_bytes = 4 * (job.height * job.channels + some(0, 2));
    expect_layer(job, what, [&](unsigned t, std::int8_t* column) {
      for (unsigned y = 0; y < job.height; ++y)
        for (unsigned c = 0; c < job.channels; ++c) {
          const std::int64_t sum = sum_at(job, l, t, y, c);
          const auto v = static_cast<std::int32_t>(
              kernel == OHMIC_KERNEL_LAYER_SUMS ? sum : sum * l.constants[c].m + l.constants[c].b);
          std::memcpy(column + (y * job.channels + c) * 4, &v, 4);
        }
    });
    machine_.open();
  }
};

TEST_F(LayersTest, ConvolutionsAndProductsAreExact) {
  repeat(150, [&] { expect_int8(false, "layer"); });
}

TEST_F(LayersTest, DepthwiseLayersAreExact) {
  repeat(120, [&] { expect_int8(true, "depthwise layer"); });
}

TEST_F(LayersTest, SumsAreExact) {
  repeat(60, [&] { expect_int32(OHMIC_KERNEL_LAYER_SUMS, "sums"); });
}

TEST_F(LayersTest, LogitsAreExact) {
  repeat(60, [&] { expect_int32(OHMIC_KERNEL_LAYER_LOGITS, "logits"); });
}

}  // namespace
}  // namespace ohmic
