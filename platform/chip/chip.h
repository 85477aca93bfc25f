#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <systemc>
#include <tuple>
#include <vector>

#include "ip/axi/axi_network.h"
#include "ip/hbm/hbm.h"
#include "ip/platform_control/platform_control_module.h"
#include "platform/chip/chip_parameters.h"
#include "platform/chip/cluster_module.h"
#include "platform/engine/window_engine.h"
#include "platform/machine/machine.h"

namespace ohmic {

/// A whole chip: clusters, network, HBM and platform control as TLM-2.0 modules, and the loop that runs them.
///
/// Time: all clusters with something to do simulate one window in parallel on the engine's threads; then what they
/// sent enters the network in the order (time, cluster, sequence) and the SystemC kernel runs the network over the
/// same window, on the main thread, while other threads begin with the next window of clusters that it cannot reach.
/// The exact window is the shortest way between two clusters: egress, the fastest router, ingress. SystemC time leads
/// the clusters' by the egress cycles, because messages carry the cycle at the network's boundary. Result and order of
/// everything are the same for any number of threads and any window up to the exact one.
///
/// Call order: constructor (SystemC elaboration), load by debug access (memory(), debug_write()), start(), run().
template <class Cluster>
class chip : public sc_core::sc_module {
 public:
  using make_cores = std::function<typename Cluster::cores_type(unsigned cluster)>;
  using make_observer = std::function<typename Cluster::observer_type(unsigned cluster)>;

  chip(
      sc_core::sc_module_name name, const chip_config& config, const network_options& options, const make_cores& cores,
      const make_observer& observer = [](unsigned) { return typename Cluster::observer_type{}; })
      : sc_module(name),
        config_(config),
        period_(sc_core::sc_time(1.0 / config.clock_ghz, sc_core::SC_NS)),
        map_(make_address_map(config)),
        l1_(std::uint64_t{config.clusters()} * l1_pitch(config)),
        network_("network", make_network_config(config, map_, options), period_),
        hbm_("hbm", make_hbm_config(config), period_),
        control_port_("platform_control", control_, map_.platform_base, period_) {
    const unsigned count = config.clusters();
    for (unsigned i = 0; i < count; ++i) {
      models_.push_back(
          std::make_unique<Cluster>(config_, i, l1_.data() + i * l1_pitch(config), cores(i), observer(i)));
      const std::string label = "cluster_" + std::to_string(i);
      modules_.push_back(std::make_unique<cluster_module<Cluster>>(label.c_str(), config_, *models_.back(), payloads_,
                                                                   touched_, period_));
      modules_.back()->master.bind(network_.cluster_in(i));
      network_.cluster_out(i).bind(modules_.back()->slave);
    }
    unanswered_.assign(count, 0);
    network_.hbm_out().bind(hbm_.socket);
    network_.platform_out().bind(control_port_.socket);
  }

  const chip_config& config() const { return config_; }
  Cluster& cluster(unsigned i) { return *models_[i]; }
  unsigned clusters() const { return static_cast<unsigned>(models_.size()); }
  hbm& memory() { return hbm_; }
  hbm_memory& l1() { return l1_; }
  axi_network& network() { return network_; }
  platform_control& control() { return control_; }
  /// Host address of cluster i's L1.
  std::uint8_t* l1_of(unsigned i) { return l1_.data() + i * l1_pitch(config_); }

  /// Debug transport by the chip's address map, entering at cluster 0's port. Returns the bytes accessed.
  unsigned debug(tlm::tlm_generic_payload& payload) { return modules_.front()->master->transport_dbg(payload); }

  /// Releases reset: all cores of all clusters start.
  void start() {
    for (auto& m : models_) m->start(0, true);
  }

  /// The hand-overs of this order (clusters whose groups hand over) are due when the program has written this time
  /// marker for the first time: an exact window behind it, in every cluster alike and whatever the window. A longer
  /// window than the exact one may see it later.
  void hand_over_at_marker(unsigned order, unsigned marker, std::vector<unsigned> clusters) {
    awaited_markers_.push_back({order, marker, std::move(clusters)});
  }

