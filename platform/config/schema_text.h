#pragma once

namespace ohmic {

extern const char* const chip_schema_text;        ///< configs/schema/chip.schema.json
extern const char* const experiment_schema_text;  ///< configs/schema/experiment.schema.json

}  // namespace ohmic
