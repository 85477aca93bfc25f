#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "platform/config/config_tree.h"
#include "platform/config/numbers.h"

namespace ohmic {

/// Fills the optionals of a file's struct from a tree that check() found right: what is not there stays empty.
class tree_reader {
 public:
  explicit tree_reader(const config_node& root) : root_(root) {}

  template <class T>
  void operator()(const char* path, std::optional<T>& out) const {
    const config_node* node = root_.find(path);
    if (node == nullptr || node->kind == config_node::kind_t::null) return;
    T value{};
    convert(*node, value);
    out = std::move(value);
  }

 private:
  static void convert(const config_node& node, std::string& out) { out = node.scalar; }
  static void convert(const config_node& node, bool& out) { out = node.scalar[0] == 't' || node.scalar[0] == 'T'; }
  static void convert(const config_node& node, double& out) { out = known(parse_number(node.scalar)); }
  /// Every integer reads as a size too.
  template <class T>
  static std::enable_if_t<std::is_integral_v<T>> convert(const config_node& node, T& out) {
    out = static_cast<T>(known(parse_size(node.scalar)));
  }
  template <class T>
  static T known(const std::optional<T>& value) {
    if (!value) std::abort();  // check() has let through what cannot be read
    return *value;
  }
  template <class T>
  static void convert(const config_node& node, std::vector<T>& out) {
    for (const config_node& item : node.items) {
      T value{};
      convert(item, value);
      out.push_back(value);
    }
  }

  const config_node& root_;
};

}  // namespace ohmic
