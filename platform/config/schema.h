#pragma once

#include <string>
#include <vector>

#include "platform/config/config_tree.h"
#include "platform/config/numbers.h"

namespace ohmic {

/// The schemas of configs/schema/, built into the program.
enum class schema_kind { chip, experiment, energy };

/// Checks a tree against its schema: unknown and duplicate keys, types, ranges, enumerations, powers of two, missing
/// keys. Returns one complete message per mistake, in the file's order; empty if there is none. Of very many only the
/// first.
std::vector<std::string> check(const config_node& root, schema_kind);

/// Whether `key` may stand at the top of such a file.
bool has_top_level_key(schema_kind, const std::string& key);

/// Every allowed dotted path that has a default, in the schema's order, with the default as YAML.
std::vector<std::pair<std::string, std::string>> schema_defaults(schema_kind);

/// The range of an integer key at a dotted path, for options that stand for it.
integer_range range_of(schema_kind, const std::string& path);

/// The word of `candidates` that `word` is most likely a slip of; empty if none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace ohmic
