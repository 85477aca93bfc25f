#include "platform/machine/machine.h"

#include "ip/iss/iss_group.h"
#include "platform/config/config_error.h"
#include "platform/machine/chip_machine.h"
#include "platform/machine/mixed_machine.h"

namespace ohmic {

std::unique_ptr<machine> make_machine(const chip_config& config, const elf_file& program,
                                      const machine_options& options) {
  const bool mixed = config.any_core(core_model::rtl) || config.any_core(core_model::lockstep);
  if (mixed) return make_mixed_machine(config, program, options);
  return make_chip_machine<iss_group>(
      config, program, options, [&](const decoded_text& text, const text_bytes&, unsigned, unsigned first_mhartid) {
        return iss_group(text, config.cluster.cores, first_mhartid);
      });
}

#if !OHMIC_HAS_RTL
std::unique_ptr<machine> make_mixed_machine(const chip_config&, const elf_file&, const machine_options&) {
  throw config_error(
      "cores: the chip asks for cores of model rtl or lockstep, but this build has none; allowed: model iss, or "
      "install the RTL packages with scripts/setup and build again");
}
#endif

}  // namespace ohmic
