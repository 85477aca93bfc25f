#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ip/lockstep/lockstep_group.h"
#include "ip/rtl_core/cv32e40p_waveform.h"
#include "ip/rtl_core/rtl_group.h"
#include "platform/machine/machine.h"

namespace ohmic {

/// The recorders of the cores whose waveforms are wanted; they outlive the cores.
///
/// Call order: attach() each cluster's cores before they start, finish() when they will not run any more.
class waveform_recorders {
 public:
  /// Throws std::runtime_error naming file and reason if one cannot be written.
  explicit waveform_recorders(const std::vector<waved_core>& wanted) {
    for (const waved_core& w : wanted) {
      const std::string scope = "cluster_" + std::to_string(w.cluster) + "_core_" + std::to_string(w.core);
      all_.push_back({w, std::make_unique<cv32e40p_waveform>(waveform_request{w.file, scope, w.from, w.to})});
    }
  }

  /// Cores is a core_mix with these kinds: of a hart, one runs at a time.
  template <class Cores>
  void attach(unsigned cluster, Cores& cores) {
    for (recorder& r : all_) {
      if (r.of.cluster != cluster) continue;
      cores.template group<rtl_group>().record(r.of.core, *r.file);
      cores.template group<lockstep_group>().record(r.of.core, *r.file);
    }
  }

  /// Completes the files. Throws std::runtime_error as waveform::finish() does.
  std::vector<recorded_waveform> finish() {
    std::vector<recorded_waveform> recorded;
    for (recorder& r : all_) {
      r.file->finish();
      recorded.push_back({r.of, r.file->cycles()});
    }
    return recorded;
  }

 private:
  struct recorder {
    waved_core of;
    std::unique_ptr<cv32e40p_waveform> file;
  };
  std::vector<recorder> all_;
};

}  // namespace ohmic
