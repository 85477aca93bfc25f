#include "platform/run/program_run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/attempt.h"
#include "host/console.h"
#include "host/whole_file.h"
#include "platform/energy/energy_report.h"
#include "platform/run/activity_json.h"
#include "platform/run/crossbar_files.h"
#include "platform/run/hand_overs_json.h"
#include "platform/run/progress.h"
#include "platform/run/stop_signals.h"
#include "platform/run/trace_choice.h"
#include "platform/run/waveform_choice.h"
#include "registers/cluster_peripherals.h"
#include "registers/event_unit.h"
#include "sw/deployment/deployment.h"

namespace ohmic {
namespace {

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

std::vector<named_file> output_files(const machine_options& options) {
  std::vector<named_file> files;
  for (const traced_core& t : options.traces) files.push_back({"--trace", t.file});
  for (const waved_core& w : options.waveforms) files.push_back({"--wave", w.file});
  if (!options.burst_trace.empty()) files.push_back({"--trace-bursts", options.burst_trace});
  return files;
}

bool stop_requested() { return stop_signal() != 0 || console_is_lost(); }

void attempt_to_build(const chip_config& chip) {
  attempt(fmt::format("to build a chip of {} clusters with {} bytes of L1 each and {} cores", chip.clusters(),
                      chip.cluster.l1_bytes, chip.all_cores()));
}

void after_run(run_end end) {
  obey_stop_signals();
  if (end == run_end::interrupted && stop_signal() == 0) finish_console();
}

namespace {

// Where the stacks end and how much each core but core 0 has, of L1 that is less than programs are linked for: core 0
// has 4 KiB, the others share what the program's data leave. Instructions: crt0.S says which may be replaced.
void patch_stacks(elf_file& program, const chip_config& chip) {
  const unsigned cores = chip.most_cores();
  const std::uint32_t bytes = chip.cluster.program_l1_bytes;
  if (bytes == OHMIC_L1_RESERVED_BYTES || !program.has_symbol("ohmic_boot_stacks")) return;
  constexpr std::uint32_t first_stack = 4096, guarded = 256, shortest = 272;
  const char* const asked = "ohmic_least_stack";  // a program that knows what its cores but core 0 need says so
  const std::uint32_t least_slice =
      program.has_symbol(asked) ? std::max(shortest, (program.address_of(asked) + 239) / 256 * 256 + 16) : shortest;
  const std::uint32_t others = cores - 1;
  const std::uint64_t data = program.address_of("__bss_end") - chip_config::own_l1_base;
  const std::uint64_t needed = data + first_stack + guarded + std::uint64_t{others} * least_slice;
  if (needed > bytes)
    throw elf_error(fmt::format(
        "{}: cluster.program_l1_bytes: {} bytes of L1 are too few for its data ({} bytes) and the stacks of {} cores: "
        "{} are needed",
        program.name(), bytes, data, cores, (needed + 4095) / 4096 * 4096));
  const auto share = static_cast<std::uint32_t>(bytes - data - first_stack - guarded) / std::max(1u, others);
  const std::uint32_t most = cores <= 16 ? 2064 : cores <= 32 ? 1296 : 784;
  // 16 bytes more than a multiple of 256, so that stacks start in different banks; what an immediate holds.
  const std::uint32_t slice = std::min({most, (share - 16) / 256 * 256 + 16, 2047u / 256 * 256 + 16});
  constexpr std::uint32_t lui_sp = 0x137, addi_sp = 0x10113, addi_t2 = 0x393, addi_t3 = 0xe13, most_cores = 64;
  const std::uint32_t stacks[] = {static_cast<std::uint32_t>(chip_config::own_l1_base + bytes) | lui_sp, addi_sp};
  const std::uint32_t slices[] = {slice << 20 | addi_t2, most_cores << 20 | addi_t3};
  program.write(program.address_of("ohmic_boot_stacks"), stacks, sizeof stacks);
  program.write(program.address_of("ohmic_boot_slices"), slices, sizeof slices);
}

}  // namespace

void patch_program(elf_file& program, const chip_config& chip, const std::vector<std::string>& arguments) {
  constexpr std::size_t argument_bytes = 256;
  if (program.has_symbol("ohmic_args")) {
    std::string words;
    for (const std::string& a : arguments) words += (words.empty() ? "" : " ") + a;
    if (words.size() >= argument_bytes)
      throw elf_error(
          fmt::format("program arguments have {} characters; {} are allowed", words.size(), argument_bytes - 1));
    words.resize(argument_bytes);
    program.write(program.address_of("ohmic_args"), words.data(), words.size());
  } else if (!arguments.empty()) {
    throw elf_error("the program takes no arguments (it has no symbol ohmic_args)");
  }
  if (program.has_symbol("ohmic_boot_peripherals")) {
    constexpr std::uint32_t lui_tp = 0x237;
    const std::uint32_t instruction = static_cast<std::uint32_t>(chip.own_peripheral_base()) | lui_tp;
    program.write(program.address_of("ohmic_boot_peripherals"), &instruction, sizeof instruction);
  }
  patch_stacks(program, chip);
}

namespace {
/// Source: RISC-V privileged architecture, mcause.
const char* trap_name(std::uint64_t cause) {
  switch (cause) {
    case 2:
      return "illegal instruction";
    case 3:
      return "ebreak";
    case 11:
      return "ecall";
    default:
      return "exception";
  }
}
}  // namespace

std::string describe(const guest_error& e, const elf_file& program) {
  std::string text = fmt::format("cycle {} cluster {}", e.cycle, e.cluster), what = e.what;
  switch (e.from) {
    case guest_error::source::dma:
      text += fmt::format(" DMA channel {}", e.core);
      if (what.rfind("DMA: ", 0) == 0) what.erase(0, 5);
      break;
    case guest_error::source::ima:
      text += " IMA";
      break;
    default:
      text += fmt::format(" core {} pc {:#010x} <{}>", e.core, e.pc, program.describe(e.pc));
  }
  if (e.from == guest_error::source::core_stack)
    return text + fmt::format(": {}: sp {:#x} is {} bytes below the stack's end {:#x}", what, e.addr, e.limit - e.addr,
                              e.limit);
  const bool negative = e.addr >> 63 != 0;  // an offset in front of what it is relative to
  switch (e.act) {
    case guest_act::none:
      return text + ": " + what;
    case guest_act::read:
      return text + fmt::format(": read of address {:#x}: {}", e.addr, what);
    case guest_act::write:
      return text + fmt::format(": write of address {:#x}: {}", e.addr, what);
    case guest_act::fetch:
      return text + fmt::format(": fetch from address {:#x}: {}", e.addr, what);
    case guest_act::trap:
      return text + fmt::format(": trap with cause {} ({}): {}", e.addr, trap_name(e.addr), what);
    case guest_act::value:
      return text + fmt::format(": {} (value {}{:#x})", what, negative ? "-" : "", negative ? -e.addr : e.addr);
  }
  return text;
}

void print_errors(const machine& chip, const program_set& programs) {
  std::size_t shown = 0;
  for (const guest_error& e : chip.errors()) {
    if (e.from == guest_error::source::lockstep) continue;  // not the program's, and told at length elsewhere
    if (++shown > 16) {
      std::fprintf(stderr, "ohmic: and %zu more errors\n", chip.errors().size() - 16);
      break;
    }
    std::fprintf(stderr, "ohmic: guest error: %s\n", describe(e, programs.in(chip.config(), e.cluster)).c_str());
  }
}

void print_unfenced_text(const machine& chip, const program_set& programs) {
  const text_history::unfenced_writes writes = chip.unfenced_text();
  if (writes.count == 0) return;
  std::string symbol;
  for (std::size_t p = 0; p < programs.size() && symbol.empty(); ++p) {
    const elf_segment text = programs[p].text();
    if (writes.address - text.address < text.bytes.size()) symbol = programs[p].describe(writes.address);
  }
  std::fprintf(
      stderr,
      "ohmic: warning: %zu write%s to the program's text without a fence.i behind %s: no core executes what was "
      "written, first in cycle %llu at %#x <%s>\n",
      writes.count, writes.count == 1 ? "" : "s", writes.count == 1 ? "it" : "them",
      static_cast<unsigned long long>(writes.cycle), writes.address, symbol.c_str());
}

void print_state(machine& chip, const program_set& programs, bool all, const cluster_label& label) {
  constexpr unsigned most_shown = 32;
  constexpr const char* end_of_runtime = "ohmic_sleep_forever";  // where our runtime's cores end
  unsigned shown = 0;
  for (unsigned i = 0; i < chip.config().clusters(); ++i) {
    const cluster_activity a = chip.activity(i);
    const std::uint64_t core_0_events =
        chip.config().cluster_peripherals(i) + registers::cluster_peripherals::event_unit_base;
    std::uint32_t mask = 0, pending = 0;
    chip.read_word(core_0_events + registers::event_unit::core_mask_offset, mask);
    chip.read_word(core_0_events + registers::event_unit::core_pending_offset, pending);
    const elf_file& program = programs.in(chip.config(), i);
    const bool asleep_for_good = (a.sleeping & 1) != 0 && mask == 0;
    const bool finished = asleep_for_good && program.describe(chip.hart(i, 0).pc).rfind(end_of_runtime, 0) == 0;
    if (!all && finished) continue;
    if (++shown > most_shown && !all) {
      std::fprintf(stderr, "  (more clusters wait; --dump shows all)\n");
      return;
    }
    std::string line = fmt::format("cluster {}", i);
    if (label) line += " (" + label(i, a.activity) + ")";
    if ((a.sleeping & 1) == 0) {
      line += ": core 0 is awake";
    } else if (finished) {
      line += ": core 0 has finished";
    } else if (asleep_for_good) {
      line += ": core 0 waits with no event line in its mask";
    } else {
      static const char* const reasons[] = {"", " (a credit or barrier)", " (data in transfer)"};
      line += fmt::format(": core 0 waits for event lines {:#x}{}, pending {:#x}", mask, reasons[a.waiting_for % 3],
                          pending);
    }
    std::fprintf(stderr, "%s; asleep %#llx, on the bus %#llx, on a line %#llx\n", line.c_str(),
                 static_cast<unsigned long long>(a.sleeping), static_cast<unsigned long long>(a.waiting_for_bus),
                 static_cast<unsigned long long>(a.waiting_for_line));
    for (unsigned h = 0; h < (all ? chip.config().cores_of(i) : 1); ++h) {
      const hart_snapshot s = chip.hart(i, h);
      std::fprintf(stderr, "  core %u pc %08x <%s> ra %08x <%s> sp %08x\n", h, s.pc, program.describe(s.pc).c_str(),
                   s.x[1], program.describe(s.x[1]).c_str(), s.x[2]);
    }
  }
  if (shown == 0) std::fprintf(stderr, "every core 0 has finished, and none has ended the run\n");
}

void print_lockstep(const lockstep_report& report) {
  if (report.retirements() == 0) return;
  std::string classes;
  for (const auto& [name, count] : report.compared)
    if (count != 0) classes += fmt::format("{}{} {}", classes.empty() ? "" : ", ", count, name);
  std::fprintf(stderr, "lock-step: %llu retirements compared (%s)\n",
               static_cast<unsigned long long>(report.retirements()), classes.c_str());
}

void print_hand_overs(const std::vector<hand_over_report>& reports, bool misses_only) {
  for (const hand_over_report& r : reports) {
    if (misses_only && r.left_alone.empty()) continue;
    std::string line =
        fmt::format("hand-over {}: {} of {} core{}", r.text, r.handed_over, r.cores, r.cores == 1 ? "" : "s");
    if (r.handed_over != 0)
      line +=
          r.first == r.last ? fmt::format(", cycle {}", r.first) : fmt::format(", cycles {} to {}", r.first, r.last);
    for (const auto& [why, count] : r.left_alone) line += fmt::format("; {} not: {}", count, why);
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

exit_code run_program(const program_request& request) {
  if (!request.json.empty()) check_file_can_be_written(request.json);
  std::optional<energy_coefficients> coefficients;
  if (!request.energy.empty()) coefficients = load_coefficients(request.energy);
  attempt("to load " + request.program);
  const firmware loaded(request.program, request.firmware_of, request.chip, request.arguments);
  const program_set& programs = loaded.programs();
  progress meter("running " + request.program, request.quiet);
  attempt_to_build(request.chip);
  const crossbar_files crossbars(request.crossbars, request.chip);
  machine_options options = request.machine;
  options.count_activity = coefficients.has_value();
  auto chip = make_machine(request.chip, programs, options);
  crossbars.load(*chip);
  chip->on_line([&](unsigned cluster, unsigned core, cycle_t, const std::string& line) {
    meter.clear();
    print(fmt::format("[{}.{}] {}\n", cluster, core, line));
  });
  const double startup = meter.seconds();
  run_options run = request.run;
  attempt("to simulate " + request.program);
  run.interrupted = stop_requested;
  note_stop_signals();
  run.on_progress = [&](cycle_t now) { meter.update(0, 0, fmt::format("cycle {}", now)); };
  const run_end end = chip->run(run);
  after_run(end);
  const double wall = meter.seconds();
  meter.clear();
  flush_console();

  std::uint64_t retired = 0, awake = 0, mvms = 0, bank_conflicts = 0, ima_stalls = 0, dma_stalls = 0;
  for (unsigned i = 0; i < request.chip.clusters(); ++i) {
    const cluster_activity a = chip->activity(i);
    retired += a.retired;
    awake += a.awake_cycles;
    mvms += a.mvms;
    bank_conflicts += a.bank_conflicts;
    ima_stalls += a.ima_stalls;
    dma_stalls += a.dma_stalls;
  }
  const exit_code code = exit_code_of(end, chip->exit_status(), stop_signal());
  print_errors(*chip, programs);
  print_unfenced_text(*chip, programs);
  if (const std::string why = describe_end(end, *chip); !why.empty()) std::fprintf(stderr, "ohmic: %s\n", why.c_str());
  if (end == run_end::deadlock || (request.dump && code != exit_code::right))
    print_state(*chip, programs, request.dump);
  print_empty_traces(*chip);
  print_waveforms(*chip, request.quiet);
  const lockstep_report lockstep = chip->lockstep();
  if (!request.quiet) print_lockstep(lockstep);
  const std::vector<hand_over_report> hand_overs = chip->hand_overs();
  print_hand_overs(hand_overs, request.quiet);
  const double simulating = wall - startup;
  if (!request.quiet)
    std::fprintf(
        stderr,
        "%llu cycles, %llu instructions in %s (start-up %s): %.1f MIPS, %.2f Mcycle/s, window %llu, %u threads\n",
        static_cast<unsigned long long>(chip->end_cycle()), static_cast<unsigned long long>(retired),
        readable_seconds(simulating).c_str(), readable_seconds(startup).c_str(),
        static_cast<double>(retired) / 1e6 / simulating, static_cast<double>(chip->end_cycle()) / 1e6 / simulating,
        static_cast<unsigned long long>(chip->window()), run.threads);
  if (!request.json.empty() || coefficients) {
    nlohmann::ordered_json figures;
    add_invocation(figures, request.how, request.chip);
    figures["end"] = name_of(end);
    figures["exit_code"] = static_cast<int>(code);
    figures["exit_status"] = chip->exit_status();
    figures["cycles"] = chip->end_cycle();
    figures["retired_instructions"] = retired;
    figures["awake_core_cycles"] = awake;
    figures["mvm_count"] = mvms;
    figures["bank_conflict_cycles"] = bank_conflicts;
    figures["ima_stall_cycles"] = ima_stalls;
    figures["dma_stall_cycles"] = dma_stalls;
    figures["wall_s"] = wall;
    figures["startup_s"] = startup;
    figures["mips"] = static_cast<double>(retired) / 1e6 / simulating;
    figures["cycles_per_s"] = static_cast<double>(chip->end_cycle()) / simulating;
    figures["peak_rss_mb"] = peak_rss_mb();
    figures["window"] = chip->window();
    figures["windows"] = chip->windows();
    figures["threads"] = run.threads;
    figures["unfenced_text_writes"] = chip->unfenced_text().count;
    figures["lockstep_retirements"] = lockstep.retirements();
    figures["hand_overs"] = hand_overs_json(hand_overs);
    std::vector<cluster_details> details;
    for (unsigned i = 0; i < request.chip.clusters(); ++i) details.push_back(chip->details(i));
    figures["counters"] = counters_json(details);
    figures["links"] = links_json(chip->links(), chip->end_cycle(), chip->end_cycle());
    std::string text = figures.dump(2) + "\n";
    if (coefficients) {
      const energy_report report = evaluate_energy(read_activity(text, "this run"), *coefficients);
      text = with_energy(text, report, *coefficients);
      if (!request.quiet) std::fprintf(stderr, "%s", energy_rows(report, *coefficients).c_str());
    }
    if (!request.json.empty()) write_whole_file(request.json, text);
  }
  return code;
}

}  // namespace ohmic
