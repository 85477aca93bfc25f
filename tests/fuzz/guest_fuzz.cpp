// Firmware that misbehaves: cores of two clusters write anything into every device, start DMA chains and IMA jobs of
// any shape, legal or not, idle or busy. Whatever they do, it ends as documented: every mistake is reported, nothing
// that is under way is forgotten, nothing is woken for ever, and the result does not depend on threads or windows.
#include <algorithm>
#include <cstring>
#include <tuple>

#include "registers/cluster_peripherals.h"
#include "registers/dma.h"
#include "registers/ima.h"
#include "tests/fuzz/campaign.h"
#include "tests/platform/cluster/cluster_bench.h"

namespace ohmic::fuzz {
namespace {

constexpr unsigned clusters = 2, cores = 2;
constexpr std::uint32_t l1_bytes = 64u << 10;
constexpr cycle_t limit = 60'000;
constexpr std::size_t step_bytes = 12;

chip_config small_chip() {
  chip_config c;
  c.network.factors = {1, 1, 1, 1, clusters};
  c.cluster.cores = cores;
  c.cluster.l1_bytes = l1_bytes;
  c.ima.rows = c.ima.columns = 64;
  return c;
}

/// A number at an edge, or any.
std::uint32_t edge(std::uint32_t pick, std::uint32_t any) {
  static constexpr std::uint32_t edges[] = {0,
                                            1,
                                            2,
                                            3,
                                            4,
                                            63,
                                            64,
                                            65,
                                            255,
                                            256,
                                            4095,
                                            4096,
                                            l1_bytes,
                                            l1_bytes - 1,
                                            l1_bytes - 4,
                                            l1_bytes - 64,
                                            l1_bytes + 64,
                                            0x10000000,
                                            0x40000000,
                                            0x40020000,
                                            0x80000000,
                                            0xffffffff,
                                            0x7fffffff,
                                            0xfffffffc};
  return pick % 3 == 0 ? any : pick % 3 == 1 ? edges[any % std::size(edges)] : any & 0xff;
}

/// Reads a step of an input: bytes that mean something whatever they are.
class step {
 public:
  explicit step(const char* at) { std::memcpy(bytes_, at, step_bytes); }
  std::uint8_t operator[](unsigned i) const { return bytes_[i]; }
  std::uint32_t word(unsigned i) const {
    std::uint32_t w;
    std::memcpy(&w, bytes_ + i, 4);
    return w;
  }

 private:
  std::uint8_t bytes_[step_bytes];
};

/// Instructions of one hart.
class code {
 public:
  void emit(std::uint32_t instruction) { words_.push_back(instruction); }
  void li(unsigned rd, std::uint32_t value) {
    const std::uint32_t low = value & 0xfff, high = value + 0x800;
    emit((high & 0xfffff000) | rd << 7 | 0x37);
    emit(low << 20 | rd << 15 | rd << 7 | 0x13);
  }
  void store(std::uint32_t address, std::uint32_t value, unsigned size = 2) {
    li(10, address);
    li(11, value);
    emit(0x00b50023 | size << 12);
  }
  void load(std::uint32_t address, unsigned kind = 2) {
    li(10, address);
    emit(0x00050603 | kind << 12);
  }
  void wait(unsigned cycles) {
    emit((cycles & 0x7ff) << 20 | 7 << 7 | 0x13);  // li t2
    emit(0xfff38393);                              // addi t2, t2, -1
    emit(0xfe701ee3);                              // bne x0, t2, -4
  }
  /// Sleeps until a line of the mask is pending; for ever if none ever is.
  void sleep(std::uint32_t events, std::uint32_t mask) {
    store(events + 0x800, mask);
    li(10, events + 0x810);
    emit(0x0005360b);  // cv.elw a2, 0(a0)
  }
  const std::vector<std::uint32_t>& words() const { return words_; }

