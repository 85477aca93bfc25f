#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "platform/config/config_tree.h"
#include "platform/config/schema.h"

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
  static void convert(const config_node& node, bool& out) { out = node.scalar == "true"; }
  static void convert(const config_node& node, double& out) { parse_number(node.scalar, out); }
  template <class T>
  static std::enable_if_t<std::is_integral_v<T>> convert(const config_node& node, T& out) {
    std::uint64_t bytes = 0;
    parse_size(node.scalar, bytes);
    out = static_cast<T>(bytes);
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
