#pragma once

#include "ip/axi/transit.h"

namespace ohmic {

/// Who stands at the network's boundary. All calls come while the fabric evaluates a cycle, and name a cycle that is
/// this one or later.
class fabric_client {
 public:
  virtual ~fabric_client() = default;
  /// The AR or AW of `t` is at the boundary of `t.target` in `cycle`, behind which it is the first. Returns the cycle
  /// in which it is taken, that one or a later one; never: it stays there until axi_fabric::accept().
  virtual cycle_t request(axi_transit& t, cycle_t cycle) = 0;
  /// Where writes are offered with their data: the AW of `t` is at the boundary from `cycle` on, before its data, and
  /// is the first there. (Its data may turn out to come in the same cycle.)
  virtual void address_waits(axi_transit& t, cycle_t cycle) { static_cast<void>(t), static_cast<void>(cycle); }
  /// A data beat of a write whose AW has been taken reaches the target.
  virtual void write_beat(axi_transit& t, cycle_t cycle, bool last) = 0;
  /// The last beat of the target's response has left the target.
  virtual void response_left(axi_transit& t, cycle_t cycle) = 0;
  /// A beat of the response (R, or B) reaches the cluster that asked. After the last one the transit is gone.
  virtual void response_beat(axi_transit& t, cycle_t cycle, bool last) = 0;
};

}  // namespace ohmic
