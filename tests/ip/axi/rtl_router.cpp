#include <algorithm>

#include "tests/ip/axi/rtl_network.h"

namespace ohmic::test {

using namespace rtl;  // the channels

unsigned rtl_simulator::network::output(const router& at, const beat& b) const {
  const unsigned dest = (*bursts_)[b.burst].dest;
  return dest == rtl_burst::memory ? at.way.back() : at.way[dest];
}

void rtl_simulator::network::cross_reads(router& at) {
  std::fill(at.wanted.begin(), at.wanted.end(), 0);
  for (unsigned i = 0; i < at.in.size(); ++i) {
    slave_port& in = at.in[i];
    stage& head = in.ar.last();
    if (!head.valid() || in.read_ids.full()) continue;
    const unsigned o = output(at, head.front());
    if (in.read_ids.allows(head.front().id, o)) at.wanted[o] |= std::uint64_t{1} << i;
  }
  for (unsigned o = 0; o < at.out.size(); ++o) {
    master_port& out = at.out[o];
    const int winner = out.ar_arbiter.choose(at.wanted[o]);
    if (winner < 0) continue;
    const bool granted = out.ar.first().ready();
    out.ar_arbiter.settle(granted);
    if (!granted) continue;
    slave_port& in = at.in[static_cast<std::size_t>(winner)];
    beat b = in.ar.last().front();
    in.ar.last().pop();
    in.read_ids.push(b.id, o);
    b.input = static_cast<std::uint16_t>(winner);
    out.ar.first().push(b);
  }
}

void rtl_simulator::network::cross_writes(router& at) {
  std::fill(at.wanted.begin(), at.wanted.end(), 0);
  for (unsigned i = 0; i < at.in.size(); ++i) {
    slave_port& in = at.in[i];
    stage& head = in.aw.last();
    if (!head.valid()) continue;
    const unsigned o = output(at, head.front());
    if (!in.aw_counted && !in.write_ids.full() && in.open_w < p_.id_count && (in.open_w == 0 || in.w_output == o) &&
        in.write_ids.allows(head.front().id, o)) {
      in.aw_counted = true;
      in.write_ids.push(head.front().id, o);
      in.w_output = o;
      ++in.open_w;
    }
    if (in.aw_counted) at.wanted[o] |= std::uint64_t{1} << i;
  }
  for (unsigned o = 0; o < at.out.size(); ++o) {
    master_port& out = at.out[o];
    const bool may_pass = p_.fall_through || !out.w_order.empty();
    const int winner = out.aw_arbiter.choose(at.wanted[o]);
    if (winner >= 0) {
      slave_port& in = at.in[static_cast<std::size_t>(winner)];
      if (!out.aw_entered && out.w_order.size() < p_.w_order) {
        out.aw_entered = true;
        out.w_order.push_back(static_cast<unsigned>(winner));
      }
      const bool granted = out.aw_entered && out.aw.first().ready();
      out.aw_arbiter.settle(granted);
      if (granted) {
        beat b = in.aw.last().front();
        in.aw.last().pop();
        in.aw_counted = out.aw_entered = false;
        b.input = static_cast<std::uint16_t>(winner);
        out.aw.first().push(b);
      }
    }
    if (may_pass) cross_w(at, o);
  }
}

void rtl_simulator::network::cross_w(router& at, unsigned o) {
  master_port& out = at.out[o];
  if (out.w_order.empty() || !out.w.first().ready()) return;
  slave_port& in = at.in[out.w_order.front()];
  stage& head = in.w.last();
  // The input's W beats go where its open AWs went: this output, as it is the head of this one's order.
  if (!head.valid()) return;
  out.w.first().push(head.front());
  if (head.front().last) {
    --in.open_w;
    out.w_order.pop_front();
  }
  head.pop();
}

void rtl_simulator::network::cross_responses(router& at, channel c) {
  std::fill(at.wanted.begin(), at.wanted.end(), 0);
  for (unsigned o = 0; o < at.out.size(); ++o) {
    stage& head = at.out[o].of(c).last();
    if (head.valid()) at.wanted[head.front().input] |= std::uint64_t{1} << o;
  }
  for (unsigned i = 0; i < at.in.size(); ++i) {
    slave_port& in = at.in[i];
    rr_arbiter& arbiter = c == B ? in.b_arbiter : in.r_arbiter;
    const int winner = arbiter.choose(at.wanted[i]);
    if (winner < 0) continue;
    stage& to = in.of(c).first();
    const bool granted = to.ready();
    arbiter.settle(granted);
    if (!granted) continue;
    stage& from = at.out[static_cast<std::size_t>(winner)].of(c).last();
    if (from.front().last) (c == B ? in.write_ids : in.read_ids).pop(from.front().id);
    to.push(from.front());
    from.pop();
  }
}

/// Out of the multiplexer's request register, through the table.
void rtl_simulator::network::remap(router& at, master_port& port, channel c) {
  pipe& registers = port.of(c);
  const int id = c == AW ? port.aw_id : port.ar_id;
  if (id < 0 || !(registers.size() > 1 ? registers[1].ready() : takes(port.on, c))) return;
  beat b = registers.first().front();
  b.id = static_cast<std::uint16_t>(id);
  if (registers.size() > 1) {
    registers[1].push(b);
  } else {
    put(port.on, c, b);
    --at.beats;
  }
  (c == AW ? port.write_map : port.read_map).taken();
  registers.first().pop();
}

void rtl_simulator::network::step(router& at) {
  for (master_port& out : at.out) {
    stage &aw = out.aw.first(), &ar = out.ar.first();
    out.aw_id = aw.valid() ? out.write_map.lookup(aw.front()) : -1;
    out.ar_id = ar.valid() ? out.read_map.lookup(ar.front()) : -1;
    // AW before W: a slave takes a W beat from the cycle of its AW on.
    for (const channel c : {AR, AW}) {
      remap(at, out, c);
      if (out.of(c).size() == 1) continue;
      out.of(c).advance(1, out.of(c).size() - 1);
      leave(at, out.of(c).last(), out.on, c);
    }
    out.w.advance(0, out.w.size() - 1);
    leave(at, out.w.last(), out.on, W);
    for (const channel c : {B, R}) {
      pipe& registers = out.of(c);
      const std::size_t n = registers.size();
      if (n == 1) continue;
      registers.advance(0, n - 2);
      if (!registers[n - 2].valid() || !registers[n - 1].ready()) continue;
      enter_multiplexer(out, c, registers[n - 2].front());
      registers[n - 2].pop();
    }
  }
  // Checks before the responses that release what they wait for.
  cross_reads(at);
  cross_writes(at);
  cross_responses(at, B);
  cross_responses(at, R);
  for (slave_port& in : at.in) {
    for (const channel c : {AW, W, AR, B, R}) in.of(c).advance(0, in.of(c).size() - 1);
    leave(at, in.b.last(), in.back, B);
    leave(at, in.r.last(), in.back, R);
  }
}

}  // namespace ohmic::test
