#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ip/core/text_bytes.h"
#include "ip/core/text_history.h"
#include "ip/ima/pcm_array.h"
#include "ip/iss/decoded_text.h"
#include "ip/iss/text_versions.h"
#include "platform/chip/chip.h"
#include "platform/cluster/cluster.h"
#include "platform/elf/elf_file.h"
#include "platform/machine/burst_trace.h"
#include "platform/machine/hand_over.h"
#include "platform/machine/instruction_trace.h"
#include "platform/machine/loading.h"
#include "platform/machine/machine.h"
#include "registers/cluster_control.h"
#include "registers/cluster_peripherals.h"

namespace ohmic {

/// The executable bytes of one program, as all kinds of cores want them.
struct program_text {
  explicit program_text(const elf_file& program)
      : segment(program.text()),
        decoded(segment.address, segment.bytes.data(), segment.bytes.size()),
        bytes{segment.address, static_cast<std::uint32_t>(segment.bytes.size()), segment.bytes.data()},
        history(bytes),
        versions(decoded, history) {}

  const elf_segment segment;
  const decoded_text decoded;
  const text_bytes bytes;
  text_history history;
  const iss::text_versions versions;
};

/// A chip with cores of one group type, ready to run: machine's only implementation.
///
/// make_cores(text, cluster, first mhartid) gives a cluster's group; the text is that of the program which the cluster
/// runs.
template <class Cores, class Observer>
class chip_machine : public machine {
  using cluster_type = cluster<Cores, Observer>;

 public:
  using make_cores = std::function<Cores(const program_text&, unsigned cluster, unsigned first_mhartid)>;

  using trace_files = std::vector<std::unique_ptr<instruction_trace>>;

  /// Adds what a cluster's cores have compared; null for groups that compare nothing.
  using report_lockstep = void (*)(unsigned cluster, const Cores& cores, lockstep_report& report);

  /// Completes the waveforms at the end of a run and says how much is in them.
  using finish_waveforms = std::function<std::vector<recorded_waveform>()>;

  chip_machine(const chip_config& config, const program_set& programs, const machine_options& options,
               const make_cores& cores, const std::function<Observer(unsigned)>& observer, trace_files traces,
               report_lockstep lockstep, finish_waveforms waveforms)
      : programs_(programs),
        most_mismatches_(options.lockstep_mismatches),
        traces_(std::move(traces)),
        lockstep_(lockstep),
        finish_waveforms_(std::move(waveforms)),
        chip_(
            "chip", with_entry(config, programs[0]), options.network,
            [&](unsigned i) { return cores(text_in(programs, config, i), i, i * hart_ids_per_cluster); }, observer) {
    if (!options.burst_trace.empty()) {
      bursts_ = std::make_unique<burst_trace>(options.burst_trace);
      chip_.network().observe([this](const observed_burst& burst) { bursts_->write(burst); });
    }
    if (options.analog)
      for (unsigned i = 0; i < chip_.clusters(); ++i) {
        const auto stuck = options.stuck_devices.find(i);
        chip_.cluster(i).use(std::make_unique<pcm_array>(
            *options.analog, i,
            stuck == options.stuck_devices.end() ? std::vector<pcm::device_fault>{} : stuck->second));
      }
    if (options.random_memory_seed) {
      chip_.memory().memory().fill_random(0, std::min(options.random_hbm_bytes, config.hbm.bytes),
                                          *options.random_memory_seed);
      chip_.l1().fill_random(0, chip_.l1().bytes(), *options.random_memory_seed + 1);
    }
    for (program_text& text : texts_) {
      // A response is on its way from HBM for at least as long as between two clusters, less what a request takes out.
      text.history.set_delays(chip_.exact_window() - config.network.egress_cycles, chip_.exact_window(),
                              std::max(config.cluster.peripheral_cycles, config.cluster.wake_cycles));
      chip_.memory().watch_writes(text.history.begin(), text.history.end(),
                                  [&text](std::uint64_t address, const std::uint8_t* data, std::uint64_t bytes,
                                          cycle_t cycle) { text.history.write(address, data, bytes, cycle); });
    }
    chip_.on_time_begun([this] {
      before_marker_.clear();
      for (unsigned i = 0; i < chip_.clusters(); ++i) before_marker_.push_back(counters(i));
    });
    if (options.activity_apart) count_apart(*options.activity_apart);
    if constexpr (cores_hand_over<Cores>) plan_hand_overs();
    for (std::size_t p = 0; p < programs.size(); ++p)
      if (runs_[p]) load(programs[p]);
    if (programs.size() == 1) return;
    for (unsigned i = 0; i < chip_.clusters(); ++i)
      write_word(config.cluster_peripherals(i) + registers::cluster_peripherals::cluster_control_base +
                     registers::cluster_control::boot_addr_offset,
                 programs.in(config, i).entry());
  }

