#pragma once

#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "platform/config/config_error.h"
#include "platform/config/config_tree.h"

namespace ohmic {

/// Loads a chip. `sets` are the arguments of --set, "dotted.key=value", laid over the file in their order, `cores`
/// those of --cores, `hand_overs` those of --hand-over. Throws config_error with every mistake found, one line each.
chip_config load_chip(const std::string& path, const std::vector<std::string>& sets = {},
                      const std::vector<std::string>& cores = {}, const std::vector<std::string>& hand_overs = {});

/// The same from a text; `name` stands for it in messages.
chip_config parse_chip(const std::string& text, const std::string& name, const std::vector<std::string>& sets = {},
                       const std::vector<std::string>& cores = {}, const std::vector<std::string>& hand_overs = {});

/// The same from a tree.
chip_config resolve_chip(const config_node& root);

/// The chip as YAML, every key spelled out. Loading it gives the same chip.
std::string to_yaml(const chip_config&);

/// 16 hexadecimal digits that identify the chip: equal for equal chips however their files are written. The name
/// has no part in it.
std::string chip_hash(const chip_config&);

}  // namespace ohmic
