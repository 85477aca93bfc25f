#include "platform/config/schema.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>

#include "platform/config/schema_text.h"

namespace ohmic {
namespace {

using json = nlohmann::ordered_json;

const json& schema(schema_kind kind) {
  static const json chip = json::parse(chip_schema_text);
  static const json experiment = json::parse(experiment_schema_text);
  static const json energy = json::parse(energy_schema_text);
  return kind == schema_kind::chip ? chip : kind == schema_kind::experiment ? experiment : energy;
}

/// The schema of a value: a reference leads to the chip, or to a definition of the coefficients' file.
const json& resolved(const json& s) {
  if (!s.contains("$ref")) return s;
  const std::string to = s["$ref"], definition = "#/$defs/";
  if (to.rfind(definition, 0) != 0) return schema(schema_kind::chip);
  return schema(schema_kind::energy).at("$defs").at(to.substr(definition.size()));
}

/// Of alternatives, the one that describes a map.
const json& as_object(const json& s) {
  if (s.contains("anyOf")) {
    for (const json& option : s["anyOf"]) {
      if (resolved(option).value("type", json()) == "object") return resolved(option);
    }
  }
  return resolved(s);
}

bool allows_type(const json& s, const std::string& type) {
  if (s.contains("anyOf")) {
    return std::any_of(s["anyOf"].begin(), s["anyOf"].end(),
                       [&](const json& option) { return allows_type(resolved(option), type); });
  }
  const json& types = s.at("type");
  if (types.is_array()) return std::find(types.begin(), types.end(), type) != types.end();
  return types == type;
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
  return out;
}

std::vector<std::string> keys_of(const json& object) {
  std::vector<std::string> keys;
  if (object.contains("properties")) {
    for (const auto& [key, unused] : object["properties"].items()) keys.push_back(key);
  }
  return keys;
}

/// Every dotted path below an object, for "did you mean".
void collect_paths(const json& object, const std::string& prefix, std::vector<std::string>& out) {
  if (!object.contains("properties")) return;
  for (const auto& [key, s] : object["properties"].items()) {
    out.push_back(prefix + key);
    collect_paths(as_object(s), prefix + key + ".", out);
  }
}

std::string size_text(std::uint64_t bytes) {
  for (const auto& [unit, name] :
       {std::pair<std::uint64_t, const char*>{1u << 30, " GiB"}, {1u << 20, " MiB"}, {1u << 10, " KiB"}}) {
    if (bytes >= unit && bytes % unit == 0) return std::to_string(bytes / unit) + name;
  }
  return std::to_string(bytes) + " B";
}

std::string number_text(const json& value) {
  const double d = value.get<double>();
  return d == std::floor(d) && std::abs(d) < 1e15 ? std::to_string(static_cast<long long>(d)) : value.dump();
}

/// The words of an enumeration, or those that stand for a pattern.
std::vector<std::string> words_of(const json& s) {
  std::vector<std::string> words;
  for (const char* key : {"enum", "examples"})
    if (s.contains(key))
      for (const json& word : s[key]) words.push_back(word.get<std::string>());
  return words;
}

/// What is allowed, in words.
std::string allowed(const json& s) {
  if (s.contains("anyOf")) return "a path, or keys and values";
  if (const std::vector<std::string> words = words_of(s); !words.empty()) {
    return words.size() == 1 ? "only " + words[0] : join(words);
  }
  if (s.value("x-size", false)) {
    return "a size" + std::string(s.value("x-powerOfTwo", false) ? " that is a power of two" : "") + " from " +
           size_text(s["minimum"].get<std::uint64_t>()) + " to " + size_text(s["maximum"].get<std::uint64_t>()) +
           " (bytes, or with B, KiB, MiB, GiB)";
  }
  if (allows_type(s, "integer")) {
    std::string text = s.value("x-powerOfTwo", false) ? "a power of two" : "an integer";
    return text + " from " + number_text(s["minimum"]) + " to " + number_text(s["maximum"]);
  }
  if (allows_type(s, "number")) {
    return "a number from " + number_text(s["minimum"]) + " to " + number_text(s["maximum"]);
  }
  if (allows_type(s, "boolean")) return "true or false";
  if (allows_type(s, "string")) return s.contains("minLength") ? "a word that is not empty" : "a word";
  if (allows_type(s, "array")) {
    return "a list of " + number_text(s["minItems"]) + " to " + number_text(s["maxItems"]) + " entries, each " +
           allowed(s["items"]);
  }
  const std::vector<std::string> keys = keys_of(s);
  return keys.empty() ? "names and values" : "the keys " + join(keys);
}

std::string shown(const config_node& node) {
  switch (node.kind) {
    case config_node::kind_t::null:
      return "nothing";
    case config_node::kind_t::scalar:
      return node.quoted ? '"' + printable(node.scalar) + '"' : printable(node.scalar);
    case config_node::kind_t::sequence: {
      std::vector<std::string> items;
      for (const config_node& item : node.items) {
        items.push_back(items.size() == 16 ? "..." : shown(item));
        if (items.size() > 16) break;
      }
      return printable("[" + join(items) + "]");
    }
    default:
      return "a map of keys";
  }
}

bool power_of_two(std::uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

class checker {
 public:
  explicit checker(const json& top) { collect_paths(top, "", paths_); }

  void value(const config_node& node, const json& of, const std::string& path) {
    const json& s = resolved(of);
    if (errors.size() >= most_errors) return;
    if (node.kind == config_node::kind_t::map && allows_type(s, "object")) {
      object(node, as_object(s), path);
    } else if (node.kind == config_node::kind_t::sequence && allows_type(s, "array")) {
      sequence(node, s, path);
    } else if (node.kind == config_node::kind_t::null && allows_type(s, "object") && !s.contains("anyOf")) {
      return;  // "cluster:" with nothing below it: all defaults
    } else if (node.kind != config_node::kind_t::scalar || !scalar(node, s)) {
      refuse(node, s, path);
    }
  }

  static constexpr std::size_t most_errors = 21;  // more than are shown
  std::vector<std::string> errors;

 private:
  void refuse(const config_node& node, const json& s, const std::string& path) {
    std::string hint;
    if (const std::vector<std::string> words = words_of(s); !words.empty()) {
      const std::string near = nearest(node.scalar, words);
      if (!near.empty()) hint = "; did you mean " + near + "?";
    }
    errors.push_back(node.place + ": " + path + ": " + shown(node) + " is not allowed" + hint +
                     (hint.empty() ? "; allowed: " : " allowed: ") + allowed(s));
  }

  void object(const config_node& node, const json& s, const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + ".";
    const json& more = s.contains("additionalProperties") ? s["additionalProperties"] : json(false);
    std::set<std::string> seen;
    for (const config_node::entry& e : node.entries) {
      if (errors.size() >= most_errors) return;
      if (!seen.insert(e.key).second) {
        errors.push_back(e.place + ": " + prefix + printable(e.key) + ": stands here a second time; allowed: once");
        continue;
      }
      if (s.contains("properties") && s["properties"].contains(e.key)) {
        value(e.value, s["properties"][e.key], prefix + e.key);
      } else if (more.is_object()) {
        value(e.value, more, prefix + printable(e.key));
      } else {
        unknown(e, s, prefix);
      }
    }
    if (!s.contains("required")) return;
    for (const json& key : s["required"]) {
      if (seen.count(key.get<std::string>()) == 0) {
        errors.push_back(node.place + ": " + prefix + key.get<std::string>() + ": this key is missing; allowed: " +
                         allowed(resolved(s["properties"][key.get<std::string>()])));
      }
    }
  }

  void unknown(const config_node::entry& e, const json& s, const std::string& prefix) {
    // First among the neighbours, then the same word elsewhere, then anything near.
    const std::vector<std::string> siblings = keys_of(s);
    std::string near = nearest(e.key, siblings);
    if (!near.empty()) {
      near = prefix + near;
    } else {
      for (const std::string& path : paths_) {
        if (path.substr(path.rfind('.') + 1) == e.key) near = path;
      }
      if (near.empty()) near = nearest(prefix + e.key, paths_);
    }
    errors.push_back(e.place + ": " + prefix + printable(e.key) + ": unknown key" +
                     (near.empty() ? ";" : "; did you mean " + near + "?") + " allowed: " + join(siblings));
  }

  void sequence(const config_node& node, const json& s, const std::string& path) {
    const std::size_t count = node.items.size();
    if (count < s["minItems"].get<std::size_t>() || count > s["maxItems"].get<std::size_t>()) {
      errors.push_back(node.place + ": " + path + ": " + shown(node) + " has " + std::to_string(count) +
                       " entries; allowed: " + allowed(s));
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      value(node.items[i], s["items"], path + "[" + std::to_string(i) + "]");
    }
  }

  bool scalar(const config_node& node, const json& s) const {
    const std::string& text = node.scalar;
    if (s.value("x-size", false)) {
      const auto bytes = parse_size(text);
      return bytes && in_range(static_cast<std::int64_t>(*bytes), s) &&
             (!s.value("x-powerOfTwo", false) || power_of_two(*bytes));
    }
    if (s.contains("pattern")) return std::regex_match(text, std::regex(s["pattern"].get<std::string>()));
    if (s.contains("enum")) {
      return std::any_of(s["enum"].begin(), s["enum"].end(), [&](const json& word) { return word == text; });
    }
    if (allows_type(s, "integer") && !node.quoted) {
      if (const auto integer = parse_integer(text))
        return in_range(*integer, s) &&
               (!s.value("x-powerOfTwo", false) || power_of_two(static_cast<std::uint64_t>(*integer)));
    }
    if (allows_type(s, "number") && !node.quoted) {
      if (const auto number = parse_number(text)) return in_range(*number, s);
    }
    if (allows_type(s, "boolean") && !node.quoted) return parse_boolean(text).has_value();
    return allows_type(s, "string") && text.size() >= s.value("minLength", std::size_t{0});
  }

  /// Compared as what it is: a double does not hold every integer.
  template <class T>
  static bool in_range(T v, const json& s) {
    return (!s.contains("minimum") || v >= s["minimum"].get<T>()) &&
           (!s.contains("maximum") || v <= s["maximum"].get<T>());
  }

  std::vector<std::string> paths_;
};

void collect_defaults(const json& object, const std::string& prefix,
                      std::vector<std::pair<std::string, std::string>>& out) {
  for (const auto& [key, s] : object["properties"].items()) {
    if (s.contains("default")) out.emplace_back(prefix + key, s["default"].dump());
    if (as_object(s).contains("properties")) collect_defaults(as_object(s), prefix + key + ".", out);
  }
}

}  // namespace

std::vector<std::string> check(const config_node& root, schema_kind kind) {
  checker c(schema(kind));
  c.value(root, schema(kind), "");
  return std::move(c.errors);
}

bool has_top_level_key(schema_kind kind, const std::string& key) { return schema(kind)["properties"].contains(key); }

std::vector<std::pair<std::string, std::string>> schema_defaults(schema_kind kind) {
  std::vector<std::pair<std::string, std::string>> out;
  collect_defaults(schema(kind), "", out);
  return out;
}

integer_range range_of(schema_kind kind, const std::string& path) {
  const json* at = &schema(kind);
  for (const std::string& key : split_path(path)) at = &as_object(*at).at("properties").at(key);
  return {at->at("minimum").get<std::int64_t>(), at->at("maximum").get<std::int64_t>()};
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  if (word.size() > 64) return best;  // no slip of anything
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    // Edit distance in which two swapped neighbours count once.
    std::vector<std::vector<std::size_t>> d(word.size() + 1, std::vector<std::size_t>(candidate.size() + 1));
    for (std::size_t i = 0; i <= word.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= candidate.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t same = word[i - 1] == candidate[j - 1] ? 0 : 1;
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + same});
        if (i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1]) {
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    if (d[word.size()][candidate.size()] < best_distance) {
      best_distance = d[word.size()][candidate.size()];
      best = candidate;
    }
  }
  return best;
}

}  // namespace ohmic