  const chip_config& config() const override { return chip_.config(); }
  bool read(std::uint64_t addr, void* to, std::size_t bytes) override { return access(addr, to, bytes, false); }
  bool write(std::uint64_t addr, const void* from, std::size_t bytes) override {
    return access(addr, const_cast<void*>(from), bytes, true);
  }
  void on_line(line_sink sink) override { chip_.control().on_line(std::move(sink)); }
  void watch_writes(std::uint64_t begin, std::uint64_t end, std::uint64_t piece_bytes) override {
    watched_pieces_ = (end - begin + piece_bytes - 1) / piece_bytes;
    for (unsigned i = 0; i < chip_.clusters(); ++i) chip_.cluster(i).watch_writes(begin, end, piece_bytes);
  }
  std::vector<cycle_t> written_at() const override {
    std::vector<cycle_t> last(watched_pieces_);
    for (unsigned i = 0; i < chip_.clusters(); ++i) {
      const std::vector<cycle_t>& own = chip_.cluster(i).written_at();
      for (std::size_t k = 0; k < own.size(); ++k) last[k] = std::max(last[k], own[k]);
    }
    return last;
  }
  const std::uint8_t* l1(unsigned cluster) const override { return chip_.l1_of(cluster); }

  run_end run(const run_options& options) override {
    for (unsigned i = 0; i < chip_.clusters(); ++i)
      for (unsigned h = 0; h < chip_.config().cores_of(i); ++h)
        chip_.cluster(i).cores().set_trap_limit(h, options.trap_limit);
    chip_.start();
    const run_end end = chip_.run(options);
    chip_.control().flush();
    for (const auto& trace : traces_) trace->close();
    if (bursts_) bursts_->close();
    if (finish_waveforms_) waveforms_ = finish_waveforms_();
    // Some may have been left behind on the way to another end.
    return end != run_end::interrupted && !lockstep().mismatches.empty() ? run_end::lockstep_mismatch : end;
  }

  cycle_t now() const override { return chip_.now(); }
  cycle_t window() const override { return chip_.window(); }
  cycle_t exact_window() const override { return chip_.exact_window(); }
  std::uint64_t windows() const override { return chip_.windows(); }
  std::optional<cycle_t> marker(unsigned n) const override { return chip_.control().marker(n); }
  cycle_t end_cycle() const override { return chip_.control().ended() ? chip_.control().ended()->cycle : chip_.now(); }
  std::uint32_t exit_status() const override { return chip_.control().ended() ? chip_.control().ended()->status : 0; }
  std::uint64_t progress() const override { return chip_.control().progress(); }
  const std::vector<guest_error>& errors() const override { return chip_.errors(); }

