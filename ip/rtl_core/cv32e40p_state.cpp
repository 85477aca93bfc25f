#include "ip/rtl_core/cv32e40p_state.h"

#include <array>
#include <cstring>

#include "Vcv32e40p.h"
#include "Vcv32e40p___024root.h"
#include "Vcv32e40p_waves.h"
#include "Vcv32e40p_waves___024root.h"

void Vcv32e40p___024root___eval_settle(Vcv32e40p___024root*);

#define CORE(name) m.ohmic_cv32e40p__DOT__core_i__DOT__##name
#define CSR(name) CORE(cs_registers_i__DOT__##name)
#define LOOP(name) CORE(id_stage_i__DOT__gen_hwloop_regs__DOT__hwloop_regs_i__DOT__##name)

namespace ohmic {
namespace {

template <class Model>
void load(Model& m, const hart_state& s) {
  for (unsigned r = 1; r < 32; ++r) CORE(id_stage_i__DOT__register_file_i__DOT__mem)[r] = s.x[r];
  const auto both = [](const std::array<std::uint32_t, 2>& a) { return a[0] | std::uint64_t{a[1]} << 32; };
  LOOP(hwlp_start_q) = both(s.lpstart);
  LOOP(hwlp_end_q) = both(s.lpend);
  LOOP(hwlp_counter_q) = both(s.lpcount);
  CSR(mstatus_q) = static_cast<CData>((s.mstatus & 8 ? 1 << 5 : 0) | (s.mstatus & 0x80 ? 1 << 3 : 0) | 6);  // mpp: M
  CSR(mie_q) = s.mie;
  CSR(mtvec_q) = s.mtvec >> 8;
  CSR(mtvec_mode_q) = s.mtvec & 1;
  CSR(mscratch_q) = s.mscratch;
  CSR(mepc_q) = s.mepc;
  CSR(mcause_q) = static_cast<CData>((s.mcause & 31) | (s.mcause >> 31 << 5));
  CSR(mcountinhibit_q) = s.mcountinhibit;
  CSR(mhpmevent_q)[3] = s.mhpmevent3;
  const auto counter = [&](unsigned n, std::uint64_t value) {
    CSR(mhpmcounter_q)[2 * n] = static_cast<std::uint32_t>(value);
    CSR(mhpmcounter_q)[2 * n + 1] = static_cast<std::uint32_t>(value >> 32);
  };
  counter(0, s.mcycle);
  counter(2, s.minstret);
  counter(3, s.mhpmcounter3);
}

}  // namespace

void load_state(Vcv32e40p___024root& model, const hart_state& state) { load(model, state); }
void load_state(Vcv32e40p_waves___024root& model, const hart_state& state) { load(model, state); }

bool repeat_still_cycle(Vcv32e40p___024root& m, still_model<Vcv32e40p___024root>& before, cycle_t cycles) {
  auto& counters = CSR(mhpmcounter_q);
  std::array<std::uint64_t, 32> old{}, now{};
  std::memcpy(old.data(), before.before(m, counters), sizeof old);
  std::memcpy(now.data(), &counters[0], sizeof now);
  constexpr unsigned mcycle = 0, mhpmcounter3 = 3;
  for (unsigned n = 0; n < now.size(); ++n)
    if (old[n] != now[n] && n != mcycle && n != mhpmcounter3) return false;

  // Low words that are shown elsewhere: the multiplexer in front of a CSR read shows mcycle when nothing is read.
  struct shown_word {
    void* word;
    unsigned counter;
  };
  std::array<shown_word, 8> shown{};
  unsigned count = 0, of = 0;
  const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  const bool still = before.same_but(
      m,
      [&](std::uint32_t was, std::uint32_t is) {
        for (const unsigned n : {mcycle, mhpmcounter3})
          if (was == low(old[n]) && is == low(now[n])) return of = n, count < shown.size();
        return false;
      },
      [&](void* word) { shown[count++] = {word, of}; }, counters);
  if (!still) return false;

  bool carried = false;
  for (const unsigned n : {mcycle, mhpmcounter3}) {
    const std::uint64_t then = now[n] + (now[n] - old[n]) * cycles;
    carried = carried || then >> 32 != now[n] >> 32;
    now[n] = then;
  }
  std::memcpy(&counters[0], now.data(), sizeof now);
  for (unsigned i = 0; i < count; ++i) {
    const std::uint32_t word = low(now[shown[i].counter]);
    std::memcpy(shown[i].word, &word, sizeof word);
  }
  // What shows a high word has not changed so far, but does now.
  if (carried) Vcv32e40p___024root___eval_settle(&m);
  return true;
}

hart_state read_state(const Vcv32e40p___024root& m) {
  hart_state s;
  for (unsigned r = 1; r < 32; ++r) s.x[r] = CORE(id_stage_i__DOT__register_file_i__DOT__mem)[r];
  const auto split = [](std::uint64_t both) {
    return std::array<std::uint32_t, 2>{static_cast<std::uint32_t>(both), static_cast<std::uint32_t>(both >> 32)};
  };
  s.lpstart = split(LOOP(hwlp_start_q));
  s.lpend = split(LOOP(hwlp_end_q));
  s.lpcount = split(LOOP(hwlp_counter_q));
  s.mstatus = 0x1800u | (CSR(mstatus_q) >> 5 & 1u) << 3 | (CSR(mstatus_q) >> 3 & 1u) << 7;
  s.mie = CSR(mie_q);
  s.mtvec = CSR(mtvec_q) << 8 | CSR(mtvec_mode_q);
  s.mscratch = CSR(mscratch_q);
  s.mepc = CSR(mepc_q);
  s.mcause = (CSR(mcause_q) & 31u) | (CSR(mcause_q) >> 5 & 1u) << 31;
  s.mcountinhibit = CSR(mcountinhibit_q);
  s.mhpmevent3 = CSR(mhpmevent_q)[3];
  const auto counter = [&](unsigned n) {
    return CSR(mhpmcounter_q)[2 * n] | std::uint64_t{CSR(mhpmcounter_q)[2 * n + 1]} << 32;
  };
  s.mcycle = counter(0);
  s.minstret = counter(2);
  s.mhpmcounter3 = counter(3);
  return s;
}

}  // namespace ohmic

#undef LOOP
#undef CSR
#undef CORE
