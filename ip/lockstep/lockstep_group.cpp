#include "ip/lockstep/lockstep_group.h"

namespace ohmic {

lockstep_group::lockstep_group(const decoded_text& text, const text_bytes& bytes, unsigned count,
                               std::uint32_t first_mhartid)
    : text_(&text), first_mhartid_(first_mhartid), rtl_(bytes, count, first_mhartid), checkers_(count) {}

void lockstep_group::start(unsigned h, std::uint32_t boot_addr, cycle_t now) {
  if (!checkers_[h]) {
    checkers_[h] = std::make_unique<lockstep_checker>(*text_, first_mhartid_ + h);
    if (versions_ != nullptr) checkers_[h]->follow(*versions_);
  }
  checkers_[h]->start(boot_addr);
  rtl_.start(h, boot_addr, now);
}

void lockstep_group::follow(const iss::text_versions& versions) {
  versions_ = &versions;
  rtl_.follow(versions.history());
}

void lockstep_group::restore(unsigned h, const hart_state& state) {
  checkers_[h]->restore(state);
  rtl_.restore(h, state);
}

void lockstep_group::note(unsigned h, const retire_record& r) {
  const lockstep_checker& checker = *checkers_[h];
  mismatches_.push_back({h, r.cycle, r.pc, checker.mismatch() + (mismatches_.empty() ? checker.story() : "")});
  if (mismatches_.size() >= most_) first_bad_ = h;
}

lockstep_counts lockstep_group::counts() const {
  lockstep_counts sum{};
  for (const auto& checker : checkers_) {
    if (!checker) continue;
    for (unsigned c = 0; c < lockstep_class_count; ++c) sum[c] += checker->counts()[c];
  }
  return sum;
}

}  // namespace ohmic
