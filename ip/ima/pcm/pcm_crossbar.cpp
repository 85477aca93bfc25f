#include "ip/ima/pcm/pcm_crossbar.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "ip/ima/pcm/wire_drop.h"

namespace ohmic::pcm {
namespace {

// The last word of a counter: what its numbers are for.
enum purpose : std::uint32_t { programming = 1, static_read = 2, faults_drawn = 3, mvm_read = 4 };

constexpr unsigned most_fraction_bits = 7, rows_without_loss = 512;
constexpr int range_of_weights = 127;

/// Nearest integer, halves up.
double rounded(double x) { return std::floor(x + 0.5); }

std::int16_t saturated(double x, double most) {
  return static_cast<std::int16_t>(std::max(-most, std::min(most, rounded(x))));
}

}  // namespace

/// Two lots of devices, g+ and g- of a row's cells.
struct pcm_crossbar::row_of_devices {
  explicit row_of_devices(unsigned n)
      : count(n), target(2 * n), programmed(2 * n), exponent(2 * n), drifted(2 * n), deviation(2 * n), xi(4 * n) {}
  unsigned count;
  std::vector<double> target, programmed, exponent, drifted, deviation, xi;
};

pcm_crossbar::pcm_crossbar(unsigned rows, unsigned columns, const pcm_options& options, std::uint32_t identity,
                           const kernel_set& kernels)
    : kernels_(&kernels),
      adc_(&mvm::best_kernels()),
      rows_(rows),
      columns_(columns),
      pairs_((rows + 1) / 2),
      blocks_((columns + block_columns - 1) / block_columns),
      fraction_bits_(most_fraction_bits),
      largest_byte_(255),
      options_(options),
      identity_(identity) {
  for (unsigned r = rows_without_loss; r < rows && fraction_bits_ > 0; r *= 2) {
    --fraction_bits_;
    largest_byte_ /= 2;
  }
  weights_.resize(std::size_t{blocks_} * pairs_ * pair_cells);
  if (options_.reads == read_noise::per_mvm) variances_.resize(weights_.size());
}

void pcm_crossbar::apply_faults(unsigned row, row_of_devices& d, const std::vector<device_fault>& faults) const {
  const auto stick = [&](std::size_t device, double conductance) {
    d.programmed[device] = d.drifted[device] = conductance;
    d.deviation[device] = 0;
  };
  if (options_.dead > 0 || options_.stuck > 0) {
    std::vector<std::uint32_t> words(std::size_t{4} * d.count);
    kernels_->words(key_of(options_.seed), {row << 16, identity_, 0, faults_drawn}, d.count, words.data());
    for (std::size_t device = 0; device < std::size_t{2} * d.count; ++device) {
      const double u = (words[device] + 0.5) * 0x1p-32;
      if (u < options_.dead)
        stick(device, 0);
      else if (u < options_.dead + options_.stuck)
        stick(device, options_.stuck_at * options_.devices.g_max);
    }
  }
  for (const device_fault& fault : faults)
    if (fault.row == row) stick(fault.column + std::size_t{fault.negative} * d.count, fault.conductance);
}

void pcm_crossbar::drop_along_wires(std::vector<row_of_devices>& all) const {
  for (std::vector<double> row_of_devices::* const when : {&row_of_devices::programmed, &row_of_devices::drifted}) {
    std::vector<std::vector<double>> conductances;
    for (const row_of_devices& d : all) conductances.push_back(d.*when);
    apply_wire_drop(conductances, options_.wire_ohm);
    for (unsigned r = 0; r < rows_; ++r) {
      std::vector<double>& g = all[r].*when;
      for (std::size_t i = 0; i < g.size() && when == &row_of_devices::drifted; ++i)
        if (g[i] > 0) all[r].deviation[i] *= conductances[r][i] / g[i];
      g = std::move(conductances[r]);
    }
  }
}

void pcm_crossbar::program(const std::int8_t* weights, const std::vector<device_fault>& faults,
                           pcm_crossbar* at_start) {
  const device_model& model = options_.devices;
  const philox_key key = key_of(options_.seed);
  std::vector<int> largest(columns_, 0);
  for (unsigned r = 0; r < rows_; ++r)
    for (unsigned c = 0; c < columns_; ++c)
      largest[c] = std::max(largest[c], std::abs(int{weights[std::size_t{r} * columns_ + c]}));
  const int of_crossbar = std::max(1, *std::max_element(largest.begin(), largest.end()));
  for (int& w : largest) {
    if (options_.scale == weight_scale::range) w = std::max(range_of_weights, of_crossbar);
    if (options_.scale == weight_scale::crossbar) w = of_crossbar;
    w = std::max(w, 1);
  }

  const unsigned n = columns_, half = (n + 1) / 2;
  const double fraction = std::ldexp(1.0, static_cast<int>(fraction_bits_));
  const double most = std::min(32767.0, 32768.0 * rows_without_loss / rows_ - 1);
  std::vector<double> variance(variances_.empty() ? 0 : std::size_t{rows_} * columns_);
  std::vector<double> once(std::size_t{4} * half);
  const auto draw = [&](unsigned r, row_of_devices& d) {
    for (unsigned c = 0; c < n; ++c) {
      const double g = weights[std::size_t{r} * n + c] * (model.g_max / largest[c]);
      d.target[c] = g > 0 ? g : 0;
      d.target[n + c] = g < 0 ? -g : 0;
    }
    kernels_->normals(key, {r << 16, identity_, 0, programming}, n, d.xi.data());
    kernels_->program(model, d.target.data(), d.xi.data(), d.xi.data() + 2 * n, 2 * n, d.programmed.data(),
                      d.exponent.data());
    kernels_->drift(model, d.programmed.data(), d.exponent.data(), options_.time_s, 2 * n, d.drifted.data(),
                    d.deviation.data());
    apply_faults(r, d, faults);
    if (options_.reads == read_noise::once) {
      kernels_->normals(key, {r << 16, identity_, 0, static_read}, half, once.data());
      for (unsigned c = 0; c < n; ++c) {
        const double* of_block = &once[c < half ? c : std::size_t{2} * half + c - half];
        d.xi[c] = of_block[0];
        d.xi[n + c] = of_block[half];
      }
      kernels_->read(d.drifted.data(), d.deviation.data(), d.xi.data(), 2 * n, d.drifted.data());
    }
  };
  const auto keep = [&](unsigned r, const row_of_devices& d) {
    for (unsigned c = 0; c < n; ++c) {
      const double unit = largest[c] / model.g_max * fraction;
      weights_[cell(r, c)] = saturated((d.drifted[c] - d.drifted[n + c]) * unit, most);
      if (at_start != nullptr)
        at_start->weights_[cell(r, c)] = saturated((d.programmed[c] - d.programmed[n + c]) * unit, most);
      if (variance.empty()) continue;
      const double plus = d.deviation[c] * unit, minus = d.deviation[n + c] * unit;
      variance[std::size_t{r} * n + c] = plus * plus + minus * minus;
    }
  };
  if (options_.wire_ohm == 0) {
    row_of_devices d(n);
    for (unsigned r = 0; r < rows_; ++r) draw(r, d), keep(r, d);
  } else {
    std::vector<row_of_devices> all(rows_, row_of_devices(n));  // what a cell gets depends on all others
    for (unsigned r = 0; r < rows_; ++r) draw(r, all[r]);
    drop_along_wires(all);
    for (unsigned r = 0; r < rows_; ++r) keep(r, all[r]);
  }
  if (variance.empty()) return;
  const double greatest = *std::max_element(variance.begin(), variance.end());
  variance_unit_ = greatest / largest_byte_;
  if (greatest == 0) return;
  for (unsigned r = 0; r < rows_; ++r)
    for (unsigned c = 0; c < n; ++c)
      variances_[cell(r, c)] = static_cast<std::uint8_t>(rounded(variance[std::size_t{r} * n + c] / variance_unit_));
}

const std::int32_t* pcm_crossbar::sums(const std::int8_t* inputs, unsigned first_row, unsigned row_count,
                                       unsigned first_column, unsigned count, std::uint32_t tag,
                                       workspace& space) const {
  const unsigned first_pair = first_row / 2, pairs = (first_row + row_count - 1) / 2 + 1 - first_pair;
  const unsigned first_block = first_column / block_columns;
  const unsigned end_block = (first_column + count - 1) / block_columns + 1;
  const unsigned begin = 2 * first_pair, end = std::min(2 * (first_pair + pairs), rows_);
  if (space.inputs.size() < 2 * pairs_) space.inputs.resize(2 * pairs_), space.squares.resize(2 * pairs_);
  if (space.sums.size() < blocks_ * block_columns) space.sums.resize(blocks_ * block_columns);
  space.column_variances.resize(block_columns);
  space.xi.resize(block_columns);
  std::copy(inputs + begin, inputs + end, space.inputs.begin());
  if (end - begin < 2 * pairs) space.inputs[2 * pairs - 1] = 0;
  if (options_.dac_bits < 8) {
    // The nearest of the DAC's levels, half up, not beyond its greatest.
    const int step = 1 << (8 - options_.dac_bits);
    for (unsigned i = 0; i < 2 * pairs; ++i) {
      const int level = (space.inputs[i] + step / 2) >> (8 - options_.dac_bits);
      space.inputs[i] = static_cast<std::int16_t>(std::min(level * step, 128 - step));
    }
  }
  const bool noisy = !variances_.empty() && variance_unit_ > 0;
  if (noisy)
    for (unsigned i = 0; i < 2 * pairs; ++i)
      space.squares[i] = static_cast<std::int16_t>(space.inputs[i] * space.inputs[i]);
  for (unsigned b = first_block; b < end_block; ++b) {
    const std::size_t at = (std::size_t{b} * pairs_ + first_pair) * pair_cells;
    std::int32_t* sums = &space.sums[b * block_columns];
    kernels_->multiply(&weights_[at], space.inputs.data(), pairs, sums);
    if (!noisy) continue;
    kernels_->multiply_bytes(&variances_[at], space.squares.data(), pairs, space.column_variances.data());
    constexpr unsigned counters = block_columns / 4;
    kernels_->normals(key_of(options_.seed), {first_row << 16 | b * counters, identity_, tag, mvm_read}, counters,
                      space.xi.data());
    kernels_->add_noise(space.column_variances.data(), variance_unit_, space.xi.data(), sums);
  }
  return space.sums.data();
}

void pcm_crossbar::mvm(const std::int8_t* inputs, unsigned first_row, unsigned row_count, unsigned first_column,
                       unsigned count, std::int32_t m, unsigned s, std::uint32_t tag, std::int8_t* codes,
                       workspace& space) const {
  sums(inputs, first_row, row_count, first_column, count, tag, space);
  const unsigned begin = first_column / block_columns * block_columns;
  const unsigned end = (first_column + count + block_columns - 1) / block_columns * block_columns;
  const unsigned dropped = 8 - options_.adc_bits;
  // Beyond 62 every code is 0 already.
  const unsigned shift = std::min(s + fraction_bits_ + dropped, 62u);
  adc_->adc(&space.sums[begin], end - begin, m, shift, codes + begin);
  if (dropped == 0) return;
  const int most = (1 << (options_.adc_bits - 1)) - 1;
  for (unsigned c = begin; c < end; ++c)
    codes[c] = static_cast<std::int8_t>(std::clamp(int{codes[c]}, -most - 1, most) * (1 << dropped));
}

double pcm_crossbar::weight(unsigned row, unsigned column) const {
  return std::ldexp(weights_[cell(row, column)], -static_cast<int>(fraction_bits_));
}

double pcm_crossbar::read_variance(unsigned row, unsigned column) const {
  if (variances_.empty()) return 0;
  return std::ldexp(variances_[cell(row, column)] * variance_unit_, -2 * static_cast<int>(fraction_bits_));
}

}  // namespace ohmic::pcm
