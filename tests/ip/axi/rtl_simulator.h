#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/ip/axi/traffic.h"

namespace ohmic::test {

/// A slave at the network's edge: answers in order, takes beats as they come unless a limit says otherwise.
struct rtl_slave {
  unsigned latency = 1;   ///< cycles from AR, or the last W beat, to the first R beat, or B
  unsigned open = 0;      ///< bursts from AR or AW to the last response beat, reads and writes together; 0: any number
  unsigned interval = 1;  ///< cycles per data beat, W and R each
  bool together = false;  ///< takes an AW only in the cycle in which its first W beat is there
};

/// What the RTL is configured with. The defaults are the reference data's (data/README.md).
struct rtl_parameters {
  /// Cycles to cross a router in one direction, per level from the clusters up; the last entry is for all further
  /// levels. That many registers: the demultiplexer's, the multiplexer's (so at least 2), the rest are cuts, half
  /// of them on each side of the crossbar; the odd one stands on the outputs' side.
  std::vector<unsigned> latency = {4};
  unsigned depth = 2;           ///< beats per register, 1 to 8; with 1 it passes a beat every other cycle
  bool fall_through = true;     ///< axi_mux: a W beat may pass in the cycle in which its AW is first arbitrated
  unsigned id_bits = 6;         ///< ids of a master, and of all links
  unsigned id_count = 63;       ///< demultiplexer: bursts in flight per id and input (MaxTrans; 2^n - 1 in the RTL)
  unsigned w_order = 64;        ///< multiplexer: AWs ahead of their W beats (MaxWTrans)
  unsigned remap_ids = 64;      ///< remap table: ids in flight per output and direction, at most 2^id_bits
  unsigned remap_count = 64;    ///< remap table: bursts in flight per id
  unsigned master_reads = 16;   ///< in flight per master
  unsigned master_writes = 16;  ///< in flight per master
  rtl_slave cluster;
  rtl_slave memory{100, 32, 1, true};
};

/// What one channel of a link carried: between two crossbars, or between one and a master or slave. Links: to a router
/// ("l2_5.down", level counted from the clusters), to a cluster ("cluster_3.down"), to memory ("top.up"); and back.
struct rtl_channel {
  std::string link;
  std::string name;            ///< AR, AW, W, R, B
  std::uint64_t beats = 0;     ///< that came onto it
  std::uint64_t held = 0;      ///< sum over the cycles' ends of the beats on it
  std::uint64_t waited = 0;    ///< cycles in which the beat at its end stayed there, one that wants to come onto it
                               ///< could not, or one behind the arbiter found no id
  bool to_a_register = false;  ///< its end is a register, and no master that takes what comes
};

/// The AXI crosspoint network, register by register and cycle by cycle: what the network model is judged by.
/// Written from the SystemVerilog of pulp-platform/axi (commit e55ae2a) and common_cells 1.39.0, held to RTL runs
/// by rtl_simulator_test.cpp; shares nothing with ip/axi.
///
/// A router is axi_xp.sv with an axi_cut.sv on each side. Its registers, per port and channel:
///
///     request:   cut, demux, [crossbar], mux, [remap], cut        AW, W, AR
///     response:  cut, [remap], mux, [crossbar], demux, cut        R, B
///
/// What stands in brackets is combinational and decided by the state at the beginning of the cycle, so the order
/// of events within a cycle does not matter: a counter, table entry or register that is freed in a cycle is free in
/// the next one. The rules, by source:
///
/// - axi_demux_simple.sv. The head of AR passes if no burst of its id from this input is in flight to another
///   output, and no id's counter is full. AW likewise; besides, all W beats of earlier AWs to another output must
///   have left. AW is counted when it first passes (and then stays valid), AR when it leaves, both until the
///   (last) response beat leaves the crossbar. A blocked head blocks its channel.
/// - axi_mux.sv. AW and AR are arbitrated per output. The winner of AW is entered into the W order when it first
///   wins, whether or not the register is free; W beats follow that order. Responses stand in the multiplexer's
///   register, one queue per channel, until the input they return to takes the head.
/// - axi_demux_simple.sv again. B and R are arbitrated per input over the outputs, R beat by beat.
/// - rr_arb_tree.sv, spill_register.sv, axi_demux_id_counters.sv, axi_id_remap.sv: rtl_blocks.h. A request that
///   waits for the remap table blocks those behind it; W beats do not pass the table.
///
/// What they are worth, on the 161 lists of the reference data, all of which this is exact on: with "the next one after
/// the last winner" for rr_arb_tree's rule latency is up to 15 % wrong, 64 lists are exact; without its frozen
/// requests, 2 % and 125; a memory that takes an AW before its data, 44 % and 156; remap tables of 32 ids, 19 % and
/// 133; id counters up to 31, 7 % and 158; a W order of 32, 17 % and 158.
///
/// Ports of a router in the arbiters' order: child routers, clusters, then the parent (memory at the top). The
/// error slave that axi_xbar adds behind the last output is left out: it never answers here.
///
/// Masters and slaves are those of the reference's test bench. A master has a queue per id and direction; per
/// direction it goes round robin over ids and presents one request at a time, the next one in the cycle after it
/// was taken; W beats are there from the first cycle of their AW on; responses are taken at once. A slave that
/// has room for one burst takes reads and writes in turns while both are there.
///
/// Not simulated: links narrower than a beat, atomics, unmapped addresses, routers of one cycle.
class rtl_simulator {
 public:
  /// Throws std::invalid_argument for what cannot be built. `counts`: what channels() tells.
  rtl_simulator(const network_tree& tree, const rtl_parameters& parameters, bool counts = false);
  ~rtl_simulator();

  /// Plays `bursts` from cycle 1 until all are answered, fills in their results and returns the cycle of the last
  /// response. A master's bursts of one id and direction are sent in the order of the list. To be called once.
  /// Throws std::runtime_error at a dead-lock.
  std::uint64_t run(std::vector<rtl_burst>& bursts);
  /// All channels, after run(); none if it does not count them.
  const std::vector<rtl_channel>& channels() const;

 private:
  class network;
  std::unique_ptr<network> network_;
};

}  // namespace ohmic::test