  /// Called at the end of the window in which time marker 0 was written: reported time begins.
  void on_time_begun(std::function<void()> call) { on_time_begun_ = std::move(call); }

  /// Runs to the end of the program, a dead-lock, a guest error, the cycle limit, or an interruption.
  run_end run(const run_options& options);

  cycle_t now() const { return now_; }
  cycle_t exact_window() const {
    return config_.network.egress_cycles + network_.lookahead() + config_.network.ingress_cycles;
  }
  cycle_t window() const { return window_; }
  std::vector<guest_error>& errors() { return errors_; }
  std::uint64_t windows() const { return windows_; }
  /// The lanes' counters, in their order, at the end of the window in which time marker 0 was written; else empty.
  const std::vector<channel_counters>& lanes_before_marker() const { return lanes_before_marker_; }
  /// The counters of a cluster's core 0 at the same moment.
  hart_counters master_before_marker(unsigned cluster) const {
    return cluster < masters_before_marker_.size() ? masters_before_marker_[cluster] : hart_counters{};
  }

 private:
  static constexpr std::size_t most_errors = 1024;

  // A page more than L1: the loop may read up to 3 bytes past the last word.
  static std::uint64_t l1_pitch(const chip_config& c) { return std::uint64_t{c.cluster.l1_bytes} + 4096; }

  cycle_t network_next() const {
    if (!sc_core::sc_pending_activity()) return never;
    const std::uint64_t ahead =
        sc_core::sc_pending_activity_at_current_time() ? 0 : sc_core::sc_time_to_pending_activity().value();
    const cycle_t at = (sc_core::sc_time_stamp().value() + ahead) / period_.value();
    return at > config_.network.egress_cycles ? at - config_.network.egress_cycles : 0;
  }

  void exchange(window_engine<Cluster>& engine, cycle_t to, cycle_t run_ahead_to);
  void note_sent(const axi_message& message, unsigned cluster);
  bool may_run_ahead(const run_options& options);
  void announce_hand_overs(window_engine<Cluster>& engine, cycle_t to);
  void collect_errors(const std::vector<unsigned>& active);
  /// Cycle of what ends the run, as far as is known; never if nothing yet.
  std::vector<guest_error>::const_iterator first_mismatch() const {
    return std::find_if(errors_.begin(), errors_.end(),
                        [](const guest_error& e) { return e.from == guest_error::source::lockstep; });
  }
  cycle_t end_seen(const run_options& options) const;
  run_end why_ended(const run_options& options) const;