 private:
  std::vector<std::uint32_t> words_;
};

struct places {
  std::uint32_t own = 0x10000000, peripherals, other;
};

/// A descriptor that is right but for what the step makes wrong, and its start.
void dma_step(code& c, const step& s, const places& p) {
  const unsigned slot = s[1] % 16, dims = s[2] % 5, channel = s[3] % 9;
  const std::uint32_t at = 0x8000 + slot * 64, own = p.own + 0x100 + s.word(4) % 0x6000;
  const std::uint32_t elsewhere = s[8] % 4 == 0   ? 0x80020000 + s.word(4) % 0x10000
                                  : s[8] % 4 == 1 ? p.other + s.word(5) % 0x7000
                                  : s[8] % 4 == 2 ? p.own + 0x4000 + s[9] * 16
                                                  : edge(s[9], s.word(4));
  const bool out = s[10] & 1;
  std::uint32_t words[16] = {};
  words[0] = (s[10] >> 1 & 0x1c) | dims;
  words[1] = s[11] % 4 == 0 ? 0x8000 + s[9] % 16 * 64 : s[11] % 16 == 1 ? edge(s[9], s.word(4)) : ~0u;
  words[2] = s[11] % 8 == 2 ? edge(s[7], s.word(4)) : 1 + s[7] * 5;
  words[3] = out ? own : elsewhere;
  words[4] = out ? elsewhere : own;
  words[6] = (1 + s[5] % 6) | (1 + s[6] % 3) << 16;
  words[7] = words[8] = s[11] % 16 == 3 ? edge(s[5], s.word(4)) : s[4] * 4;
  words[9] = words[10] = s[6] * 8;
  words[11] = s[11] % 2 ? p.own + 0x200 : elsewhere & ~3u;
  words[12] = s.word(7);
  words[13] = s[9] % 2 ? p.peripherals + registers::cluster_peripherals::event_unit_base + 0xb00 : p.other + 0x300;
  words[14] = 1;
  if (s[11] % 16 == 4) words[s[4] % 16] = s.word(5);
  for (unsigned i = 0; i < 16; ++i) c.store(p.own + at + 4 * i, words[i]);
  c.store(p.peripherals + registers::cluster_peripherals::dma_base + channel * 0x10,
          s[11] % 32 == 5 ? edge(s[5], s.word(4)) : at);
}

/// A job that is right but for what the step makes wrong, and its push.
void ima_step(code& c, const step& s, const places& p) {
  namespace reg = registers::ima;
  const std::uint32_t base = p.peripherals + registers::cluster_peripherals::ima_base;
  const auto put = [&](std::uint32_t offset, std::uint32_t value) { c.store(base + offset, value); };
  for (unsigned i = 0; i < 4; ++i) {
    put(0x10 * i, i < 2 ? 1 + s[1 + i] % 6 : 1);
    put(0x10 * i + 4, s[3] >> i & 1 ? 1u << i : s[4]);
    put(0x10 * i + 8, s[5] >> i & 1 ? 0x00010001 : 0);
  }
  for (unsigned i = 0; i < 2; ++i) {
    put(0x40 + 0x10 * i, 1 + s[6 + i] % 5);
    put(0x44 + 0x10 * i, s[8] * (i + 1));
    put(0x48 + 0x10 * i, 1u << 16 * i);
  }
  put(reg::ring_base_offset, 0x1000);
  put(reg::ring_bytes_offset, s[9] % 3 == 0 ? 0 : 0x400);
  put(reg::start_offset, s[9]);
  put(reg::origin_offset, s[10] % 2 ? 0xffffffff : 0);
  put(reg::x_range_offset, 4u << 16);
  put(reg::y_range_offset, 4u << 16);
  put(reg::row_start_offset, s[10] % 8);
  put(reg::adc_m_offset, 1 + s[4]);
  put(reg::adc_s_offset, 1 + s[5] % 40);
  put(reg::groups_offset, 1 + s[11] % 2);
  for (unsigned g = 0; g < 2; ++g) {
    put(0x90 + 0x10 * g, 16 * g | (1 + s[10] % 16) << 16);
    put(0x94 + 0x10 * g, 0x3000 + g * 0x800 + s[1]);
    put(0x98 + 0x10 * g, 16);
    put(0x9c + 0x10 * g, 64);
  }
  if (s[11] % 4 == 0) put(s.word(5) % 0x110 & ~3u, edge(s[2], s.word(3)));
  put(reg::push_offset, 1);
}

void add_step(code& c, const step& s, const places& p) {
  namespace map = registers::cluster_peripherals;
  static constexpr std::uint32_t blocks[] = {map::cluster_control_base, map::event_unit_base, map::dma_base,
                                             map::ima_base};
  const std::uint32_t base = s[1] & 1 ? p.peripherals : s[1] & 2 ? p.other + l1_bytes : p.own + l1_bytes;
  const std::uint32_t reg = base + blocks[s[2] % 4] + (s.word(3) & (s[2] & 0x10 ? 0xffc : s[2] & 0x20 ? 0xfff : 0x1fc));
  switch (s[0] / cores / clusters % 12) {
    case 0:
    case 1:
      c.store(reg, edge(s[7], s.word(8)), s[7] >> 4 == 0 ? s[8] % 3 : 2);
      break;
    case 2:
      c.load(reg, s[7] >> 4 == 0 ? s[8] % 6 % 5 : 2);
      break;
    case 3:
    case 4:
    case 5:
      dma_step(c, s, p);
      break;
    case 6:
    case 7:
      ima_step(c, s, p);
      break;
    case 8:
      c.wait(1 + (s.word(1) & 0x7ff));
      break;
    case 9:
      c.store(edge(s[7], s.word(8)), s.word(3), s[2] % 3);
      break;
    case 10:
      c.load(edge(s[7], s.word(8)), s[2] % 3);
      break;
    default:
      c.sleep(p.peripherals + map::event_unit_base, s[2] & 1 ? 0xfff00000 : s.word(3));
  }
}

std::string elf_of(const std::vector<std::uint32_t>& text) {
  const std::uint32_t bytes = static_cast<std::uint32_t>(text.size() * 4);
  const std::uint32_t head[] = {0x464c457f, 0x00010101, 0,          0,          0x00f30002, 1,     0x80000000, 52,
                                0,          0,          0x00200034, 0x00280001,
                                0,  // no sections
                                1,          84,         0x80000000, 0x80000000, bytes,      bytes, 5,          4};
  static_assert(sizeof head == 84);
  std::string file(reinterpret_cast<const char*>(head), sizeof head);
  file.append(reinterpret_cast<const char*>(text.data()), bytes);
  return file;
}

elf_file program_of(const std::string& input) {
  std::vector<code> parts(clusters * cores);
  for (std::size_t at = 0; at + step_bytes <= input.size(); at += step_bytes) {
    const step s(input.data() + at);
    const unsigned hart = s[0] % (clusters * cores), cluster = hart / cores;
    places p;
    const chip_config chip = small_chip();
    p.peripherals = static_cast<std::uint32_t>(chip.own_peripheral_base());
    p.other = static_cast<std::uint32_t>(chip.cluster_l1((cluster + 1) % clusters));
    add_step(parts[hart], s, p);
  }
  std::vector<std::uint32_t> text;
  text.push_back(0xf14022f3);  // csrr t0, mhartid
  std::size_t jump = 1 + 3 * parts.size();
  for (unsigned hart = 0; hart < parts.size(); ++hart) {
    parts[hart].sleep(static_cast<std::uint32_t>(small_chip().own_peripheral_base()) +
                          registers::cluster_peripherals::event_unit_base,
                      0);
    parts[hart].emit(0);  // woken all the same: it leaves the text, which halts it
    text.push_back((hart / cores * 64 + hart % cores) << 20 | 6 << 7 | 0x13);  // li t1, mhartid
    text.push_back(0x00629463);                                                // bne t0, t1, +8
    const std::uint32_t distance = static_cast<std::uint32_t>((jump - text.size()) * 4);
    text.push_back((distance & 0x7fe) << 20 | (distance >> 11 & 1) << 20 | (distance & 0xff000) | 0x6f);
    jump += parts[hart].words().size();
  }
  for (const code& c : parts) text.insert(text.end(), c.words().begin(), c.words().end());
  const std::string file = elf_of(text);
  return elf_file::parse({file.begin(), file.end()}, "program");
}

/// What is left of a run, to compare.
struct end_state {
  std::uint64_t hash = 0xcbf29ce484222325u;
  bool reached = false;
  std::string wrong;
  void add(const void* bytes, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) hash = (hash ^ static_cast<const std::uint8_t*>(bytes)[i]) * 0x100000001b3u;
  }
  void add(std::uint64_t n) { add(&n, sizeof n); }
};

end_state run_once(const elf_file& program, unsigned threads, cycle_t window) {
  end_state e;
  cluster_bench<> bench(program, program.entry(), small_chip(), threads);
  constexpr std::uint32_t behind = 0xC0DEC0DE;
  for (unsigned i = 0; i < clusters; ++i) bench.set_word(l1_bytes, behind, i);
  bench.start();
  bench.run(limit, window);
  const bool over = bench.next() == never;
  for (unsigned i = 0; i < clusters; ++i) {
    auto& c = bench[i];
    e.reached |=
        c.mover().counters().bytes_read + c.mover().counters().bytes_written + c.accelerator().counters().mvms != 0;
    if (bench.word(l1_bytes, i) != behind) e.wrong = "a device wrote behind the end of L1";
    const bool under_way = c.transfers_pending() || !c.mover().idle() || !c.accelerator().idle();
    if (over && under_way) e.wrong = "something is under way, and nothing will ever happen";
    const std::uint64_t asleep = c.sleeping();
    std::uint64_t resting = asleep;
    for (const guest_error& g : bench.errors())
      if (g.cluster == i && (g.from == guest_error::source::core_fetch || g.from == guest_error::source::core_stack))
        resting |= std::uint64_t{1} << g.core;
    resting |= ~c.control().enabled();
    if (!over && !under_way && (~resting & ((1u << cores) - 1)) == 0 && c.next_event() < limit)
      e.wrong = "nothing is under way, and a cluster is woken for ever";
    e.add(bench.l1(i), l1_bytes);
    e.add(asleep);
    e.add(c.mover().counters().bursts_read);
    e.add(c.mover().counters().bytes_written);
    e.add(c.accelerator().counters().mvms);
    for (unsigned h = 0; h < cores; ++h) e.add(c.cores().pc(h));
  }
  // A chip sorts the errors of a window, too.
  std::vector<guest_error> errors = bench.errors();
  const auto order = [](const guest_error& g) { return std::make_tuple(g.cycle, g.cluster, g.from, g.core, g.addr); };
  std::sort(errors.begin(), errors.end(),
            [&](const guest_error& a, const guest_error& b) { return order(a) < order(b); });
  for (const guest_error& g : errors) {
    if (g.what == nullptr || g.what[0] == 0) e.wrong = "an error without a reason";
    if (g.cluster >= clusters || g.core >= 64 || g.cycle > limit) e.wrong = "an error from nowhere";
    e.add(g.cycle);
    e.add(g.addr);
    e.add(static_cast<std::uint64_t>(g.from));
  }
  // What a device says of itself was reported.
  const auto reported = [&](unsigned i, guest_error::source from) {
    return std::any_of(bench.errors().begin(), bench.errors().end(),
                       [&](const guest_error& g) { return g.cluster == i && g.from == from; });
  };
  for (unsigned i = 0; i < clusters; ++i) {
    const auto word = [&](std::uint32_t offset) {
      std::uint32_t value = 0;
      bench[i].debug_access(l1_bytes + offset, reinterpret_cast<std::uint8_t*>(&value), 4, false, bench.now());
      return value;
    };
    namespace map = registers::cluster_peripherals;
    if (bench.errors().size() >= 64) continue;  // the first ones tell the story
    for (unsigned channel = 0; channel < 8; ++channel)
      if ((word(map::dma_base + 0x10 * channel + 4) & registers::dma::channel_status_error_mask) != 0 &&
          !reported(i, guest_error::source::dma))
        e.wrong = "a DMA channel failed in silence";
    if ((word(map::ima_base + registers::ima::status_offset) & registers::ima::status_error_mask) != 0 &&
        !reported(i, guest_error::source::ima))
      e.wrong = "the IMA failed in silence";
  }
  return e;
}

std::string make(dice& random) {
  std::string input;
  for (std::uint64_t steps = 1 + random.below(40); steps != 0; --steps) {
    for (std::size_t i = 0; i < step_bytes; ++i) input += static_cast<char>(random.number());
    if (random.one_in(3)) input += input.substr(input.size() - step_bytes);  // again, while it is busy
  }
  return input;
}

verdict run(const std::string& input) {
  const elf_file program = program_of(input);
  const end_state first = run_once(program, 1, 0);
  verdict v{first.reached, first.wrong};
  if (v.wrong.empty() && first.hash % 4 == 0) {
    if (run_once(program, 1, 1).hash != first.hash) v.wrong = "the result depends on the window";
    if (run_once(program, 2, 0).hash != first.hash) v.wrong = "the result depends on the threads";
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

int main(int argc, char** argv) {
  ohmic::fuzz::campaign what{"guest", ohmic::fuzz::make, ohmic::fuzz::run};
  what.inputs = 10'000;
  what.seconds_each = 20;  // of a machine that does other things too: most take milliseconds
  what.most_bytes = 1u << 30;
  return ohmic::fuzz::main_of(what, argc, argv);
}
