#pragma once

// The inside of rtl_simulator: what a router, a master and a slave hold, and the network of them.

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "tests/ip/axi/rtl_blocks.h"
#include "tests/ip/axi/rtl_simulator.h"

namespace ohmic::test::rtl {

inline constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

enum channel { AW, W, AR, B, R };

struct master {
  struct direction {
    std::vector<std::deque<unsigned>> queues;  // bursts per id
    std::size_t waiting = 0;                   // in all queues
    std::uint64_t earliest = 0;                // no head is ready before
    unsigned next_id = 0;
    int presented = -1;  // burst whose AW or AR has not been taken yet
    unsigned open = 0;
  };
  direction reads, writes;
  std::deque<unsigned> data;  // presented writes whose W beats are not all sent
  unsigned beats_sent = 0;    // of the first of them
};

struct slave {
  struct answer {
    beat request;
    std::uint64_t at;
  };
  rtl_slave is;
  std::deque<answer> reads, writes;
  std::deque<beat> data;  // AWs whose W beats are not all there
  unsigned beats_given = 0;
  std::uint64_t next_w = 0, next_r = 0;  // no data beat before
  unsigned open = 0, opened = 0, closed = 0;
  bool writes_turn = false, contended = false;

  void clock() {
    open = open + opened - closed;
    if (contended) writes_turn = !writes_turn;
    opened = closed = 0;
    contended = false;
  }
};

struct router;

/// Where a link ends: at a port of a router, or at a slave (requests) or master (responses).
struct link {
  router* at = nullptr;
  unsigned port = 0;
  unsigned endpoint = 0;
};

struct slave_port {
  slave_port(std::vector<stage*>& clock, const rtl_parameters& p, unsigned stages)
      : aw(clock, stages, p.depth),
        w(clock, stages, p.depth),
        ar(clock, stages, p.depth),
        b(clock, stages, p.depth),
        r(clock, stages, p.depth),
        write_ids(p.id_bits, p.id_count),
        read_ids(p.id_bits, p.id_count) {}
  pipe& of(channel c) { return c == AW ? aw : c == W ? w : c == AR ? ar : c == B ? b : r; }

  pipe aw, w, ar;  // cuts, then the demultiplexer's register
  pipe b, r;       // the demultiplexer's register, then cuts
  id_counters write_ids, read_ids;
  bool aw_counted = false;  // the head of AW has passed its check
  unsigned open_w = 0;      // AWs that have, and whose last W beat has not left
  unsigned w_output = 0;    // where they go
  rr_arbiter b_arbiter, r_arbiter;
  link back;
};

struct master_port {
  master_port(std::vector<stage*>& clock, const rtl_parameters& p, unsigned stages)
      : aw(clock, stages, p.depth),
        w(clock, stages, p.depth),
        ar(clock, stages, p.depth),
        b(clock, stages, p.depth),
        r(clock, stages, p.depth),
        write_map(p.remap_ids, p.remap_count),
        read_map(p.remap_ids, p.remap_count) {}
  pipe& of(channel c) { return c == AW ? aw : c == W ? w : c == AR ? ar : c == B ? b : r; }

  pipe aw, w, ar;  // the multiplexer's register, then cuts
  pipe b, r;       // cuts, then the multiplexer's register
  remap_table write_map, read_map;
  int aw_id = -1, ar_id = -1;  // output ids of the requests at the tables in this cycle, -1: none passes
  rr_arbiter aw_arbiter, ar_arbiter;
  bool aw_entered = false;       // the winner of AW is in w_order
  std::deque<unsigned> w_order;  // inputs whose W beats are next
  link on;
};

struct router {
  std::vector<slave_port> in;
  std::vector<master_port> out;
  std::vector<std::uint8_t> way;      // output per destination, memory last
  std::vector<std::uint64_t> wanted;  // of the arbiters of one channel: a bit per requester
  std::size_t beats = 0;              // in its registers
};

}  // namespace ohmic::test::rtl

namespace ohmic::test {

class rtl_simulator::network {
 public:
  network(const network_tree& tree, const rtl_parameters& parameters, bool counts);
  std::uint64_t run(std::vector<rtl_burst>& bursts);
  const std::vector<rtl_channel>& channels() const { return counts_; }

 private:
  using master = rtl::master;
  using slave = rtl::slave;
  using link = rtl::link;
  using slave_port = rtl::slave_port;
  using master_port = rtl::master_port;
  using router = rtl::router;
  using channel = rtl::channel;
  struct place {
    router* at = nullptr;
    unsigned port = 0;
  };
  void connect(const network_tree& tree, std::size_t r, std::vector<unsigned>& taken);
  /// The registers of a channel, in the order in which beats pass them, and who sends it if no router does.
  struct counted {
    std::vector<pipe*> registers;
    const master_port* names = nullptr;  // whose table stands behind the first register
    const master* from_master = nullptr;
    const slave* from_slave = nullptr;
  };
  void count_channels(const network_tree& tree, const std::vector<unsigned>& level);
  void add_link(const std::string& name, slave_port* request_end, master_port* request_begin, master_port* response_end,
                slave_port* response_begin, const master* m, const slave* s);
  bool waits_to_enter(const counted& c, const std::string& name) const;
  void count_cycle(std::uint64_t cycles);
  void count_held(std::uint64_t cycles);

  static bool offered(master_port& port, channel c);
  bool takes(slave& s, master_port& port, channel c);
  bool takes(const link& l, channel c);
  void put(const link& l, channel c, const beat& b);
  void leave(router& from, stage& s, const link& l, channel c);
  void enter_multiplexer(master_port& port, channel c, const beat& b);

  void issue(unsigned index);
  int present(master::direction& d, unsigned limit, stage& to, router& at);
  void answer(unsigned index);
  void finish(unsigned index, const beat& b);

  unsigned output(const router& at, const beat& b) const;
  void cross_reads(router& at);
  void cross_writes(router& at);
  void cross_w(router& at, unsigned o);
  void cross_responses(router& at, channel c);
  void remap(router& at, master_port& port, channel c);
  void step(router& at);

  bool clock();
  std::uint64_t next_event() const;

  rtl_parameters p_;
  std::vector<stage*> clock_;
  std::vector<remap_table*> releasing_;
  std::vector<router> routers_;
  std::vector<master> masters_;
  std::vector<slave> slaves_;  // clusters, then memory
  std::vector<place> places_;  // of each slave
  std::vector<rtl_burst>* bursts_ = nullptr;
  std::uint64_t now_ = 0;
  std::size_t unanswered_ = 0;
  std::vector<counted> counted_;     // as counts_
  std::vector<rtl_channel> counts_;  // [link][channel]
};

}  // namespace ohmic::test
