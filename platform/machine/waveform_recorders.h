#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ip/lockstep/lockstep_group.h"
#include "ip/rtl_core/cv32e40p_waveform.h"
#include "ip/rtl_core/rtl_group.h"
#include "platform/machine/machine.h"
#if OHMIC_HAS_IBEX
  #include "ip/ibex/ibex_group.h"
  #include "ip/ibex/ibex_waveform.h"
#endif

namespace ohmic {

/// The recorders of the cores whose waveforms are wanted; they outlive the cores.
///
/// Call order: attach() each cluster's cores before they start, finish() when they will not run any more.
class waveform_recorders {
 public:
  /// Throws std::runtime_error naming file and reason if one cannot be written.
  waveform_recorders(const chip_config& config, const std::vector<waved_core>& wanted) {
    for (const waved_core& w : wanted) {
      const std::string scope = "cluster_" + std::to_string(w.cluster) + "_core_" + std::to_string(w.core);
      const waveform_request request{w.file, scope, w.from, w.to};
      recorder& r = all_.emplace_back();
      r.of = w;
#if OHMIC_HAS_IBEX
      if (config.core_models(w.cluster)[w.core] == core_model::ibex) {
        r.ibex = std::make_unique<ibex_waveform>(request);
        continue;
      }
#endif
      r.cv32e40p = std::make_unique<cv32e40p_waveform>(request);
    }
  }

  /// Cores is a core_mix with these kinds: of a hart, one runs at a time.
  template <class Cores>
  void attach(unsigned cluster, Cores& cores) {
    for (recorder& r : all_) {
      if (r.of.cluster != cluster) continue;
#if OHMIC_HAS_IBEX
      if (r.ibex) cores.template group<ibex_group>().record(r.of.core, *r.ibex);
#endif
      if (!r.cv32e40p) continue;
      cores.template group<rtl_group>().record(r.of.core, *r.cv32e40p);
      cores.template group<lockstep_group>().record(r.of.core, *r.cv32e40p);
    }
  }

  /// Completes the files. Throws std::runtime_error as waveform::finish() does.
  std::vector<recorded_waveform> finish() {
    std::vector<recorded_waveform> recorded;
    for (recorder& r : all_) {
      waveform& file = r.file();
      file.finish();
      recorded.push_back({r.of, file.cycles()});
    }
    return recorded;
  }

 private:
  /// Of one of the kinds.
  struct recorder {
    waved_core of;
    std::unique_ptr<cv32e40p_waveform> cv32e40p;
#if OHMIC_HAS_IBEX
    std::unique_ptr<ibex_waveform> ibex;
    waveform& file() { return ibex ? static_cast<waveform&>(*ibex) : *cv32e40p; }
#else
    waveform& file() { return *cv32e40p; }
#endif
  };
  std::vector<recorder> all_;
};

}  // namespace ohmic
