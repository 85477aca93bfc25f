// Errors of a 256 x 256 crossbar's sums against 50 draws of the reference library with the same weights and inputs.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include "ip/ima/pcm/pcm_crossbar.h"
#include "reference_data.h"

namespace ohmic::pcm {
namespace {

constexpr unsigned size = 256, vectors = 128, draws = 50, reference_draws = 50;
constexpr double greatest_sum = 123806, lsb = 810.8490062991873;

struct figures {
  double err_std, err_mean, gain, alpha;
};

class statistics_of_draws {
 public:
  void add(const figures& f) {
    const double values[] = {f.err_std, f.err_mean, f.gain, f.alpha};
    for (int i = 0; i < 4; ++i) sum_[i] += values[i], squares_[i] += values[i] * values[i];
  }
  void compare(const reference_table& table, std::size_t row, standard_errors& result) const {
    static const char* const names[] = {"err_std", "err_mean", "gain", "alpha"};
    const std::string what =
        table.text(row, "t_label") + " " + table.text(row, "compensation") + " " + table.text(row, "io") + " ";
    for (int i = 0; i < 4; ++i) {
      const double mean = sum_[i] / draws;
      const double deviation = std::sqrt(std::max(0.0, (squares_[i] / draws - mean * mean) * draws / (draws - 1)));
      const double expected = table.number(row, names[i] + std::string("_mean"));
      const double expected_deviation = table.number(row, names[i] + std::string("_sd"));
      result.add(mean, deviation / std::sqrt(draws), expected, expected_deviation / std::sqrt(reference_draws),
                 what + names[i] + " mean");
      if (expected_deviation == 0) continue;  // alpha without compensation
      result.add(deviation, deviation / std::sqrt(2.0 * (draws - 1)), expected_deviation,
                 expected_deviation / std::sqrt(2.0 * (reference_draws - 1)), what + names[i] + " deviation");
    }
  }

 private:
  double sum_[4] = {}, squares_[4] = {};
};

class CrossbarStatistics : public testing::Test {
 protected:
  CrossbarStatistics() {
    for (const int w : reference_matrix("crossbar_gauss256_W.csv")) weights.push_back(static_cast<std::int8_t>(w));
    for (const int x : reference_matrix("crossbar_gauss256_X.csv")) inputs.push_back(static_cast<std::int8_t>(x));
    ideal.resize(vectors * size);
    for (unsigned v = 0; v < vectors; ++v)
      for (unsigned r = 0; r < size; ++r)
        for (unsigned c = 0; c < size; ++c) ideal[v * size + c] += inputs[v * size + r] * weights[r * size + c];
  }

  double mean_weight(const pcm_crossbar& x) const {
    double sum = 0;
    for (unsigned r = 0; r < size; ++r)
      for (unsigned c = 0; c < size; ++c) sum += std::fabs(x.weight(r, c));
    return sum;
  }

  /// Sums times alpha, as they are or through an 8-bit ADC whose gain alpha then is.
  figures errors(const pcm_crossbar& x, double alpha, bool adc) const {
    double sum = 0, squares = 0, product = 0, norm = 0;
    std::vector<std::int8_t> codes(size);
    pcm_crossbar::workspace space;
    for (unsigned v = 0; v < vectors; ++v) {
      const std::int8_t* in = &inputs[v * size];
      const std::int32_t* sums = x.sums(in, 0, size, 0, size, 0, space);
      if (adc)
        x.mvm(in, 0, size, 0, size, static_cast<std::int32_t>(std::ldexp(alpha / lsb, 38) + 0.5), 38, 0, codes.data(),
              space);
      for (unsigned c = 0; c < size; ++c) {
        const double y = adc ? codes[c] * lsb : alpha * std::ldexp(sums[c], -static_cast<int>(x.fraction_bits()));
        const double want = ideal[v * size + c], err = (y - want) / greatest_sum;
        sum += err, squares += err * err;
        product += y * want, norm += want * want;
      }
    }
    constexpr double n = vectors * size;
    return {std::sqrt((squares - sum * sum / n) / n), sum / n, product / norm, alpha};
  }

  std::vector<std::int8_t> weights, inputs;
  std::vector<std::int32_t> ideal;
};

TEST_F(CrossbarStatistics, AreThoseOfTheReferenceLibrary) {
  ASSERT_EQ(weights.size(), size * size);
  ASSERT_EQ(inputs.size(), vectors * size);
  const reference_table table("crossbar_gauss256_summary.csv");
  const std::map<std::string, double> seconds{{"prog", 0},   {"0", 0},         {"1s", 1},
                                              {"20s", 20},   {"60s", 60},      {"1h", 3600},
                                              {"1d", 86400}, {"1mo", 2592000}, {"1y", 31536000}};
  std::vector<statistics_of_draws> rows(table.rows());
  for (unsigned draw = 0; draw < draws; ++draw) {
    pcm_options options;
    options.seed = 1000 + draw;
    options.time_s = 0;
    options.reads = read_noise::off;
    pcm_crossbar fresh(size, size, options, 0);
    fresh.program(weights.data());
    const double at_start = mean_weight(fresh);
    for (const auto& [label, t] : seconds) {
      options.time_s = t;
      options.reads = label == "prog" ? read_noise::off : read_noise::once;
      // The reference draws read noise anew at every time.
      options.seed = 1000 + draw;
      pcm_crossbar x(size, size, options, 0);
      x.program(weights.data());
      const double alpha = at_start / mean_weight(x);
      for (std::size_t i = 0; i < table.rows(); ++i) {
        const std::string &compensation = table.text(i, "compensation"), &io = table.text(i, "io");
        if (table.text(i, "t_label") != label || compensation == "column" || io == "adc8_post") continue;
        const bool global = compensation == "global", adc = io == "adc8_pre";
        rows[i].add(errors(x, global ? alpha : 1, adc));
      }
    }
  }
  standard_errors result;
  for (std::size_t i = 0; i < table.rows(); ++i)
    if (table.text(i, "compensation") != "column" && table.text(i, "io") != "adc8_post")
      rows[i].compare(table, i, result);
  EXPECT_GT(result.count(), 100u);
  EXPECT_LE(static_cast<double>(result.beyond_3()), 0.006 * static_cast<double>(result.count())) << result.list();
  EXPECT_LE(result.worst(), 5) << result.worst_place();
  std::printf("%zu figures compared, %zu beyond 3 standard errors, the worst: %s", result.count(), result.beyond_3(),
              result.worst_place().c_str());
}

}  // namespace
}  // namespace ohmic::pcm
