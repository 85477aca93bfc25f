#pragma once

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "platform/elf/elf_file.h"
#include "platform/machine/machine.h"

namespace ohmic {

/// What a test wants to know of a run. Plain data: it crosses a process boundary.
struct run_outcome {
  bool finished = false;  ///< the child got to its end
  run_end end = run_end::interrupted;
  std::uint32_t status = 0;
  cycle_t end_cycle = 0, now = 0, marker_0 = 0, window = 0;
  std::uint64_t memory_hash = 0;    ///< of all L1 above the firmware's own part, and of 64 MiB of HBM behind its text
  std::uint64_t activity_hash = 0;  ///< of everything counted per cluster
  std::uint64_t counters_hash = 0;  ///< of the counters of all blocks and links
  std::uint64_t retired = 0;
  std::uint64_t cycles[64][time_class_count] = {};  ///< of the first clusters
  unsigned errors = 0;
  guest_error first_error;
  char console[32 * 1024] = {};
  char failure[1024] = {};
};

struct run_request {
  std::string program;  ///< in the firmware folder, without .elf
  chip_config chip;
  std::string arguments;
  run_options run;
  machine_options options;
  std::function<void(machine&)> before, after;  ///< in the child; throw to fail
};

inline std::uint64_t fold(std::uint64_t hash, const void* bytes, std::size_t n) {
  const auto* at = static_cast<const std::uint8_t*>(bytes);
  for (; n >= 8; at += 8, n -= 8) {
    std::uint64_t w;
    std::memcpy(&w, at, 8);
    hash = (hash ^ w) * 0x9FB21C651E98DF25u;
    hash ^= hash >> 29;
  }
  for (; n != 0; ++at, --n) hash = (hash ^ *at) * 0x100000001B3u;
  return hash;
}

/// A chip with the given factors below the HBM link.
inline chip_config small_chip(std::vector<unsigned> factors, unsigned cores, std::uint32_t l1_bytes = 1u << 20) {
  chip_config c;
  c.network.factors = {1};
  c.network.factors.insert(c.network.factors.end(), factors.begin(), factors.end());
  c.network.latency.assign(c.network.factors.size(), 4);
  c.network.latency[0] = 100;
  c.network.width.assign(c.network.factors.size(), 64);
  c.cluster.cores = cores;
  c.cluster.l1_bytes = l1_bytes;
  return c;
}

inline void run_here(const run_request& r, run_outcome& o) {
  elf_file program = elf_file::load(std::string(OHMIC_FIRMWARE_FOLDER) + "/" + r.program + ".elf");
  if (program.has_symbol("ohmic_args"))
    program.write(program.address_of("ohmic_args"), r.arguments.c_str(), r.arguments.size() + 1);
  if (program.has_symbol("ohmic_boot_peripherals")) {
    const std::uint32_t lui_tp = static_cast<std::uint32_t>(r.chip.own_peripheral_base()) | 0x237u;
    program.write(program.address_of("ohmic_boot_peripherals"), &lui_tp, 4);
  }
  const auto chip = make_machine(r.chip, program, r.options);
  std::string console;
  chip->on_line([&](unsigned cluster, unsigned core, cycle_t, const std::string& line) {
    console += std::to_string(cluster) + "." + std::to_string(core) + ": " + line + "\n";
  });
  if (r.before) r.before(*chip);
  o.end = chip->run(r.run);
  if (r.after) r.after(*chip);
  o.status = chip->exit_status();
  o.end_cycle = chip->end_cycle();
  o.now = chip->now();
  o.window = chip->window();
  o.marker_0 = chip->marker(0).value_or(0);
  std::uint64_t memory = 1, activity = 1, counters = 1;
  std::vector<std::uint8_t> bytes(1u << 20);
  for (unsigned i = 0; i < r.chip.clusters(); ++i) {
    memory = fold(memory, chip->l1(i) + 0x10000, r.chip.cluster.l1_bytes - 0x10000);
    const cluster_activity a = chip->activity(i);
    o.retired += a.retired;
    for (const std::uint64_t n :
         {a.retired, a.awake_cycles, a.mvms, a.dma_read_bytes, a.dma_written_bytes, a.icache_misses,
          std::uint64_t{a.waiting_for}, std::uint64_t{a.activity}, a.sleeping, a.waiting_for_bus, a.waiting_for_line})
      activity = fold(activity, &n, 8);
    activity = fold(activity, a.cycles.data(), sizeof a.cycles);
    for (const block_counter& c : chip->details(i).counters)
      for (const std::uint64_t n : {c.value, c.before, c.apart}) counters = fold(counters, &n, 8);
    if (i < 64) std::memcpy(o.cycles[i], a.cycles.data(), sizeof a.cycles);
  }
  for (const link_activity& l : chip->links())
    for (const std::uint64_t n :
         {l.bytes, l.busy_cycles, l.bytes_after_boot, l.busy_cycles_after_boot, l.lost_arbitration, l.blocked_order,
          l.blocked_full, l.held_cycles, std::uint64_t{l.most}})
      counters = fold(counters, &n, 8);
  for (unsigned m = 0; m < 64; ++m) {
    if (!chip->read(chip_config::hbm_base + (16u << 20) + m * bytes.size(), bytes.data(), bytes.size()))
      throw std::runtime_error("HBM");
    memory = fold(memory, bytes.data(), bytes.size());
  }
  o.memory_hash = memory;
  o.activity_hash = activity;
  o.counters_hash = counters;
  o.errors = static_cast<unsigned>(chip->errors().size());
  if (o.errors) {
    o.first_error = chip->errors().front();
    o.first_error.what = "";
  }
  std::strncpy(o.console, console.c_str(), sizeof o.console - 1);
  o.finished = true;
}

/// Runs in a process of its own, because SystemC builds one chip per process.
inline run_outcome run_in_child(const run_request& r) {
  void* const shared = mmap(nullptr, sizeof(run_outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::runtime_error("mmap");
  auto* const o = new (shared) run_outcome;
  const pid_t child = fork();
  if (child == 0) {
    try {
      run_here(r, *o);
    } catch (const std::exception& e) {
      std::strncpy(o->failure, e.what(), sizeof o->failure - 1);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    std::strncpy(o->failure, "the child crashed", sizeof o->failure - 1);
  const run_outcome result = *o;
  munmap(shared, sizeof(run_outcome));
  return result;
}

}  // namespace ohmic
