// Prints nanoseconds per MVM for each SIMD variant: hot (one crossbar) and cold (many, as in a whole chip),
// and the model's cost per simulated pixel. Usage: mvm_speed
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>

#include "ima_bench.h"

namespace {

/// The best of many short runs: other programs disturb the rest.
double ns_per(unsigned count, const std::function<void(unsigned)>& body) {
  double best = 1e18;
  for (int trial = 0; trial < 40; ++trial) {
    const auto begin = std::chrono::steady_clock::now();
    for (unsigned i = 0; i < count; ++i) body(i);
    best = std::min(best, std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count());
  }
  return best / count;
}

}  // namespace

int main() {
  using namespace ohmic;
  std::mt19937 random(1);
  std::vector<std::uint8_t> weights(256 * 256);
  for (auto& w : weights) w = static_cast<std::uint8_t>(random());
  std::vector<std::int8_t> inputs(256), codes(256);
  for (auto& i : inputs) i = static_cast<std::int8_t>(random());
  std::printf("%-12s %14s %20s %20s\n", "variant", "256x256 hot", "256x256, 216 xbars", "192x64, 216 xbars");
  for (const mvm::simd variant : {mvm::simd::scalar, mvm::simd::avx2, mvm::simd::avx512_vnni}) {
    if (!mvm::supported(variant)) continue;
    std::vector<std::unique_ptr<crossbar>> chip;
    for (int i = 0; i < 216; ++i) {
      chip.push_back(std::make_unique<crossbar>(256, 256, mvm::kernels(variant)));
      chip.back()->write_weights(0, weights.data(), weights.size());
    }
    const unsigned count = 216;
    const auto run = [&](unsigned n, unsigned rows, unsigned columns) {
      chip[n]->mvm(inputs.data(), 0, rows, 0, columns, 1 << 20, 32, codes.data());
    };
    const double hot = ns_per(count, [&](unsigned) { run(0, 256, 256); });
    const double cold = ns_per(count, [&](unsigned i) { run(i % 216, 256, 256); });
    const double small = ns_per(count, [&](unsigned i) { run(i % 216, 192, 64); });
    std::printf("%-12s %11.0f ns %17.0f ns %17.0f ns\n", mvm::kernels(variant).name, hot, cold, small);
  }

  ima_bench bench;
  bench.dut.cells().write_weights(0, weights.data(), weights.size());
  job_spec job;
  job.loops[0] = {64, 1};
  job.loops[1] = {3, 64, 0, 1};
  job.loops[2] = {1, 0};
  job.pixels[0] = {64, 64, 0, 1};
  job.pixels[1] = {64, 4096, 1, 0};
  job.groups = {{0, 64, 0x80000, 64, 4096}};
  double best = 1e9;
  for (int i = 0; i < 20; ++i) {
    job.push_to(bench);
    const auto begin = std::chrono::steady_clock::now();
    bench.run();
    best = std::min(best,
                    std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / 4096);
  }
  std::printf("whole model with a plain L1, 192 rows x 64 columns: %.0f ns per pixel\n", best);
}
