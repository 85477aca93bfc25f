#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace ohmic::test {

/// Every coefficient by its dotted path, with its unit.
inline std::vector<std::pair<std::string, std::string>> all_coefficients() {
  std::vector<std::pair<std::string, std::string>> all;
  const auto add = [&](const char* group, std::vector<const char*> names, const char* unit) {
    for (const char* name : names) all.emplace_back(std::string(group) + "." + name, unit);
  };
  add("ima", {"mvm_full", "mvm", "row", "column", "cell", "byte"}, "pj");
  add("cores",
      {"alu", "mul", "div", "simd", "dot", "load", "store", "branch", "jump", "loop", "system", "waiting_cycle"}, "pj");
  add("l1", {"read", "write"}, "pj");
  add("icache", {"lookup", "line"}, "pj");
  add("dma", {"descriptor", "byte"}, "pj");
  add("network", {"byte_hop"}, "pj");
  add("hbm", {"byte"}, "pj");
  add("hbm", {"standby"}, "mw");
  add("leakage", {"analog", "logic", "memory"}, "mw_per_mm2");
  add("area", {"ima_column", "ima_cell", "core", "l1_kib", "icache_kib", "cluster", "router"}, "mm2");
  return all;
}

/// A file of coefficients in which all are 0 but those named: {"cores.alu", "5"} is 5 of its unit.
inline std::string coefficients_text(const std::vector<std::pair<std::string, std::string>>& values,
                                     const std::string& head = "mvm: in_use\ndigital_scale: 1\nfit_mj: 0\n") {
  std::string text = "name: test\nnode_nm: 10\nvolts: 0.5\n" + head, group;
  for (const auto& [key, unit] : all_coefficients()) {
    const std::string own = key.substr(0, key.find('.')), name = key.substr(own.size() + 1);
    if (own != group) text += own + ":\n";
    group = own;
    std::string value = "0";
    for (const auto& [k, v] : values)
      if (k == key) value = v;
    text += "  " + name + ": {" + unit + ": " + value + ", source: test}\n";
  }
  return text;
}

}  // namespace ohmic::test
