#include "ip/lockstep/lockstep_checker.h"

#include <cinttypes>
#include <cstdarg>
#include <cstdio>

#include "ip/iss/disassembler.h"

namespace ohmic {
namespace {

std::string print(const char* format, ...) {
  char text[160];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

std::string describe(const retire_record& r) {
  std::string text = print("%08x ", r.pc);
  text += r.trap && (r.cause >> 31) != 0 ? "(interrupt)" : iss::disassemble(r.pc, r.instruction);
  if (r.rd != 0) text += print("  x%u=%08x", r.rd, r.rd_value);
  if (r.rd2 != 0) text += print("  x%u=%08x", r.rd2, r.rd2_value);
  if (r.mem_size != 0)
    text += print("  %s%u[%08x]=%0*x", r.mem_write ? "store" : "load", r.mem_size * 8u, r.mem_addr, r.mem_size * 2,
                  r.mem_data);
  if (r.trap) text += print("  trap cause=%08x", r.cause);
  return text;
}

/// What stands in a counter or in mip depends on time: the RTL's word counts.
bool depends_on_time(std::uint32_t csr) {
  return (csr >= 0xB00 && csr < 0xBA0) || (csr >= 0xC00 && csr < 0xCA0) || csr == 0x344;
}

lockstep_class classify(const retire_record& r, const decoded_text& text) {
  if (r.trap) return (r.cause >> 31) != 0 ? lockstep_class::interrupt : lockstep_class::exception;
  using iss::kind;
  const auto o = iss::op_of(*text.entry(r.pc));
  switch (iss::info(o).kind) {
    case kind::load:
    case kind::load_post:
      return lockstep_class::load;
    case kind::store:
    case kind::store_post:
      return lockstep_class::store;
    case kind::elw:
      return lockstep_class::event_wait;
    case kind::branch:
      return lockstep_class::branch;
    case kind::jal:
    case kind::jalr:
      return lockstep_class::jump;
    case kind::csr:
      return lockstep_class::csr;
    case kind::mulh:
      return lockstep_class::multiply;
    case kind::div:
      return lockstep_class::divide;
    case kind::loop_start:
    case kind::loop_end:
    case kind::loop_count:
    case kind::loop_setup:
      return lockstep_class::hardware_loop;
    case kind::alu:
    case kind::alu_acc:
      break;
    default:
      return lockstep_class::system;
  }
  const std::string_view name = iss::info(o).mnemonic;
  if (name.find("mul") != std::string_view::npos || name.find("mac") != std::string_view::npos ||
      name.find("msu") != std::string_view::npos)
    return lockstep_class::multiply;
  if (name.size() > 2 && (name.substr(name.size() - 2) == ".b" || name.substr(name.size() - 2) == ".h"))
    return lockstep_class::simd;
  return lockstep_class::alu;
}

}  // namespace

const char* name_of(lockstep_class c) {
  static constexpr const char* names[] = {"alu",           "multiply",   "divide",    "simd",     "load",
                                          "store",         "event_wait", "branch",    "jump",     "csr",
                                          "hardware_loop", "system",     "exception", "interrupt"};
  return names[static_cast<unsigned>(c)];
}

lockstep_checker::lockstep_checker(const decoded_text& text, std::uint32_t mhartid)
    : text_(std::shared_ptr<void>(), &text), iss_(text, mhartid) {}

void lockstep_checker::start(std::uint32_t boot_addr) {
  hart_state fresh;
  fresh.pc = boot_addr;
  restore(fresh);
}

void lockstep_checker::restore(const hart_state& state) {
  state_ = state;
  pc_unknown_ = false;
  last_elw_ = 1;
  control_.reset();
}

void lockstep_checker::expect_control(std::uint32_t pc, const hart_state& rtl) {
  control_ = rtl;
  control_pc_ = pc;
}

void lockstep_checker::renew_text(std::size_t version) {
  text_ = versions_->at(version);
  text_version_ = version;
  iss_.set_text(text_, version);
}

bool lockstep_checker::check(const retire_record& rtl, std::size_t text_version) {
  if (text_version != text_version_ && versions_ != nullptr && text_->contains(rtl.pc) &&
      text_->word_at(rtl.pc) != rtl.instruction)
    renew_text(text_version);
  last_[checked_++ % history] = rtl;
  if (pc_unknown_) state_.pc = rtl.pc;
  pc_unknown_ = false;
  const hart_state before = state_;
  if (agrees(rtl)) return true;
  follow(rtl, before);
  return false;
}

// The RTL's retirement is what happened. What it does to CSRs and loops is not in the record: the ISS tells.
void lockstep_checker::follow(const retire_record& rtl, const hart_state& before) {
  if (control_ && rtl.pc == control_pc_ && rtl.mem_size != 0) {
    const hart_state from = *control_;
    state_.lpstart = from.lpstart, state_.lpend = from.lpend, state_.lpcount = from.lpcount;
    state_.mstatus = from.mstatus, state_.mie = from.mie, state_.mtvec = from.mtvec;
    state_.mscratch = from.mscratch, state_.mepc = from.mepc, state_.mcause = from.mcause;
  } else {
    state_ = before;
    state_.pc = rtl.pc;
    if (!rtl.trap && text_->contains(rtl.pc)) {
      const retire_record mine =
          iss_(state_, [&](const bus_request& r) { return rtl.mem_data >> (8 * ((r.addr - rtl.mem_addr) & 3)); });
      if (mine.trap) state_ = before;
    }
    if (rtl.trap) {
      state_.mepc = rtl.pc;
      state_.mcause = rtl.cause;
      state_.mstatus = 0x1800 | (state_.mstatus & 8) << 4;
    }
  }
  state_.x = before.x;
  if (rtl.rd2 != 0) state_.x[rtl.rd2] = rtl.rd2_value;
  if (rtl.rd != 0) state_.x[rtl.rd] = rtl.rd_value;
  control_.reset();
  last_elw_ = 1;
  pc_unknown_ = true;
}

bool lockstep_checker::agrees(const retire_record& rtl) {
  const bool interrupt = rtl.trap && (rtl.cause >> 31) != 0;
  retire_record mine;
  if (interrupt) {
    // An interrupt during cv.elw is taken behind it but returns to it.
    if (rtl.pc == last_elw_) state_.pc = rtl.pc;
    const unsigned id = rtl.cause & 31;
    if ((state_.mstatus & 8) == 0 || (state_.mie >> id & 1) == 0)
      return refuse(rtl, mine, "the ISS has this interrupt disabled");
    mine = iss_.interrupt(state_, id);
  } else {
    if (!text_->contains(state_.pc)) return refuse(rtl, mine, "the ISS left the text");
    mine = iss_(state_, [&](const bus_request& r) { return rtl.mem_data >> (8 * ((r.addr - rtl.mem_addr) & 3)); });
  }
  last_elw_ = 1;

  if (mine.pc != rtl.pc) return refuse(rtl, mine, "pc");
  if (mine.trap != rtl.trap || mine.cause != rtl.cause) return refuse(rtl, mine, "trap");
  if (!interrupt && mine.instruction != rtl.instruction) return refuse(rtl, mine, "instruction");
  // An interrupt may come when the pc has just left the text: only other retirements are in it for sure.
  const iss::decoded* const e = rtl.trap ? nullptr : text_->entry(rtl.pc);
  const bool csr = e != nullptr && iss::info(iss::op_of(*e)).kind == iss::kind::csr;
  if (csr && depends_on_time(e->aux) && mine.rd != 0 && mine.rd == rtl.rd) {
    state_.x[mine.rd] = mine.rd_value = rtl.rd_value;
  }
  if (mine.rd != rtl.rd || mine.rd_value != rtl.rd_value) return refuse(rtl, mine, "register");
  if (mine.rd2 != rtl.rd2 || mine.rd2_value != rtl.rd2_value) return refuse(rtl, mine, "base register");
  if (mine.mem_size != rtl.mem_size || mine.mem_write != rtl.mem_write ||
      (rtl.mem_size != 0 && mine.mem_addr != rtl.mem_addr))
    return refuse(rtl, mine, "access");
  if (rtl.mem_size != 0 && mine.mem_data != rtl.mem_data) return refuse(rtl, mine, "data");
  if (control_ && rtl.pc == control_pc_ && rtl.mem_size != 0) {
    std::string why;
    if (control_differs(*control_, why)) return refuse(rtl, mine, why);
    control_.reset();
  }
  const lockstep_class c = classify(rtl, *text_);
  if (c == lockstep_class::event_wait) last_elw_ = rtl.pc;
  ++counts_[static_cast<unsigned>(c)];
  return true;
}

bool lockstep_checker::control_differs(const hart_state& rtl, std::string& why) const {
  const auto differ = [&](const char* name, std::uint32_t r, std::uint32_t i) {
    if (r == i) return false;
    why = print("%s: RTL %08x, ISS %08x", name, r, i);
    return true;
  };
  for (unsigned l = 0; l < 2; ++l) {
    if (differ(l == 0 ? "lpcount0" : "lpcount1", rtl.lpcount[l], state_.lpcount[l]) ||
        differ(l == 0 ? "lpstart0" : "lpstart1", rtl.lpstart[l], state_.lpstart[l]) ||
        differ(l == 0 ? "lpend0" : "lpend1", rtl.lpend[l], state_.lpend[l]))
      return true;
  }
  return differ("mstatus", rtl.mstatus, state_.mstatus) || differ("mie", rtl.mie, state_.mie) ||
         differ("mtvec", rtl.mtvec, state_.mtvec) || differ("mscratch", rtl.mscratch, state_.mscratch) ||
         differ("mepc", rtl.mepc, state_.mepc) || differ("mcause", rtl.mcause, state_.mcause);
}

bool lockstep_checker::refuse(const retire_record& rtl, const retire_record& mine, const std::string& why) {
  mismatch_ = why + "\n  RTL " + describe(rtl) + "\n  ISS " + describe(mine) + "\n";
  return false;
}

std::string lockstep_checker::story() const {
  std::string text = "  retirements of the RTL before it:\n";
  const std::uint64_t before = checked_ - 1;
  for (std::uint64_t i = before > history - 1 ? before - (history - 1) : 0; i < before; ++i) {
    const retire_record& r = last_[i % history];
    text += print("  %10" PRIu64 " ", r.cycle) + describe(r) + "\n";
  }
  return text;
}

}  // namespace ohmic
