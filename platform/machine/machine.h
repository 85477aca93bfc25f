#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "ip/axi/edge_faults.h"
#include "ip/core/text_history.h"
#include "ip/core/types.h"
#include "ip/ima/pcm/pcm_crossbar.h"
#include "ip/ima/pcm/pcm_options.h"
#include "platform/cluster/guest_error.h"
#include "platform/cluster/time_classes.h"
#include "platform/machine/program_set.h"

namespace ohmic {

/// Why a run stopped.
enum class run_end : std::uint8_t {
  exited,
  asserted,
  deadlock,
  guest_error,
  cycle_limit,
  interrupted,
  lockstep_mismatch
};

/// What the caller says about a run.
struct run_options {
  unsigned threads = 1;
  cycle_t window = 0;  ///< 0: the exact window; more: less accurate, never less deterministic
  cycle_t max_cycles = never;
  bool continue_on_guest_error = false;
  std::uint32_t trap_limit = 10'000;         ///< exceptions in a row without progress that end a hart; 0: any number
  std::function<void(cycle_t)> on_progress;  ///< called a few times a second, between windows
  std::function<bool()> interrupted;         ///< polled as often; true ends the run
  /// Called after each window with the clusters that ran in it: for observers of memory.
  std::function<void(const std::vector<unsigned>&)> on_window;
};

/// One core whose instructions are traced.
struct traced_core {
  unsigned cluster = 0, core = 0;
  std::string file;
  cycle_t from = 0, to = never;  ///< first and last cycle
  std::vector<std::string> pcs;  ///< "FUNCTION" or "FIRST-LAST" each; none: all
};

/// How many instructions are in a trace.
struct recorded_trace {
  unsigned cluster = 0, core = 0;
  std::uint64_t lines = 0;
};

/// One core whose waveform is recorded; of a model that is RTL.
struct waved_core {
  unsigned cluster = 0, core = 0;
  std::string file;
  cycle_t from = 0, to = never;  ///< first and last cycle
};

struct machine_options {
  network_options network;
  std::vector<traced_core> traces;
  std::vector<waved_core> waveforms;
  std::string burst_trace;  ///< file for the network's bursts; empty: none
  /// Count the instructions by class and the accesses to L1: with traces it is done in any case, else it costs time.
  bool count_activity = false;
  unsigned lockstep_mismatches = 1;  ///< a run stops when a cluster's cores in lock-step have differed so often
  std::optional<std::uint64_t> random_memory_seed;  ///< fill L1 and the used HBM with random bytes first
  std::uint64_t random_hbm_bytes = 64u << 20;       ///< how much of HBM, from its begin
  std::optional<pcm::pcm_options> analog;           ///< crossbars of phase-change memory; empty: ideal ones
  /// Of those: what does not do what it is told, by cluster.
  std::map<unsigned, std::vector<pcm::device_fault>> stuck_devices{};
  /// A value of cluster_control.ACTIVITY: what a cluster does while it holds it is counted apart, too.
  std::optional<std::uint32_t> activity_apart;
};

/// What one cluster did.
struct cluster_activity {
  std::uint64_t retired = 0, awake_cycles = 0, mvms = 0;
  std::uint64_t master_cycles = 0;                       ///< in which core 0 was awake, from marker 0 on
  std::array<std::uint64_t, time_class_count> cycles{};  ///< by time_class, from marker 0 to the end
  std::uint64_t dma_read_bytes = 0, dma_written_bytes = 0;
  std::uint64_t icache_misses = 0;
  std::uint64_t bank_conflicts = 0;               ///< cycles that its cores waited for an L1 bank
  std::uint64_t ima_stalls = 0, dma_stalls = 0;   ///< cycles that a beat of theirs waited for L1 banks
  std::uint64_t ima_active = 0, ima_compute = 0;  ///< cycles with a job, and with an MVM in the crossbar
  std::uint64_t ima_cells = 0;                    ///< rows x columns driven, summed over MVMs
  std::uint32_t waiting_for = 0, activity = 0;
  std::uint64_t sleeping = 0, waiting_for_bus = 0, waiting_for_line = 0;  ///< masks of cores
};

/// A counter of a block of a cluster.
struct block_counter {
  const char *block, *name, *unit;
  std::uint64_t value = 0;   ///< from reset on
  std::uint64_t before = 0;  ///< of it, up to the end of the window in which time marker 0 was written
  std::uint64_t apart = 0;   ///< of it, in machine_options::activity_apart
};

/// What a report wants to know of a cluster beside its activity.
struct cluster_details {
  std::vector<block_counter> counters;  ///< the same ones, in the same order, of each cluster
  cycle_t cycles_apart = 0;             ///< in machine_options::activity_apart
  std::vector<std::pair<unsigned, std::uint64_t>>
      kernels_by_stage;  ///< cycles that its cores were in a stage's kernels
};

struct link_activity {
  std::string name;
  std::uint64_t bytes = 0, busy_cycles = 0;                        ///< from reset on; busy: its busiest lane
  std::uint64_t bytes_after_boot = 0, busy_cycles_after_boot = 0;  ///< from marker 0 on, if there was one
  /// Cycles in which the first beat of a lane was at its end and could not go on, by reason (channel_counters).
  std::uint64_t lost_arbitration = 0, blocked_order = 0, blocked_full = 0;
  std::uint64_t held_cycles = 0;  ///< sum over its beats of the cycles that each was on it
  unsigned most = 0;              ///< beats on a lane at once
};

/// How much of a waveform there is.
struct recorded_waveform {
  waved_core of;
  std::uint64_t cycles = 0;  ///< 0: no file
};

/// What cores in lock-step have compared.
struct lockstep_report {
  std::vector<std::pair<std::string, std::uint64_t>> compared;  ///< instructions by class; empty: no such core
  struct mismatch {
    unsigned cluster = 0, core = 0;
    cycle_t cycle = 0;
    std::uint32_t pc = 0;
    std::string symbol;  ///< of the pc
    std::string what;    ///< what differs and what each side did; for a cluster's first one what came before, too
  };
  std::vector<mismatch> mismatches;  ///< oldest first, at most as many as asked for
  std::uint64_t retirements() const {
    std::uint64_t sum = 0;
    for (const auto& [name, count] : compared) sum += count;
    return sum;
  }
};

/// What became of one hand-over of the chip's configuration.
struct hand_over_report {
  std::string text;                                          ///< as on the command line: "0-3.all=rtl@marker:1"
  unsigned cores = 0;                                        ///< that it names
  unsigned handed_over = 0;                                  ///< that went on as the other model
  cycle_t first = 0, last = 0;                               ///< between these cycles
  std::vector<std::pair<std::string, unsigned>> left_alone;  ///< why others did not, and how many
};

/// What a hart is doing, for dumps.
struct hart_snapshot {
  std::uint32_t pc = 0;
  std::array<std::uint32_t, 32> x{};
};

/// A chip ready to run, with its kind of cores and observer hidden: what tools use.
///
/// Call order: make_machine(), load (write(), load_elf()), run() once, then read() and the statistics.
/// Only one machine may exist at a time in a process (SystemC's elaboration is global).
class machine {
 public:
  using line_sink = std::function<void(unsigned cluster, unsigned core, cycle_t cycle, const std::string& line)>;