  cluster_activity activity(unsigned i) override {
    cluster_type& c = chip_.cluster(i);
    cluster_activity a;
    for (unsigned h = 0; h < c.cores().size(); ++h) {
      a.retired += c.cores().counters(h).retired;
      a.awake_cycles += c.cores().counters(h).awake_cycles;
    }
    a.master_cycles = c.cores().counters(0).awake_cycles - chip_.master_before_marker(i).awake_cycles;
    a.mvms = c.accelerator().counters().mvms;
    a.cycles = c.times().cycles(end_cycle());
    a.dma_read_bytes = c.mover().counters().bytes_read;
    a.dma_written_bytes = c.mover().counters().bytes_written;
    a.bank_conflicts = c.bank_conflicts();
    a.ima_stalls = c.accelerator().counters().stall_cycles;
    a.ima_active = c.accelerator().counters().active_cycles;
    a.ima_compute = c.accelerator().counters().compute_cycles;
    a.ima_cells = c.accelerator().counters().cells;
    a.dma_stalls = c.mover().counters().stall_cycles;
    a.icache_misses = c.icache().count().misses;
    a.waiting_for = c.control().waiting_for();
    a.activity = c.control().activity();
    a.sleeping = c.sleeping();
    a.waiting_for_bus = c.waiting_for_bus();
    a.waiting_for_line = c.waiting_for_line();
    return a;
  }

  cluster_details details(unsigned i) override {
    cluster_type& c = chip_.cluster(i);
    cluster_details d;
    d.counters = counters(i);
    for (std::size_t k = 0; i < before_marker_.size() && k < d.counters.size(); ++k)
      d.counters[k].before = before_marker_[i][k].value;
    if (i < apart_.size()) {
      d.cycles_apart = apart_[i].cycles;
      for (std::size_t k = 0; k < apart_[i].counts.size(); ++k) d.counters[k].apart = apart_[i].counts[k];
    }
    for (const auto& [in_kernel, cycles] : c.kernels().cycles()) d.kernels_by_stage.emplace_back(in_kernel - 1, cycles);
    return d;
  }

  std::vector<block_counter> counters(unsigned i) {
    cluster_type& c = chip_.cluster(i);
    std::vector<block_counter> all;
    const auto take = [&](const char* block) {
      return [&all, block](const char* name, const char* unit, std::uint64_t value) {
        all.push_back({block, name, unit, value});
      };
    };
    cores_counters cores;
    for (unsigned h = 0; h < c.cores().size(); ++h) {
      cores.retired += c.cores().counters(h).retired;
      cores.awake_cycles += c.cores().counters(h).awake_cycles;
    }
    cores.bank_conflict_cycles = c.bank_conflicts();
    visit_counters(cores, take("cores"));
    if constexpr (counts_activity<Observer>) {
      const instruction_counts instructions = c.cores().instructions();
      for (unsigned k = 0; k < instruction_class_count; ++k)
        take("instructions")(name_of(static_cast<instruction_class>(k)), "instructions", instructions.of[k]);
      visit_counters(c.l1_accesses(), take("l1"));
    }
    visit_counters(c.accelerator().counters(), take("ima"));
    visit_counters(c.mover().counters(), take("dma"));
    visit_counters(c.icache().count(), take("icache"));
    return all;
  }

