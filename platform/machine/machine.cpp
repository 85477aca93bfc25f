#include "platform/machine/machine.h"

#include "ip/iss/iss_group.h"
#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/machine/chip_machine.h"
#include "platform/machine/mixed_machine.h"

namespace ohmic {
namespace {

bool built(core_model model) {
  return model == core_model::iss || (model == core_model::ibex ? OHMIC_HAS_IBEX : OHMIC_HAS_RTL);
}

[[noreturn]] void refuse_model(const std::string& who, core_model model) {
  throw config_error("cores: " + who + " is to be " + name_of(model) + ", but this ohmic was built without " +
                     (OHMIC_HAS_RTL ? "Ibex; allowed: iss, rtl, lockstep" : "RTL cores; allowed: iss") +
                     "; to have the others run "
                     "scripts/setup, then cmake -DOHMIC_RTL=ON on the build folder, and build again");
}

}  // namespace

void require_core_models(const chip_config& config) {
  for (unsigned i = 0; i < config.clusters(); ++i) {
    const std::vector<core_model> models = config.core_models(i);
    for (unsigned core = 0; core < models.size(); ++core)
      if (!built(models[core])) refuse_model("core " + std::to_string(i) + "." + std::to_string(core), models[core]);
  }
  for (const auto& hand_over : config.cores.hand_overs)
    if (!built(hand_over.model)) refuse_model("hand-over " + text_of(hand_over), hand_over.model);
}

std::unique_ptr<machine> make_machine(const chip_config& config, const program_set& programs,
                                      const machine_options& options) {
  require_core_models(config);
#if OHMIC_HAS_RTL
  if (!config.cores.hand_overs.empty()) return make_relay_machine(config, programs, options);
  for (const core_model model : {core_model::rtl, core_model::lockstep, core_model::ibex})
    if (config.any_core(model)) return make_mixed_machine(config, programs, options);
#endif
  return make_chip_machine<iss_group>(config, programs, options,
                                      [&](const program_text& text, unsigned cluster, unsigned first_mhartid) {
                                        iss_group cores(text.decoded, config.cores_of(cluster), first_mhartid);
                                        cores.follow(text.versions);
                                        return cores;
                                      });
}

}  // namespace ohmic
