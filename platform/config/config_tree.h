#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ohmic {

/// A YAML document as a tree that remembers where every value and key stands, so that --set and several files can
/// be laid over each other and messages still name the right place.
struct config_node {
  enum class kind_t { null, scalar, sequence, map };

  struct entry;

  kind_t kind = kind_t::map;
  std::string scalar;
  bool quoted = false;             ///< a scalar that is a string whatever it looks like
  std::string place;               ///< "file:line:column" or "--set key=value"
  std::vector<config_node> items;  ///< of a sequence
  std::vector<entry> entries;      ///< of a map, in the file's order, duplicates included

  /// The value at a dotted path, or null.
  const config_node* find(const std::string& path) const;
  bool from_option() const { return place.rfind("--", 0) == 0; }
};

struct config_node::entry {
  std::string key;
  std::string place;
  config_node value;
};

/// Parses YAML 1.2 (UTF-8, one document, no tags, aliases but no merge keys). `name` stands for the text in messages.
/// An empty text is an empty map. Throws config_error, also for more than a person would write: 256 KiB of text, 50,000
/// values (an alias counts as what it stands for), 32 lists and maps in each other.
config_node parse_yaml(const std::string& text, const std::string& name);

/// Reads and parses a file. Throws config_error if it cannot be read or is not YAML.
config_node read_yaml(const std::string& path);

/// Splits "a.b=c" into path and value; the value is YAML. Throws config_error naming the option.
std::pair<std::string, config_node> parse_override(const std::string& option);

/// Puts a value at a dotted path, making maps on the way and replacing what is there. Throws config_error if the
/// path leads through something that is not a map.
void set_value(config_node& root, const std::string& path, config_node value);

/// "a.b.c" -> {a, b, c}
std::vector<std::string> split_path(const std::string& path);

}  // namespace ohmic