  std::vector<link_activity> links() const override {
    std::vector<link_activity> all;
    const std::vector<channel_counters>& before = chip_.lanes_before_marker();
    std::size_t number = 0;
    link_activity link;
    chip_.network().for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& c) {
      const channel_counters early = number < before.size() ? before[number++] : channel_counters{};
      link.bytes += c.bytes;
      link.busy_cycles = std::max(link.busy_cycles, c.beats);
      link.bytes_after_boot += c.bytes - early.bytes;
      link.busy_cycles_after_boot = std::max(link.busy_cycles_after_boot, c.beats - early.beats);
      link.lost_arbitration += c.lost_arbitration;
      link.blocked_order += c.blocked_order;
      link.blocked_full += c.blocked_full;
      link.held_cycles += c.held_cycles;
      link.most = std::max(link.most, c.most);
      if (lane != axi_lane::b) return;  // the last lane of a direction
      link.name = name;
      all.push_back(std::move(link));
      link = {};
    });
    return all;
  }

  std::uint64_t writes_entered() const override { return chip_.network().disturbed_writes(); }

  hart_snapshot hart(unsigned i, unsigned core) const override {
    const Cores& group = chip_.cluster(i).cores();
    hart_snapshot s;
    s.pc = group.pc(core);
    for (unsigned r = 0; r < 32; ++r) s.x[r] = group.x(core, r);
    return s;
  }

  lockstep_report lockstep() const override {
    lockstep_report report;
    for (unsigned i = 0; lockstep_ != nullptr && i < chip_.clusters(); ++i)
      lockstep_(i, chip_.cluster(i).cores(), report);
    auto& found = report.mismatches;
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.cycle < b.cycle; });
    if (found.size() > most_mismatches_) found.resize(most_mismatches_);
    for (auto& m : found) m.symbol = programs_.in(chip_.config(), m.cluster).describe(m.pc);
    return report;
  }

  std::vector<recorded_trace> traces() const override {
    std::vector<recorded_trace> all;
    for (const auto& trace : traces_) all.push_back(trace->recorded());
    return all;
  }
  std::vector<recorded_waveform> waveforms() const override { return waveforms_; }

  text_history::unfenced_writes unfenced_text() const override {
    text_history::unfenced_writes all;
    for (std::size_t p = 0; p < programs_.size(); ++p) {
      if (!runs_[p]) continue;
      const auto own = runs_[p]->history.unfenced([&](std::uint32_t address) { return programs_[p].is_data(address); });
      if (own.count != 0 && (all.count == 0 || own.cycle < all.cycle)) all.address = own.address, all.cycle = own.cycle;
      all.count += own.count;
    }
    return all;
  }

  std::vector<hand_over_report> hand_overs() const override {
    if constexpr (!cores_hand_over<Cores>) return {};
    std::vector<hand_over_report> reports = begin_hand_over_reports(config());
    if constexpr (cores_hand_over<Cores>) {
      for (unsigned i = 0; i < chip_.clusters(); ++i) {
        const Cores& cores = chip_.cluster(i).cores();
        for (const relay_change& change : cores.changes()) note_hand_over(reports[change.order], change.cycle);
        for (unsigned h = 0; h < cores.size(); ++h) {
          bool first = true;
          for (const relay_leg& leg : cores.legs_ahead(h)) {
            note_left_alone(reports[leg.order], config().cores.hand_overs[leg.order], first, first && cores.leaves(h));
            first = false;
          }
        }
      }
    }
    return reports;
  }

 private:
  /// What a cluster has counted in one activity of its program.
  struct phase {
    cycle_t since = never, cycles = 0;
    std::vector<std::uint64_t> counts;
  };

  void count_apart(std::uint32_t wanted) {
    apart_.resize(chip_.clusters());
    for (unsigned i = 0; i < chip_.clusters(); ++i)
      chip_.cluster(i).on_activity([this, i, wanted](std::uint32_t activity, cycle_t now) {
        phase& p = apart_[i];
        const bool inside = p.since != never;
        if (inside == (activity == wanted)) return;
        p.cycles = inside ? p.cycles + (now - p.since) : p.cycles;
        p.since = inside ? never : now;
        const std::vector<block_counter> all = counters(i);
        p.counts.resize(all.size());  // from where it begins to where it ends, modulo 2^64
        for (std::size_t k = 0; k < all.size(); ++k) p.counts[k] += inside ? all[k].value : -all[k].value;
      });
  }

  void plan_hand_overs() {
    using moment = chip_config::cores_config::hand_over::moment;
    const auto& all = chip_.config().cores.hand_overs;
    for (unsigned order = 0; order < all.size(); ++order) {
      if (all[order].at == moment::marker)
        chip_.hand_over_at_marker(order, static_cast<unsigned>(all[order].number), all[order].clusters);
      if (all[order].at == moment::cycle)
        for (const unsigned i : all[order].clusters) chip_.cluster(i).plan_hand_over(order, all[order].number);
    }
  }

  /// mhartid of a core: cluster index * 64 + core, whatever the number of cores.
  static constexpr unsigned hart_ids_per_cluster = 64;

  static chip_config with_entry(chip_config c, const elf_file& program) {
    c.cluster.boot_addr = program.entry();
    return c;
  }

  /// The text of the program that a cluster runs, decoded when the first such cluster asks.
  const program_text& text_in(const program_set& programs, const chip_config& config, unsigned cluster) {
    const std::size_t p = programs.index(config, cluster);
    runs_.resize(programs.size());
    if (!runs_[p]) runs_[p] = &texts_.emplace_back(programs[p]);
    return *runs_[p];
  }

  void load(const elf_file& program) {
    for (const elf_segment& s : program.segments())
      if (!write(s.address, s.bytes.data(), s.bytes.size())) throw elf_error(why_not_loaded(program, s, config()));
  }

  bool access(std::uint64_t addr, void* data, std::size_t bytes, bool write) {
    auto* at = static_cast<unsigned char*>(data);
    while (bytes != 0) {
      const std::size_t n = std::min<std::size_t>(bytes, 4096 - addr % 4096);
      tlm::tlm_generic_payload payload;
      payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
      payload.set_address(addr);
      payload.set_data_ptr(at);
      payload.set_data_length(static_cast<unsigned>(n));
      payload.set_streaming_width(static_cast<unsigned>(n));
      if (chip_.debug(payload) != n) return false;
      addr += n;
      at += n;
      bytes -= n;
    }
    return true;
  }

  std::deque<program_text> texts_;
  std::vector<const program_text*> runs_;  // by program; null: no cluster runs it
  const program_set programs_;
  const unsigned most_mismatches_;
  const trace_files traces_;
  std::unique_ptr<burst_trace> bursts_;
  const report_lockstep lockstep_;
  const finish_waveforms finish_waveforms_;
  std::vector<recorded_waveform> waveforms_;
  std::size_t watched_pieces_ = 0;
  std::vector<std::vector<block_counter>> before_marker_;  // by cluster
  std::vector<phase> apart_;                               // by cluster; empty: nothing is counted apart
  mutable chip<cluster_type> chip_;
};

