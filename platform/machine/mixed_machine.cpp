#include "platform/machine/mixed_machine.h"

#include "ip/core/core_mix.h"
#include "ip/core/core_relay.h"
#include "ip/iss/iss_group.h"
#include "ip/lockstep/lockstep_group.h"
#include "ip/rtl_core/rtl_group.h"
#include "platform/machine/chip_machine.h"
#include "platform/machine/waveform_recorders.h"
#if OHMIC_HAS_IBEX
  #include "ip/ibex/ibex_group.h"
  #include "registers/event_unit.h"
#endif

namespace ohmic {
namespace {

// In the order of core_model.
#if OHMIC_HAS_IBEX
template <template <class...> class Joined>
using all_kinds = Joined<iss_group, rtl_group, lockstep_group, ibex_group>;
#else
template <template <class...> class Joined>
using all_kinds = Joined<iss_group, rtl_group, lockstep_group>;
#endif
using mixed_cores = all_kinds<core_mix>;
using relay_cores = all_kinds<core_relay>;

/// Adds what one cluster compared.
template <class Cores>
void report(unsigned cluster, const Cores& cores, lockstep_report& r) {
  const auto& group = cores.template group<lockstep_group>();
  const lockstep_counts counts = group.counts();
  r.compared.resize(lockstep_class_count);
  for (unsigned c = 0; c < lockstep_class_count; ++c) {
    r.compared[c].first = name_of(static_cast<lockstep_class>(c));
    r.compared[c].second += counts[c];
  }
  for (const lockstep_group::mismatch& m : group.mismatches())
    r.mismatches.push_back({cluster, m.hart, m.cycle, m.pc, "", m.what});
}

/// A cluster's cores, of all kinds together; `more` is what Cores wants between kinds and groups.
template <class Cores, class... More>
Cores join(const chip_config& config, unsigned cluster, const program_text& text, unsigned first_mhartid,
           unsigned lockstep_mismatches, More... more) {
  std::vector<std::uint8_t> kinds;
  for (const core_model model : config.core_models(cluster)) kinds.push_back(static_cast<std::uint8_t>(model));
  const unsigned harts = config.cores_of(cluster);
  iss_group iss(text.decoded, harts, first_mhartid);
  rtl_group rtl(text.bytes, harts, first_mhartid);
  lockstep_group both(text.decoded, text.bytes, harts, first_mhartid);
  both.stop_at(lockstep_mismatches);
  iss.follow(text.versions);
  rtl.follow(text.history);
  both.follow(text.versions);
#if OHMIC_HAS_IBEX
  const auto wait_address =
      static_cast<std::uint32_t>(config.own_peripheral_base() + registers::cluster_peripherals::event_unit_base +
                                 registers::event_unit::own_wait_offset);
  ibex_group ibex(text.bytes, harts, first_mhartid, wait_address);
  ibex.follow(text.history);
  return Cores(std::move(kinds), std::move(more)..., std::move(iss), std::move(rtl), std::move(both), std::move(ibex));
#else
  return Cores(std::move(kinds), std::move(more)..., std::move(iss), std::move(rtl), std::move(both));
#endif
}

}  // namespace

std::unique_ptr<machine> make_mixed_machine(const chip_config& config, const program_set& programs,
                                            const machine_options& options) {
  const auto waveforms = std::make_shared<waveform_recorders>(config, options.waveforms);
  return make_chip_machine<mixed_cores>(
      config, programs, options,
      [&](const program_text& text, unsigned cluster, unsigned first_mhartid) {
        auto cores = join<mixed_cores>(config, cluster, text, first_mhartid, options.lockstep_mismatches);
        waveforms->attach(cluster, cores);
        return cores;
      },
      report<mixed_cores>, [waveforms] { return waveforms->finish(); });
}

std::unique_ptr<machine> make_relay_machine(const chip_config& config, const program_set& programs,
                                            const machine_options& options) {
  const std::vector<std::vector<std::vector<relay_leg>>> legs = relay_legs(config, programs);
  const auto waveforms = std::make_shared<waveform_recorders>(config, options.waveforms);
  return make_chip_machine<relay_cores>(
      config, programs, options,
      [&](const program_text& text, unsigned cluster, unsigned first_mhartid) {
        auto cores =
            join<relay_cores>(config, cluster, text, first_mhartid, options.lockstep_mismatches, legs[cluster]);
        waveforms->attach(cluster, cores);
        return cores;
      },
      report<relay_cores>, [waveforms] { return waveforms->finish(); });
}

}  // namespace ohmic
