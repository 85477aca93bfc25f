#include "platform/experiment/stage_times.h"

#include <algorithm>

namespace ohmic {
namespace {

double fraction(double of, double all) { return all > 0 ? of / all : 0; }

}  // namespace

stage_times::stage_times(const deployment& source, const run_figures& figures) : source_(source), figures_(figures) {
  for (std::size_t s = 0; s < source.stages.size(); ++s)
    for (const stage_share& share : source.stages[s].shares) {
      all_of_cluster& all = clusters_[share.cluster];
      all.mvms += share.mvms;
      all.kernels += kernels(s, share.cluster);
      all.master += share.master_cycles;
      all.last = s;
    }
}

std::uint64_t stage_times::kernels(std::size_t stage, unsigned cluster) const {
  for (const auto& [of, cycles] : figures_.details[cluster].kernels_by_stage)
    if (of == stage) return cycles;
  return 0;
}

stage_times::part stage_times::split(std::size_t stage, const stage_share& share) const {
  const all_of_cluster& all = clusters_.at(share.cluster);
  const cluster_activity& a = figures_.clusters[share.cluster];
  const double master = fraction(share.master_cycles, all.master);
  const std::uint64_t kernel_cycles = kernels(stage, share.cluster);
  const auto scaled = [&](time_class of, double by) {
    return static_cast<std::uint64_t>(static_cast<double>(a.cycles[static_cast<unsigned>(of)]) * by);
  };
  part p;
  p.cycles[static_cast<unsigned>(time_class::analog)] =
      scaled(time_class::analog, fraction(double(share.mvms), double(all.mvms)));
  p.cycles[static_cast<unsigned>(time_class::digital)] =
      scaled(time_class::digital, fraction(double(kernel_cycles), double(all.kernels)));
  for (const time_class rest : {time_class::communication, time_class::synchronisation, time_class::idle})
    p.cycles[static_cast<unsigned>(rest)] = scaled(rest, master);
  p.service = std::max(double(p.cycles[static_cast<unsigned>(time_class::analog)]), work(stage, share));
  return p;
}

double stage_times::work(std::size_t stage, const stage_share& share) const {
  const all_of_cluster& all = clusters_.at(share.cluster);
  const cluster_activity& a = figures_.clusters[share.cluster];
  const double own = double(a.master_cycles) - double(std::min(a.master_cycles, all.kernels));
  return double(kernels(stage, share.cluster)) + own * fraction(share.master_cycles, all.master);
}

stage_times::fractions stage_times::of_cluster(std::size_t stage, const stage_share& share) const {
  double all_work = 0;
  for (std::size_t s = 0; s < source_.stages.size(); ++s)
    for (const stage_share& other : source_.stages[s].shares)
      if (other.cluster == share.cluster) all_work += work(s, other);
  return {fraction(double(share.mvms), double(clusters_.at(share.cluster).mvms)),
          fraction(work(stage, share), all_work)};
}

stage_times::part stage_times::of(std::size_t stage, const stage_share& share) const {
  part p = split(stage, share);
  if (stage != clusters_.at(share.cluster).last) return p;
  p.cycles = figures_.clusters[share.cluster].cycles;
  for (std::size_t s = 0; s < stage; ++s)
    for (const stage_share& other : source_.stages[s].shares)
      if (other.cluster == share.cluster) {
        const part before = split(s, other);
        for (unsigned k = 0; k < time_class_count; ++k) p.cycles[k] -= before.cycles[k];
      }
  return p;
}

}  // namespace ohmic
