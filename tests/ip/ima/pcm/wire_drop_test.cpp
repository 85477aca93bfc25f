// IR drop to first order against the crossbar's network of resistors, solved whole.
#include "ip/ima/pcm/wire_drop.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "ip/ima/pcm/pcm_crossbar.h"
#include "tests/fresh_seed.h"

namespace ohmic::pcm {
namespace {

using matrix = std::vector<std::vector<double>>;

/// x of a x = b, by elimination with pivots.
std::vector<double> solved(matrix a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t pivot = i;
    for (std::size_t r = i + 1; r < n; ++r)
      if (std::fabs(a[r][i]) > std::fabs(a[pivot][i])) pivot = r;
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (std::size_t r = i + 1; r < n; ++r) {
      const double factor = a[r][i] / a[i][i];
      for (std::size_t c = i; c < n; ++c) a[r][c] -= factor * a[i][c];
      b[r] -= factor * b[i];
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t c = i + 1; c < n; ++c) b[i] -= a[i][c] * b[c];
    b[i] /= a[i][i];
  }
  return b;
}

/// Currents of the columns' lines (g+ then g-) in uA, of inputs in V: Kirchhoff's law at both ends of every device. A
/// row's line passes both devices of a cell at one node; from node to node, and to driver and ground, lines have `ohm`.
std::vector<double> currents(const matrix& g, const std::vector<double>& volts, double ohm) {
  const std::size_t rows = g.size(), lines = g[0].size(), columns = lines / 2, nodes = rows * (columns + lines);
  const auto of_row = [&](std::size_t k, std::size_t j) { return k * columns + j; };
  const auto of_line = [&](std::size_t k, std::size_t j) { return rows * columns + k * lines + j; };
  const double wire = 1e6 / ohm;  // uS
  matrix a(nodes, std::vector<double>(nodes, 0));
  std::vector<double> b(nodes, 0);
  const auto connect = [&](std::size_t x, std::size_t y, double conductance) {
    a[x][x] += conductance;
    a[y][y] += conductance;
    a[x][y] -= conductance;
    a[y][x] -= conductance;
  };
  for (std::size_t k = 0; k < rows; ++k) {
    a[of_row(k, 0)][of_row(k, 0)] += wire;
    b[of_row(k, 0)] += wire * volts[k];
    for (std::size_t j = 1; j < columns; ++j) connect(of_row(k, j - 1), of_row(k, j), wire);
    for (std::size_t j = 0; j < lines; ++j) connect(of_row(k, j % columns), of_line(k, j), g[k][j]);
  }
  for (std::size_t j = 0; j < lines; ++j) {
    for (std::size_t k = 1; k < rows; ++k) connect(of_line(k - 1, j), of_line(k, j), wire);
    a[of_line(rows - 1, j)][of_line(rows - 1, j)] += wire;  // to ground
  }
  const std::vector<double> v = solved(a, b);
  std::vector<double> found;
  for (std::size_t j = 0; j < lines; ++j) found.push_back(v[of_line(rows - 1, j)] * wire);
  return found;
}

class WireDrop : public ::testing::Test {
 protected:
  WireDrop() : seed(fresh_seed()), random(seed) {
    RecordProperty("seed", std::to_string(seed));
    std::uniform_real_distribution<double> any(0, 25), input(-1, 1);
    for (std::vector<double>& row : g)
      for (double& device : row) device = any(random);
    for (double& v : volts) v = input(random);
  }
  unsigned seed;
  std::mt19937 random;
  static constexpr std::size_t rows = 7, columns = 5;
  matrix g{rows, std::vector<double>(2 * columns)};
  std::vector<double> volts = std::vector<double>(rows);
};

// What the first order leaves out grows as the square of the resistance: a tenth of it leaves a hundredth.
TEST_F(WireDrop, IsTheNetworksToFirstOrder) {
  double left[2], dropped = 0;
  for (const int tenth : {0, 1}) {
    const double ohm = tenth != 0 ? 1 : 10;
    matrix effective = g;
    apply_wire_drop(effective, ohm);
    const std::vector<double> exact = currents(g, volts, ohm);
    left[tenth] = 0;
    for (std::size_t j = 0; j < 2 * columns; ++j) {
      double plain = 0, found = 0;
      for (std::size_t k = 0; k < rows; ++k) plain += volts[k] * g[k][j], found += volts[k] * effective[k][j];
      left[tenth] += std::fabs(found - exact[j]);
      if (tenth == 0) dropped += std::fabs(plain - exact[j]);
    }
  }
  EXPECT_LT(left[0], 0.1 * dropped) << "seed " << seed;
  EXPECT_NEAR(left[1] / left[0], 0.01, 0.003) << "seed " << seed;
}

TEST_F(WireDrop, IsNoneOfLinesWithoutResistanceAndNeverMoreThanAll) {
  matrix none = g, all = g;
  apply_wire_drop(none, 0);
  EXPECT_EQ(none, g);
  apply_wire_drop(all, 1e6);
  EXPECT_EQ(all, matrix(rows, std::vector<double>(2 * columns, 0.0)));
}

// Far from its driver and far from its ground a cell gets less; devices' noise shrinks with it.
TEST(CrossbarWithWires, WeighsLessWhereLinesAreLong) {
  constexpr unsigned size = 64;
  const std::vector<std::int8_t> weights(std::size_t{size} * size, 100);
  pcm_options options;
  options.devices.programming_scale = options.devices.drift_scale = 0;
  pcm_crossbar plain(size, size, options, 0), start(size, size, options, 0);
  options.wire_ohm = 1;
  pcm_crossbar wired(size, size, options, 0);
  plain.program(weights.data());
  wired.program(weights.data(), {}, &start);
  EXPECT_EQ(plain.weight(0, 0), 100);
  EXPECT_EQ(start.weight(0, size - 1), wired.weight(0, size - 1)) << "right after programming lines are no better";
  // g of 100 / 127 of 25 uS each; the row line of the last column passes 64 * 65 / 2 of them, and so does the column
  // line above ground, seen from the first row.
  const double term = 1e-6 * 25 * 100 / 127 * 64 * 65 / 2;
  EXPECT_NEAR(wired.weight(0, size - 1), 100 * (1 - 2 * term), 0.01);
  EXPECT_NEAR(wired.weight(size - 1, size - 1), 100 * (1 - term - 1e-6 * 25 * 100 / 127 * 64), 0.01);
  EXPECT_NEAR(wired.weight(0, 0), 100 * (1 - term - 1e-6 * 25 * 100 / 127 * 64), 0.01);
  const double noise = std::sqrt(wired.read_variance(0, size - 1) / plain.read_variance(0, size - 1));
  EXPECT_NEAR(noise, 1 - 2 * term, 0.01);
}

}  // namespace
}  // namespace ohmic::pcm
