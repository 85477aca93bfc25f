#pragma once

namespace ohmic {

extern const char* const chip_schema_text;        ///< configs/schema/chip.schema.json
extern const char* const experiment_schema_text;  ///< configs/schema/experiment.schema.json
extern const char* const energy_schema_text;      ///< configs/schema/energy.schema.json

}  // namespace ohmic
