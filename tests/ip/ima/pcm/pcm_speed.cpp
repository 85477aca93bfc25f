// Prints MVMs per millisecond and the time to program a 256x256 crossbar, for each SIMD variant. Usage: pcm_speed
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>

#include "ip/ima/pcm/pcm_crossbar.h"

namespace {

/// Nanoseconds per call: the best of many short runs, since other programs disturb the rest.
double ns_per(unsigned count, const std::function<void(unsigned)>& body) {
  double best = 1e18;
  for (int trial = 0; trial < 20; ++trial) {
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
  std::vector<std::int8_t> weights(256 * 256), inputs(256), codes(256);
  for (auto& w : weights) w = static_cast<std::int8_t>(random());
  for (auto& x : inputs) x = static_cast<std::int8_t>(random());
  std::printf("%-12s %-10s %16s %22s %14s\n", "variant", "read noise", "MVM/ms, one", "MVM/ms, 216 crossbars",
              "to program");
  for (const mvm::simd variant : {mvm::simd::scalar, mvm::simd::avx2, mvm::simd::avx512_vnni}) {
    if (!mvm::supported(variant)) continue;
    for (const pcm::read_noise reads : {pcm::read_noise::once, pcm::read_noise::per_mvm}) {
      pcm::pcm_options options;
      options.reads = reads;
      std::vector<std::unique_ptr<pcm::pcm_crossbar>> chip;
      for (unsigned i = 0; i < 216; ++i)
        chip.push_back(std::make_unique<pcm::pcm_crossbar>(256, 256, options, i, pcm::kernels_of(variant)));
      const double program = ns_per(1, [&](unsigned) { chip[0]->program(weights.data()); });
      for (auto& x : chip) x->program(weights.data());
      pcm::pcm_crossbar::workspace space;
      const auto run = [&](unsigned n, unsigned tag) {
        chip[n]->mvm(inputs.data(), 0, 256, 0, 256, 1 << 20, 32, tag, codes.data(), space);
      };
      const double hot = ns_per(216, [&](unsigned i) { run(0, i); });
      const double cold = ns_per(216, [&](unsigned i) { run(i, i); });
      std::printf("%-12s %-10s %16.0f %22.0f %11.2f ms\n", pcm::kernels_of(variant).name,
                  reads == pcm::read_noise::once ? "once" : "per MVM", 1e6 / hot, 1e6 / cold, program / 1e6);
    }
  }
}