/// The machine for these cores, with or without a trace. What `waveforms` holds outlives the cores.
template <class Cores>
std::unique_ptr<machine> make_chip_machine(const chip_config& config, const program_set& programs,
                                           const machine_options& options,
                                           const typename chip_machine<Cores, null_observer>::make_cores& cores,
                                           void (*lockstep)(unsigned, const Cores&, lockstep_report&) = nullptr,
                                           std::function<std::vector<recorded_waveform>()> waveforms = nullptr) {
  const auto without_traces = [&](auto observer) -> std::unique_ptr<machine> {
    using observed = chip_machine<Cores, decltype(observer)>;
    return std::make_unique<observed>(
        config, programs, options, cores, [observer](unsigned) { return observer; }, typename observed::trace_files(),
        lockstep, std::move(waveforms));
  };
  if (options.traces.empty() && options.count_activity) return without_traces(counting_observer{});
  if (options.traces.empty()) return without_traces(null_observer{});
  typename chip_machine<Cores, trace_observer>::trace_files files;
  // By cluster; observers point there.
  const auto traces = std::make_shared<std::map<unsigned, trace_observer::of_cores>>();
  for (const traced_core& t : options.traces) {
    files.push_back(std::make_unique<instruction_trace>(t, programs.in(config, t.cluster)));
    (*traces)[t.cluster][t.core] = files.back().get();
  }
  return std::make_unique<chip_machine<Cores, trace_observer>>(
      config, programs, options, cores,
      [=](unsigned i) {
        const auto found = traces->find(i);
        return trace_observer{found == traces->end() ? nullptr : &found->second};
      },
      std::move(files), lockstep,
      [traces, waveforms = std::move(waveforms)] {
        return waveforms ? waveforms() : std::vector<recorded_waveform>();
      });
}

}  // namespace ohmic
