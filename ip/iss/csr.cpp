#include "ip/iss/hart.h"
#include "ip/iss/timing.h"

// Source: CV32E40P user manual, "Control and Status Registers"; which of them exist and may be written:
// cv32e40p_decoder.sv and cv32e40p_cs_registers.sv with COREV_PULP=1, COREV_CLUSTER=1, FPU=0, PULP_SECURE=0.
namespace ohmic::iss {
namespace {

constexpr std::uint32_t irq_mask = 0xffff0888u;
constexpr std::uint32_t implemented_counters = 0xdu;  // mcycle, minstret, mhpmcounter3

constexpr bool in(std::uint32_t v, std::uint32_t low, std::uint32_t high) { return v - low <= high - low; }

/// mhpm counters by their index in a bank of 32: 0 cycle, 2 instret, 3..31 events; 1 does not exist.
constexpr bool counter_index(std::uint16_t csr, std::uint16_t bank, unsigned& index) {
  index = csr - bank;
  return index < 32 && index != 1;
}

std::uint64_t* counter(hart_control& c, unsigned index) {
  switch (index) {
    case 0:
      return &c.mcycle;
    case 2:
      return &c.minstret;
    case 3:
      return &c.mhpmcounter3;
    default:
      return nullptr;  // not implemented: reads 0
  }
}

enum class access { illegal, read_only, read_write };

access rights(std::uint16_t csr) {
  unsigned index = 0;
  switch (csr) {
    case 0x300:
    case 0x301:
    case 0x304:
    case 0x305:
    case 0x320:  // mstatus misa mie mtvec mcountinhibit
    case 0x340:
    case 0x341:
    case 0x342:
    case 0x343:
    case 0x344:  // mscratch mepc mcause mtval mip
    case 0x7a0:
    case 0x7a1:
    case 0x7a2:
    case 0x7a3:
    case 0x7a4:
    case 0x7a8:
    case 0x7aa:  // triggers
      return access::read_write;
    case 0xf11:
    case 0xf12:
    case 0xf13:
    case 0xf14:  // mvendorid marchid mimpid mhartid
    case 0xcc0:
    case 0xcc1:
    case 0xcc2:
    case 0xcc4:
    case 0xcc5:
    case 0xcc6:  // hardware loops
    case 0xcd0:
    case 0xcd1:
    case 0xcd2:  // uhartid privlv zfinx
      return access::read_only;
    default:
      break;
  }
  if (counter_index(csr, 0xb00, index) || counter_index(csr, 0xb80, index)) return access::read_write;
  if (counter_index(csr, 0xc00, index) || counter_index(csr, 0xc80, index)) return access::read_only;
  if (in(csr, 0x323, 0x33f)) return access::read_write;  // mhpmevent3..31
  return access::illegal;
}

std::uint32_t read(hart_set& set, hart& s, hart_control& c, std::uint16_t csr, cycle_t now) {
  const hart_fetch& f = set.fetch_of(s);
  unsigned index = 0;
  if (counter_index(csr, 0xb00, index) || counter_index(csr, 0xc00, index)) {
    const std::uint64_t* p = counter(c, index);
    return p ? static_cast<std::uint32_t>(*p) : 0;
  }
  if (counter_index(csr, 0xb80, index) || counter_index(csr, 0xc80, index)) {
    const std::uint64_t* p = counter(c, index);
    return p ? static_cast<std::uint32_t>(*p >> 32) : 0;
  }
  switch (csr) {
    case 0x300:
      return c.mstatus;
    case 0x301:
      return 0x40801104;
    case 0x304:
      return c.mie;
    case 0x305:
      return c.mtvec;
    case 0x320:
      return c.mcountinhibit;
    case 0x323:
      return c.mhpmevent3;
    case 0x340:
      return c.mscratch;
    case 0x341:
      return c.mepc;
    case 0x342:
      return c.mcause;
    case 0x344:
      return (c.irq_lines | (now < c.irq_until ? c.irq_fallen : 0)) & irq_mask;
    case 0x7a1:
      return 0x28001040;  // tdata1: type 2, dmode, enter debug mode, machine mode
    case 0x7a4:
      return 4;  // tinfo
    case 0xcc0:
      return f.lpstart[0];
    case 0xcc1:
      return f.lpend[0];
    case 0xcc2:
      return f.lpcount[0];
    case 0xcc4:
      return f.lpstart[1];
    case 0xcc5:
      return f.lpend[1];
    case 0xcc6:
      return f.lpcount[1];
    case 0xcd0:
    case 0xf14:
      return c.mhartid;
    case 0xcd1:
      return 3;
    case 0xf11:
      return 0x602;
    case 0xf12:
      return 4;
    case 0xf13:
      return 1;
    default:
      return 0;
  }
}

void write(hart_control& c, std::uint16_t csr, std::uint32_t v) {
  unsigned index = 0;
  if (counter_index(csr, 0xb00, index)) {
    if (std::uint64_t* p = counter(c, index)) *p = (*p & ~std::uint64_t{0xffffffff}) | v;
    return;
  }
  if (counter_index(csr, 0xb80, index)) {
    if (std::uint64_t* p = counter(c, index)) *p = (*p & 0xffffffff) | std::uint64_t{v} << 32;
    return;
  }
  switch (csr) {
    case 0x300:
      c.mstatus = 0x1800 | (v & 0x88);
      break;
    case 0x304:
      c.mie = v & irq_mask;
      break;
    case 0x305:
      c.mtvec = v & 0xffffff01u;
      break;
    case 0x320:
      c.mcountinhibit = v & implemented_counters;
      break;
    case 0x323:
      c.mhpmevent3 = v & 0xffff;
      break;
    case 0x340:
      c.mscratch = v;
      break;
    case 0x341:
      c.mepc = v & ~1u;
      break;
    case 0x342:
      c.mcause = v & 0x8000001fu;
      break;
    default:
      break;  // misa, mtval, mip, triggers (outside debug mode), unimplemented counters: ignored
  }
}

}  // namespace

std::uint8_t csr_cycles(std::uint16_t csr) {
  const bool status = csr == 0x300 || csr == 0x305 || csr == 0x341 || csr == 0x342 || in(csr, 0x320, 0x33f) ||
                      in(csr, 0xb00, 0xb9f) || in(csr, 0xc00, 0xc9f) || csr == 0xcd1;
  return status ? status_csr_cycles : 1;
}

hart_fault check_loop(hart_set& set, hart& s, std::uint32_t pc, unsigned loop, unsigned what) {
  const hart_fetch& f = set.fetch_of(s);
  return set.control_of(s).loops.written(set.text_of(s).bytes(), pc, loop, what, {f.lpstart, f.lpend, f.lpcount});
}

void count_up(hart_control& c, cycle_t now, std::uint64_t retired) {
  const cycle_t awake = now - c.slept;
  const std::uint64_t cycles = awake - c.counted_awake;
  const std::uint64_t executed = retired - c.counted_retired;
  c.counted_awake = awake;
  c.counted_retired = retired;
  if ((c.mcountinhibit & 1) == 0) c.mcycle += cycles;
  if ((c.mcountinhibit & 4) == 0) c.minstret += executed;
  if ((c.mcountinhibit & 8) == 0) {
    if (c.mhpmevent3 & 1)
      c.mhpmcounter3 += cycles;
    else if (c.mhpmevent3 & 2)
      c.mhpmcounter3 += executed;
  }
}

bool access_csr(hart_set& set, hart& s, std::uint16_t csr, std::uint32_t funct3, std::uint32_t operand, bool do_write,
                cycle_t now, std::uint64_t retired, std::uint32_t& old_value) {
  const access a = rights(csr);
  if (a == access::illegal || (do_write && a == access::read_only)) return false;
  hart_control& c = set.control_of(s);
  count_up(c, now, retired);
  old_value = read(set, s, c, csr, now);
  if (do_write) {
    // A counter and what starts and stops it change behind this cycle and this instruction (cv32e40p_cs_registers.sv).
    if (in(csr, 0x320, 0x33f) || in(csr, 0xb00, 0xb9f)) count_up(c, now + 1, retired + 1);
    switch (funct3 & 3) {
      case 1:
        write(c, csr, operand);
        break;
      case 2:
        write(c, csr, old_value | operand);
        break;
      default:
        write(c, csr, old_value & ~operand);
        break;
    }
    update_irq_attention(s, c);
  }
  return true;
}

std::uint32_t enter_trap(hart_control& c, std::uint32_t cause, std::uint32_t pc) {
  c.mepc = pc;
  c.mcause = cause;
  c.mstatus = 0x1800 | (c.mstatus & 8) << 4;
  return trap_handler(c, cause);
}

std::uint32_t trap_handler(const hart_control& c, std::uint32_t cause) {
  const std::uint32_t base = c.mtvec & ~0xffu;
  const bool vectored = (cause & 0x80000000u) != 0 && (c.mtvec & 1) != 0;
  return vectored ? base + 4 * (cause & 31) : base;
}

std::uint32_t leave_trap(hart_control& c) {
  c.mstatus = 0x1880 | (c.mstatus & 0x80) >> 4;
  return c.mepc;
}

unsigned highest_priority(std::uint32_t pending) {
  if (const std::uint32_t fast = pending & 0xffff0000u) return 31 - static_cast<unsigned>(__builtin_clz(fast));
  if (pending & 1u << 11) return 11;
  return pending & 1u << 3 ? 3 : 7;
}

}  // namespace ohmic::iss
