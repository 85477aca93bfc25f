#include "platform/machine/machine.h"

#include "ip/iss/iss_group.h"
#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/machine/chip_machine.h"
#include "platform/machine/mixed_machine.h"

namespace ohmic {

void require_core_models(const chip_config& config) {
  if (OHMIC_HAS_RTL) return;
  for (unsigned i = 0; i < config.clusters(); ++i) {
    const std::vector<core_model> models = config.core_models(i);
    for (unsigned core = 0; core < models.size(); ++core) {
      if (models[core] == core_model::iss) continue;
      throw config_error("cores: core " + std::to_string(i) + "." + std::to_string(core) + " is to be " +
                         name_of(models[core]) +
                         ", but this ohmic was built without RTL cores; allowed: iss; to have the others run "
                         "scripts/setup, then cmake -DOHMIC_RTL=ON on the build folder, and build again");
    }
  }
}

std::unique_ptr<machine> make_machine(const chip_config& config, const elf_file& program,
                                      const machine_options& options) {
  require_core_models(config);
#if OHMIC_HAS_RTL
  const bool mixed = config.any_core(core_model::rtl) || config.any_core(core_model::lockstep);
  if (mixed) return make_mixed_machine(config, program, options);
#endif
  return make_chip_machine<iss_group>(
      config, program, options, [&](const decoded_text& text, const text_bytes&, unsigned, unsigned first_mhartid) {
        return iss_group(text, config.cluster.cores, first_mhartid);
      });
}

}  // namespace ohmic
