#include "ip/event_unit/event_unit.h"

#include <cassert>

#include "registers/event_unit.h"

namespace ohmic {
namespace {

namespace reg = registers::event_unit;

// Registers of a core, relative to its register file; the same for CORE[n] and OWN.
constexpr std::uint32_t mask_at = reg::own_mask_offset - reg::own_base;
constexpr std::uint32_t pending_at = reg::own_pending_offset - reg::own_base;
constexpr std::uint32_t clear_at = reg::own_clear_offset - reg::own_base;
constexpr std::uint32_t irq_mask_at = reg::own_irq_mask_offset - reg::own_base;
constexpr std::uint32_t wait_at = reg::own_wait_offset - reg::own_base;
static_assert(mask_at == reg::core_mask_offset && wait_at == reg::core_wait_offset);

constexpr std::uint64_t bit(unsigned core) { return std::uint64_t{1} << core; }

/// Whether the offset lies in an array of register files or registers that starts at base.
constexpr bool within(std::uint32_t offset, std::uint32_t base, std::uint32_t bytes) { return offset - base < bytes; }

std::uint32_t low(std::uint64_t word) { return static_cast<std::uint32_t>(word); }
std::uint32_t high(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }
std::uint64_t with_low(std::uint64_t word, std::uint32_t v) { return (word & ~std::uint64_t{0xFFFFFFFFu}) | v; }
std::uint64_t with_high(std::uint64_t word, std::uint32_t v) { return low(word) | std::uint64_t{v} << 32; }

}  // namespace

event_unit::event_unit(unsigned cores)
    : existing_(cores >= max_cores ? ~std::uint64_t{0} : bit(cores) - 1), cores_(cores) {
  assert(cores >= 1 && cores <= max_cores);
}

void event_unit::refresh(unsigned core) {
  const core_state& c = state_.core[core];
  const std::uint64_t b = bit(core);
  const bool over = (state_.waiting & b) != 0 && (c.pending & c.mask) != 0;
  state_.satisfied = over ? state_.satisfied | b : state_.satisfied & ~b;
  state_.irq_level = (c.pending & c.irq_mask) != 0 ? state_.irq_level | b : state_.irq_level & ~b;
}

void event_unit::raise(unsigned line, std::uint64_t cores) {
  for (std::uint64_t left = cores & existing_; left != 0; left &= left - 1) {
    const unsigned core = static_cast<unsigned>(__builtin_ctzll(left));
    state_.core[core].pending |= std::uint32_t{1} << line;
    refresh(core);
  }
}

register_access event_unit::read_core(unsigned core, std::uint32_t offset) const {
  const core_state& c = state_.core[core];
  switch (offset) {
    case mask_at:
      return register_access::ok(c.mask);
    case pending_at:
      return register_access::ok(c.pending);
    case irq_mask_at:
      return register_access::ok(c.irq_mask);
    case wait_at:
      return register_access::ok(wait_value(core));
    default:
      return register_access::error();
  }
}

register_access event_unit::write_core(unsigned core, std::uint32_t offset, std::uint32_t value) {
  core_state& c = state_.core[core];
  switch (offset) {
    case mask_at:
      c.mask = value;
      break;
    case clear_at:
      c.pending &= ~value;
      break;
    case irq_mask_at:
      c.irq_mask = value;
      state_.irq_possible = value != 0 ? state_.irq_possible | bit(core) : state_.irq_possible & ~bit(core);
      break;
    default:
      return register_access::error();
  }
  refresh(core);
  return register_access::ok();
}

register_access event_unit::read(int core, std::uint32_t offset) {
  if (within(offset, reg::own_base, reg::own_bytes)) {
    if (core < 0) return register_access::error();
    const auto self = static_cast<unsigned>(core);
    const register_access answer = read_core(self, offset - reg::own_base);
    if (offset == reg::own_wait_offset && answer.value == 0) {
      state_.waiting |= bit(self);
      return register_access::blocked();
    }
    return answer;
  }
  if (within(offset, reg::core_base, reg::core_bytes)) {
    const std::uint32_t n = offset / reg::core_array_stride;
    return n < cores_ ? read_core(n, offset % reg::core_array_stride) : register_access::error();
  }
  if (within(offset, reg::barrier_base, reg::barrier_bytes)) {
    const std::uint32_t at = offset - reg::barrier_base;
    const barrier_state& b = state_.barrier[at / reg::barrier_array_stride];
    switch (at % reg::barrier_array_stride + reg::barrier_base) {
      case reg::barrier_mask_lo_offset:
        return register_access::ok(low(b.mask));
      case reg::barrier_mask_hi_offset:
        return register_access::ok(high(b.mask));
      case reg::barrier_arrived_lo_offset:
        return register_access::ok(low(b.arrived));
      case reg::barrier_arrived_hi_offset:
        return register_access::ok(high(b.arrived));
      default:
        return register_access::error();
    }
  }
  switch (offset) {
    case reg::doorbell_cores_lo_offset:
      return register_access::ok(low(state_.doorbell_cores));
    case reg::doorbell_cores_hi_offset:
      return register_access::ok(high(state_.doorbell_cores));
    case reg::device_cores_lo_offset:
      return register_access::ok(low(state_.device_cores));
    case reg::device_cores_hi_offset:
      return register_access::ok(high(state_.device_cores));
    case reg::lock_holder_offset:
      return register_access::ok(static_cast<std::uint32_t>(state_.lock_holder + 1));
    default:
      return register_access::error();
  }
}

register_access event_unit::write(int core, std::uint32_t offset, std::uint32_t value) {
  if (within(offset, reg::own_base, reg::own_bytes)) {
    if (core < 0) return register_access::error();
    return write_core(static_cast<unsigned>(core), offset - reg::own_base, value);
  }
  if (within(offset, reg::core_base, reg::core_bytes)) {
    const std::uint32_t n = offset / reg::core_array_stride;
    return n < cores_ ? write_core(n, offset % reg::core_array_stride, value) : register_access::error();
  }
  if (within(offset, reg::software_event_base, reg::software_event_bytes)) {
    const std::uint32_t at = offset - reg::software_event_base;
    if (at % 4 != 0) return register_access::error();
    raise(at / reg::software_event_array_stride,
          at % reg::software_event_array_stride == 0 ? std::uint64_t{value} : std::uint64_t{value} << 32);
    return register_access::ok();
  }
  if (within(offset, reg::barrier_base, reg::barrier_bytes)) {
    const std::uint32_t at = offset - reg::barrier_base;
    const unsigned n = at / reg::barrier_array_stride;
    barrier_state& b = state_.barrier[n];
    switch (at % reg::barrier_array_stride + reg::barrier_base) {
      case reg::barrier_mask_lo_offset:
        b.mask = with_low(b.mask, value) & existing_;
        break;
      case reg::barrier_mask_hi_offset:
        b.mask = with_high(b.mask, value) & existing_;
        break;
      case reg::barrier_arrive_offset:
        return arrive(core, b, barrier_line + n);
      default:
        return register_access::error();
    }
    return register_access::ok();
  }
  if (within(offset, reg::doorbell_offset, reg::doorbell_array_count * reg::doorbell_array_stride)) {
    if (offset % 4 != 0) return register_access::error();
    raise(doorbell_line + (offset - reg::doorbell_offset) / reg::doorbell_array_stride, state_.doorbell_cores);
    return register_access::ok();
  }
  switch (offset) {
    case reg::doorbell_cores_lo_offset:
      state_.doorbell_cores = with_low(state_.doorbell_cores, value) & existing_;
      return register_access::ok();
    case reg::doorbell_cores_hi_offset:
      state_.doorbell_cores = with_high(state_.doorbell_cores, value) & existing_;
      return register_access::ok();
    case reg::device_cores_lo_offset:
      state_.device_cores = with_low(state_.device_cores, value) & existing_;
      return register_access::ok();
    case reg::device_cores_hi_offset:
      state_.device_cores = with_high(state_.device_cores, value) & existing_;
      return register_access::ok();
    case reg::lock_request_offset:
      return request_lock(core);
    case reg::lock_release_offset:
      return release_lock(core);
    default:
      return register_access::error();
  }
}

register_access event_unit::arrive(int core, barrier_state& barrier, unsigned line) {
  if (core < 0 || (barrier.mask & bit(static_cast<unsigned>(core))) == 0) return register_access::error();
  barrier.arrived |= bit(static_cast<unsigned>(core));
  if ((barrier.arrived & barrier.mask) == barrier.mask) {
    barrier.arrived = 0;
    raise(line, barrier.mask);
  }
  return register_access::ok();
}

void event_unit::grant_lock(unsigned core) {
  state_.lock_holder = static_cast<int>(core);
  state_.lock_waiting &= ~bit(core);
  raise(lock_line, bit(core));
}

register_access event_unit::request_lock(int core) {
  if (core < 0 || core == state_.lock_holder) return register_access::error();
  if (state_.lock_holder == no_core) {
    grant_lock(static_cast<unsigned>(core));
  } else {
    state_.lock_waiting |= bit(static_cast<unsigned>(core));
  }
  return register_access::ok();
}

register_access event_unit::release_lock(int core) {
  if (core < 0 || core != state_.lock_holder) return register_access::error();
  state_.lock_holder = no_core;
  if (state_.lock_waiting == 0) return register_access::ok();
  // Round robin: the first waiting core behind the one that releases.
  const std::uint64_t behind = state_.lock_waiting & ~(bit(static_cast<unsigned>(core)) * 2 - 1);
  grant_lock(static_cast<unsigned>(__builtin_ctzll(behind != 0 ? behind : state_.lock_waiting)));
  return register_access::ok();
}

}  // namespace ohmic
