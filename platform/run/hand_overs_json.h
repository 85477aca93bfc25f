#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "platform/machine/machine.h"

namespace ohmic {

/// The hand-overs of a run for its summary: text, cores, handed_over, first_cycle and last_cycle (null if none was),
/// left_alone by reason.
inline nlohmann::ordered_json hand_overs_json(const std::vector<hand_over_report>& reports) {
  auto all = nlohmann::ordered_json::array();
  for (const hand_over_report& r : reports) {
    nlohmann::ordered_json one = {{"hand_over", r.text},          {"cores", r.cores},
                                  {"handed_over", r.handed_over}, {"first_cycle", nullptr},
                                  {"last_cycle", nullptr},        {"left_alone", nlohmann::ordered_json::object()}};
    if (r.handed_over != 0) {
      one["first_cycle"] = r.first;
      one["last_cycle"] = r.last;
    }
    for (const auto& [why, count] : r.left_alone) one["left_alone"][why] = count;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace ohmic
