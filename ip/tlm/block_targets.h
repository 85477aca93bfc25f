#pragma once

#include <cstdint>

#include "ip/core/types.h"
#include "ip/event_unit/event_unit.h"
#include "ip/registers/register_access.h"
#include "registers/event_unit.h"

/// What can stand behind a block_module's socket. None owns its block: the block must outlive the module.
namespace ohmic {

/// A block with `std::uint32_t read_register(offset, now)` and `void write_register(offset, value, now)` that relies
/// on its caller for legal offsets, which come from the generated access map.
template <class Block, class AccessMap>
class register_target {
 public:
  register_target(Block& block, const AccessMap& access) : block_(&block), access_(&access) {}

  register_access read(std::uint32_t offset, cycle_t now) {
    if (!access_->readable(offset)) return register_access::error();
    return register_access::ok(block_->read_register(offset, now));
  }
  register_access write(std::uint32_t offset, std::uint32_t value, cycle_t now) {
    if (!access_->writable(offset)) return register_access::error();
    block_->write_register(offset, value, now);
    return register_access::ok();
  }
  register_access debug_read(std::uint32_t offset) { return read(offset, 0); }
  register_access debug_write(std::uint32_t offset, std::uint32_t value) { return write(offset, value, 0); }
  bool exists(std::uint32_t offset) const { return access_->readable(offset) || access_->writable(offset); }

 private:
  Block* block_;
  const AccessMap* access_;
};

/// The event unit as one core of the cluster sees it, or anyone else with event_unit::no_core. A read of OWN.WAIT
/// through it waits, like the core's cv.elw. Debug access is that of a stranger: OWN is closed to it.
class event_unit_target {
 public:
  explicit event_unit_target(event_unit& unit, int core = event_unit::no_core) : unit_(&unit), core_(core) {}

  register_access read(std::uint32_t offset, cycle_t) {
    const register_access answer = unit_->read(core_, offset);
    if (answer.status == access_status::ok && core_ >= 0) unit_->cancel_wait(static_cast<unsigned>(core_));
    return answer;
  }
  register_access write(std::uint32_t offset, std::uint32_t value, cycle_t) {
    return unit_->write(core_, offset, value);
  }
  register_access debug_read(std::uint32_t offset) { return unit_->read(event_unit::no_core, offset); }
  register_access debug_write(std::uint32_t offset, std::uint32_t value) {
    return unit_->write(event_unit::no_core, offset, value);
  }
  bool exists(std::uint32_t offset) const {
    return registers::event_unit::access.readable(offset) || registers::event_unit::access.writable(offset);
  }

 private:
  event_unit* unit_;
  int core_;
};

/// Bytes of memory, such as a cluster's L1 or a crossbar.
class memory_target {
 public:
  memory_target(std::uint8_t* data, std::uint64_t bytes) : data_(data), bytes_(bytes) {}
  std::uint8_t* data() { return data_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint8_t* data_;
  std::uint64_t bytes_;
};

}  // namespace ohmic
