#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "ip/dma/descriptor.h"
#include "ip/event_unit/event_unit.h"
#include "ip/ima/crossbar.h"
#include "ip/ima/input_generator.h"
#include "ip/iss/iss_group.h"
#include "platform/cluster/cluster_parameters.h"
#include "platform/elf/elf_file.h"

namespace ohmic {

/// A chip without time: real firmware on the ISS, event units and registers as they are, and DMA and IMA that do
/// each descriptor and each job at once, but at a moment of chance. What runs next (a core for a while, a descriptor,
/// a job) is drawn from a seed, so that a program must be right whatever is fast or slow. Only clusters that were
/// added exist; memory that nobody wrote holds random bytes.
class untimed_chip {
 public:
  untimed_chip(const std::string& elf, const chip_config& chip, std::uint32_t seed);

  /// Creates the cluster; its cores start at the ELF's entry.
  void add_cluster(unsigned index);
  void write(std::uint64_t address, const void* data, std::size_t bytes);
  /// Changes one instruction, before the first cluster is added.
  void write_text(std::uint32_t address, std::uint32_t instruction);
  void read(std::uint64_t address, void* data, std::size_t bytes);
  void set_argument(unsigned cluster, unsigned n, std::uint32_t value);
  crossbar& weights(unsigned cluster);
  std::uint32_t symbol(const std::string& name) const { return elf_.address_of(name); }

  /// From now on some clusters, and the DMA of some, get a turn far more seldom than others.
  void make_uneven();

  enum class outcome { exited, assertion, dead_lock, limit };
  /// Runs until a core ends the program, nothing can move, or this many scheduling choices were made.
  /// Throws std::runtime_error for an access that a real chip would report as a guest error.
  outcome run(std::uint64_t choices);

  std::uint32_t exit_status() const { return exit_status_.value_or(~0u); }
  const std::string& console() const { return console_; }
  const std::vector<std::uint32_t>& markers() const { return markers_; }
  std::uint32_t progress() const { return progress_; }
  std::uint64_t mvms() const { return mvms_; }
  std::uint64_t retired(unsigned cluster, unsigned core);
  std::uint64_t jobs(unsigned cluster) { return at(cluster).jobs_done; }
  /// What every cluster was doing: for a dead-lock's message.
  std::string activities();

 private:
  struct channel {
    bool busy = false;
    std::uint32_t next = 0, completed = 0;
  };
  struct cluster {
    cluster(unsigned i, const chip_config& chip, const decoded_text& text);
    unsigned index;
    std::vector<std::uint8_t> l1;
    cluster_control control;
    event_unit events;
    iss_group cores;
    std::array<channel, 8> channels{};
    ima_job::register_file job_registers{};
    std::vector<ima_job> jobs;  // oldest first
    std::uint32_t jobs_done = 0;
    input_generator generator;
    crossbar cells;
    std::uint64_t runnable;  // cores that do not sleep
    unsigned slowness = 1;   // gets one of so many turns
    unsigned dma_slowness = 1;
  };

  cluster& at(unsigned index);
  std::uint8_t* memory(cluster* own, std::uint64_t address, std::uint64_t bytes);
  std::uint32_t access(cluster& c, unsigned core, const bus_request&, bool& sleeps);
  std::uint32_t peripheral(cluster& c, int core, std::uint32_t offset, bool write, std::uint32_t value, bool& sleeps);
  std::uint32_t platform(cluster& c, unsigned core, const bus_request&);
  void wake(cluster& c);
  void run_core(cluster& c, unsigned core);
  void run_descriptor(cluster& c, unsigned channel);
  void run_job(cluster& c);
  void notify(cluster& c, std::uint64_t address, std::uint32_t value);

  elf_file elf_;
  chip_config chip_;
  decoded_text text_;
  std::mt19937 random_;
  std::map<unsigned, std::unique_ptr<cluster>> clusters_;
  std::vector<std::uint8_t> hbm_;
  std::map<std::uint32_t, std::string> lines_;  // by hart
  std::string console_;
  std::vector<std::uint32_t> markers_;
  std::uint32_t progress_ = 0;
  std::uint64_t mvms_ = 0;
  std::optional<std::uint32_t> exit_status_;
  bool assertion_ = false;
};

}  // namespace ohmic