  virtual ~machine() = default;

  virtual const chip_config& config() const = 0;

  /// Debug access to a byte range of the chip's address map, through the network's debug transport.
  /// False if some of it is not mapped.
  virtual bool read(std::uint64_t addr, void* to, std::size_t bytes) = 0;
  virtual bool write(std::uint64_t addr, const void* from, std::size_t bytes) = 0;
  bool read_word(std::uint64_t addr, std::uint32_t& value) { return read(addr, &value, 4); }
  bool write_word(std::uint64_t addr, std::uint32_t value) { return write(addr, &value, 4); }

  virtual void on_line(line_sink sink) = 0;
  /// Afterwards written_at() gives, for each piece of [begin, end), the cycle of the last write response to it
  /// (0: none).
  virtual void watch_writes(std::uint64_t begin, std::uint64_t end, std::uint64_t piece_bytes) = 0;
  virtual std::vector<cycle_t> written_at() const = 0;
  /// Host address of a cluster's L1, for observers between windows.
  virtual const std::uint8_t* l1(unsigned cluster) const = 0;

  virtual run_end run(const run_options& options) = 0;

  virtual cycle_t now() const = 0;
  virtual cycle_t window() const = 0;
  virtual cycle_t exact_window() const = 0;
  virtual std::uint64_t windows() const = 0;
  virtual std::optional<cycle_t> marker(unsigned n) const = 0;
  /// Of EXIT or assert; of a dead-lock the last cycle in which something happened; now() otherwise.
  virtual cycle_t end_cycle() const = 0;
  virtual std::uint32_t exit_status() const = 0;
  virtual std::uint64_t progress() const = 0;
  virtual const std::vector<guest_error>& errors() const = 0;
  virtual cluster_activity activity(unsigned cluster) = 0;
  virtual cluster_details details(unsigned cluster) = 0;
  virtual std::vector<link_activity> links() const = 0;
  virtual hart_snapshot hart(unsigned cluster, unsigned core) const = 0;
  /// Writes that have entered the network; counted only if some are to be disturbed.
  virtual std::uint64_t writes_entered() const = 0;
  virtual lockstep_report lockstep() const = 0;
  virtual std::vector<recorded_trace> traces() const = 0;        ///< in the order of the options
  virtual std::vector<recorded_waveform> waveforms() const = 0;  ///< after run(), which completes their files
  virtual std::vector<hand_over_report> hand_overs() const = 0;
  /// Writes into the programs' texts that no hart made a fence.i behind.
  virtual text_history::unfenced_writes unfenced_text() const = 0;
};

/// Throws config_error, naming a core, if the chip asks for a model of cores that this build does not have.
void require_core_models(const chip_config& config);

/// Builds the chip around the programs' texts. Their files must outlive the machine.
std::unique_ptr<machine> make_machine(const chip_config& config, const program_set& programs,
                                      const machine_options& options = {});

}  // namespace ohmic