  const chip_config config_;
  const sc_core::sc_time period_;
  const address_map map_;
  hbm_memory l1_;
  axi_payload_pool payloads_;
  std::vector<cluster_module<Cluster>*> touched_;
  axi_network network_;
  hbm hbm_;
  platform_control control_;
  platform_control_module control_port_;
  std::vector<std::unique_ptr<Cluster>> models_;
  std::vector<std::unique_ptr<cluster_module<Cluster>>> modules_;
  struct outgoing {
    axi_message message;
    unsigned cluster, sequence;
  };
  std::vector<outgoing> outgoing_;
  std::vector<unsigned> unanswered_;      // [cluster]: requests that have been sent to it and that it has not answered
  std::vector<unsigned> platform_users_;  // clusters that may have a burst on its way to platform control
  bool text_written_ = false;             // or soon will be
  struct awaited_marker {
    unsigned order, marker;
    std::vector<unsigned> clusters;
  };
  std::vector<awaited_marker> awaited_markers_;
  std::vector<guest_error> errors_;
  cycle_t now_ = 0, window_ = 0;
  std::optional<cycle_t> time_begun_;
  std::function<void()> on_time_begun_;
  std::vector<channel_counters> lanes_before_marker_;
  std::vector<hart_counters> masters_before_marker_;  // by cluster
  std::uint64_t windows_ = 0;
};

template <class Cluster>
run_end chip<Cluster>::run(const run_options& options) {
  std::vector<Cluster*> parts;
  for (auto& m : models_) parts.push_back(m.get());
  thread_team team(options.threads);
  window_engine<Cluster> engine(std::move(parts), team);
  window_ = options.window == 0 ? exact_window() : options.window;
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  // A busy window of a large chip of RTL cores takes a tenth of a second, an idle one a microsecond.
  unsigned since_poll = 0, poll_after = 1;
  auto next_poll = std::chrono::steady_clock::now(), last_poll = next_poll;

  // Once the end is known, everything runs on to one and the same cycle: a window behind it, which no window that is
  // not longer than the exact one has passed yet. So what is counted does not depend on the windows.
  cycle_t last = options.max_cycles;
  for (;;) {
    const cycle_t next = std::max(now_, std::min(engine.next(now_), network_next()));
    if (next >= last || next == never) {
      const bool ended = end_seen(options) != never;
      if (last != never && (ended || next != never)) now_ = last;
      if (ended) return why_ended(options);
      if (next != never) return run_end::cycle_limit;
      now_ = 0;  // nothing will ever happen again: when was the last time?
      for (const auto& m : models_) now_ = std::max(now_, m->last_active());
      return errors_.empty() ? run_end::deadlock : run_end::guest_error;
    }
    now_ = next;
    const cycle_t to = std::min(now_ + window_, last);
    engine.run(now_, to);
    collect_errors(engine.active());
    exchange(engine, to, may_run_ahead(options) ? std::min(to + window_, last) : 0);
    if (!awaited_markers_.empty()) announce_hand_overs(engine, to);
    ++windows_;
    now_ = to;
    if (options.on_window) options.on_window(engine.active());
    if (control_.marker(0) != time_begun_) {  // reported time begins
      time_begun_ = control_.marker(0);
      for (auto& m : models_) m->times().restart(*time_begun_);
      masters_before_marker_.clear();
      for (auto& m : models_) masters_before_marker_.push_back(m->cores().counters(0));
      if (on_time_begun_) on_time_begun_();
      lanes_before_marker_.clear();
      network_.for_each_lane(
          [&](const std::string&, axi_lane, const channel_counters& c) { lanes_before_marker_.push_back(c); });
    }
    if (const cycle_t end = end_seen(options); end != never) last = std::min(last, end + exact_window());
    if (++since_poll >= poll_after) {
      since_poll = 0;
      if (options.interrupted && options.interrupted()) return run_end::interrupted;
      const auto clock = std::chrono::steady_clock::now();
      if (clock - last_poll < std::chrono::milliseconds(20)) poll_after = std::min(2 * poll_after, 256u);
      if (clock - last_poll > std::chrono::milliseconds(200)) poll_after = std::max(poll_after / 2, 1u);
      last_poll = clock;
      if (clock >= next_poll) {
        next_poll = clock + std::chrono::milliseconds(200);
        if (options.on_progress) options.on_progress(now_);
      }
    }
  }
}

template <class Cluster>
cycle_t chip<Cluster>::end_seen(const run_options& options) const {
  cycle_t end = control_.ended() ? control_.ended()->cycle : never;
  if (!errors_.empty() && !options.continue_on_guest_error) end = std::min(end, errors_.front().cycle);
  if (const auto mismatch = first_mismatch(); mismatch != errors_.end()) end = std::min(end, mismatch->cycle);
  return end;
}

template <class Cluster>
run_end chip<Cluster>::why_ended(const run_options& options) const {
  if (first_mismatch() != errors_.end()) return run_end::lockstep_mismatch;
  const bool erred = !errors_.empty() && (options.continue_on_guest_error || !control_.ended() ||
                                          errors_.front().cycle <= control_.ended()->cycle);
  if (control_.ended() && control_.ended()->assertion && (!erred || options.continue_on_guest_error))
    return run_end::asserted;
  return erred ? run_end::guest_error : run_end::exited;
}

// Between windows, may other clusters be a window ahead? Not where what is done now could end the run, or make anybody
// look at all clusters, or change what they execute.
template <class Cluster>
bool chip<Cluster>::may_run_ahead(const run_options& options) {
  return !options.on_window && awaited_markers_.empty() && !text_written_ && end_seen(options) == never;
}

// Keeps count of what may still reach a cluster.
template <class Cluster>
void chip<Cluster>::note_sent(const axi_message& message, unsigned cluster) {
  const axi_burst& burst = *message.burst;
  if (message.what == axi_message::kind::response) {
    --unanswered_[cluster];
    return;
  }
  const network_port target = map_.decode(burst.addr);
  if (target < clusters())
    ++unanswered_[target];
  else if (target == port_platform)
    platform_users_.push_back(cluster);
  else if (burst.write && hbm_.is_watched(burst.addr, burst.addr + burst.bytes))
    text_written_ = true;
}

// What the window's clusters sent enters the network, which then runs up to the end of the window. Meanwhile clusters
// that are in no transfer begin with the next window, up to `run_ahead_to` (0: none).
template <class Cluster>
void chip<Cluster>::exchange(window_engine<Cluster>& engine, cycle_t to, cycle_t run_ahead_to) {
  for (const unsigned i : engine.active()) {
    auto& box = models_[i]->outbox();
    for (const axi_message& m : box) {
      outgoing_.push_back({m, i, static_cast<unsigned>(outgoing_.size())});
      note_sent(m, i);
    }
    box.clear();
  }
  platform_users_.erase(std::remove_if(platform_users_.begin(), platform_users_.end(),
                                       [&](unsigned i) { return models_[i]->open_bursts() == 0; }),
                        platform_users_.end());
  if (run_ahead_to != 0) {
    const bool anybody = platform_users_.empty() && !text_written_;
    engine.run_ahead(run_ahead_to,
                     [&](unsigned i) { return anybody && unanswered_[i] == 0 && models_[i]->open_bursts() == 0; });
  }
  if (!outgoing_.empty()) {
    std::sort(outgoing_.begin(), outgoing_.end(), [](const outgoing& a, const outgoing& b) {
      return a.message.cycle != b.message.cycle ? a.message.cycle < b.message.cycle : a.sequence < b.sequence;
    });
    for (const outgoing& o : outgoing_) modules_[o.cluster]->send(o.message);
    outgoing_.clear();
  }
  const cycle_t target = to + config_.network.egress_cycles;
  if (network_next() < to) {
    network_.undisturbed_until(target);
    const std::uint64_t until = target * period_.value();
    sc_core::sc_start(sc_core::sc_time::from_value(until - sc_core::sc_time_stamp().value()));
  }
  for (cluster_module<Cluster>* const module : touched_) {
    module->flush();
    engine.touched(module->index());
  }
  touched_.clear();
}

template <class Cluster>
void chip<Cluster>::announce_hand_overs(window_engine<Cluster>& engine, cycle_t to) {
  const auto announced = [&](const awaited_marker& awaited) {
    const std::optional<cycle_t> written = control_.marker(awaited.marker);
    if (!written) return false;
    for (const unsigned i : awaited.clusters) {
      models_[i]->plan_hand_over(awaited.order, std::max(*written + exact_window(), to));
      engine.touched(i);
    }
    return true;
  };
  awaited_markers_.erase(std::remove_if(awaited_markers_.begin(), awaited_markers_.end(), announced),
                         awaited_markers_.end());
}

template <class Cluster>
void chip<Cluster>::collect_errors(const std::vector<unsigned>& active) {
  const auto known = static_cast<std::ptrdiff_t>(errors_.size());
  for (const unsigned i : active) {
    auto& errors = models_[i]->errors();
    if (errors.empty()) continue;
    errors_.insert(errors_.end(), errors.begin(), errors.end());
    errors.clear();
  }
  if (errors_.begin() + known == errors_.end()) return;
  const auto order = [](const guest_error& e) { return std::make_tuple(e.cycle, e.cluster, e.from, e.core, e.addr); };
  std::sort(errors_.begin() + known, errors_.end(),
            [&](const guest_error& a, const guest_error& b) { return order(a) < order(b); });
  if (errors_.size() > most_errors) errors_.resize(most_errors);  // the first ones tell the story
}

}  // namespace ohmic
