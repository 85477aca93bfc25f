#pragma once

#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "ip/core/core_seam.h"

namespace ohmic {

/// A group whose harts are of several kinds, chosen hart by hart: fulfils the core seam (ip/core/core_seam.h).
///
/// Each kind is a group of its own for all harts of the cluster, of which it runs those chosen for it: so hart numbers
/// are the same in all, and a kind must cost little for harts that never start. Calls are static: a compare and a jump.
template <class... Kinds>
class core_mix {
 public:
  /// kind_of[h] is the position of hart h's kind among Kinds. All groups have kind_of.size() harts.
  core_mix(std::vector<std::uint8_t> kind_of, Kinds... groups)
      : kind_of_(std::move(kind_of)), groups_(std::move(groups)...) {}

  unsigned size() const { return static_cast<unsigned>(kind_of_.size()); }
  unsigned kind(unsigned h) const { return kind_of_[h]; }
  template <class Kind>
  Kind& group() {
    return std::get<Kind>(groups_);
  }
  template <class Kind>
  const Kind& group() const {
    return std::get<Kind>(groups_);
  }

  void start(unsigned h, std::uint32_t boot_addr, cycle_t now) {
    with(h, [&](auto& g) { g.start(h, boot_addr, now); });
  }
  void stop(unsigned h) {
    with(h, [&](auto& g) { g.stop(h); });
  }
  template <class Observer>
  core_stop advance(unsigned h, cycle_t until, Observer& observer) {
    return with(h, [&](auto& g) { return g.advance(h, until, observer); });
  }
  cycle_t time(unsigned h) const {
    return with(h, [&](auto& g) { return g.time(h); });
  }
  cycle_t due(unsigned h) const {
    return with(h, [&](auto& g) { return g.due(h); });
  }
  cycle_t certain_until(unsigned h, cycle_t now) const {
    return with(h, [&](auto& g) { return g.certain_until(h, now); });
  }
  const bus_request& request(unsigned h) const {
    return with(h, [&](auto& g) -> const bus_request& { return g.request(h); });
  }
  std::uint32_t fetch_line(unsigned h) const {
    return with(h, [&](auto& g) { return g.fetch_line(h); });
  }
  void complete(unsigned h, std::uint32_t rdata, cycle_t granted, cycle_t valid) {
    with(h, [&](auto& g) { g.complete(h, rdata, granted, valid); });
  }
  void fetch_complete(unsigned h, cycle_t valid) {
    with(h, [&](auto& g) { g.fetch_complete(h, valid); });
  }
  void set_irq(unsigned h, std::uint32_t lines, cycle_t now = 0) {
    with(h, [&](auto& g) { g.set_irq(h, lines, now); });
  }
  /// For all kinds: a hart may become another one (core_relay.h).
  void set_stack_guard(unsigned h, stack_guard guard) {
    std::apply([&](auto&... g) { (g.set_stack_guard(h, guard), ...); }, groups_);
  }
  void set_trap_limit(unsigned h, std::uint32_t most) {
    std::apply([&](auto&... g) { (g.set_trap_limit(h, most), ...); }, groups_);
  }
  std::uint32_t trap_cause(unsigned h) const {
    return with(h, [&](auto& g) { return g.trap_cause(h); });
  }
  bool irq_would_be_taken(unsigned h) const {
    return with(h, [&](auto& g) { return g.irq_would_be_taken(h); });
  }
  std::uint32_t irq_enabled(unsigned h) const {
    return with(h, [&](auto& g) { return g.irq_enabled(h); });
  }
  std::uint32_t pc(unsigned h) const {
    return with(h, [&](auto& g) { return g.pc(h); });
  }
  std::uint32_t x(unsigned h, unsigned r) const {
    return with(h, [&](auto& g) { return g.x(h, r); });
  }
  void warm(unsigned h) const {
    with(h, [&](auto& g) { g.warm(h); });
  }
  const hart_counters& counters(unsigned h) const {
    return with(h, [&](auto& g) -> const hart_counters& { return g.counters(h); });
  }
  instruction_counts instructions() const {
    instruction_counts all;
    std::apply([&](const auto&... g) { ((all += g.instructions()), ...); }, groups_);
    return all;
  }
  hart_fault fault(unsigned h) const {
    return with(h, [&](auto& g) { return g.fault(h); });
  }

 protected:
  void set_kind(unsigned h, unsigned kind) { kind_of_[h] = static_cast<std::uint8_t>(kind); }
  template <class F>
  decltype(auto) with(unsigned h, F&& f) {
    return dispatch<0>(groups_, kind_of_[h], f);
  }
  template <class F>
  decltype(auto) with(unsigned h, F&& f) const {
    return dispatch<0>(groups_, kind_of_[h], f);
  }

 private:
  template <std::size_t I, class Groups, class F>
  static decltype(auto) dispatch(Groups& groups, unsigned kind, F& f) {
    if constexpr (I + 1 == sizeof...(Kinds)) {
      return f(std::get<I>(groups));
    } else {
      if (kind == I) return f(std::get<I>(groups));
      return dispatch<I + 1>(groups, kind, f);
    }
  }

  std::vector<std::uint8_t> kind_of_;
  std::tuple<Kinds...> groups_;
};

}  // namespace ohmic
