#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace ohmic::test {

/// A reference for the network: every beat of every channel is moved on its own, cycle by cycle. Written from
/// the rules of DESIGN.md, "Network timing"; shares nothing with the model:
///
/// - A tree of routers; crossing one takes its latency, requests and responses alike.
/// - Five channels per link and direction, AR, AW, W, R, B; each moves one beat (64 bytes of data) per cycle.
/// - AR, AW and B are arbitrated round robin per output. W beats follow in the order of that output's AWs. R
///   keeps its input for a whole burst, then round robin.
/// - A beat moves on as soon as it is there and its turn has come. Queues, per input and output, are
///   unbounded.
/// - HBM takes `hbm_outstanding` bursts at a time, 100 cycles each, pipelined, one beat per cycle and
///   direction. A write may be taken when its first beat is there; one read and one write per cycle, in turns
///   if there is room for one.
/// - Clusters answer a read from the cycle of its AR on, one beat per cycle, a write in the cycle of its last
///   beat.
/// - A master sends its list in order (reads and writes apart), at most `window` of each unanswered, one AR
///   per cycle, W beats back to back.
struct traffic_burst {
  unsigned from = 0;
  int to = 0;  ///< cluster, or -1: HBM
  bool write = false;
  unsigned beats = 1;
  std::uint64_t earliest = 0;  ///< not sent before this cycle
  std::uint64_t sent = 0;      ///< results: AR or AW at the cluster's boundary
  std::uint64_t answered = 0;  ///< first R beat or B back at the boundary
  std::uint64_t complete = 0;  ///< last R beat or B
};

class beat_simulator {
 public:
  struct shape {
    std::vector<unsigned> factors;    ///< top first
    std::vector<unsigned> latencies;  ///< same order
    unsigned window = 16;
    unsigned hbm_latency = 100;
    unsigned hbm_outstanding = 32;
  };

  explicit beat_simulator(const shape& s);

  /// Runs until all of `traffic` is answered and returns the number of cycles. Fills in the results.
  std::uint64_t run(std::vector<traffic_burst>& traffic);

 private:
  enum channel { AR, AW, W, R, B, channels };
  struct beat {
    unsigned burst;
    bool last;
    std::uint64_t arrival;
  };
  struct output {
    std::vector<std::deque<beat>> waiting;  // per input
    std::deque<unsigned> order;             // W: inputs in the order of granted AWs
    std::size_t queued = 0;                 // beats in all inputs
    unsigned pointer = 0;                   // input to be looked at first
    int locked = -1;                        // R: input in the middle of a burst
  };
  struct port {
    int router = -1;        // neighbour, or -1
    unsigned far_port = 0;  // its port there
    int cluster = -1;       // cluster at this port, or -1
    bool hbm = false;
    output out[channels];
  };
  struct node {
    unsigned latency;
    unsigned first, span, child_span, children;
    std::vector<port> ports;
  };
  struct master {
    std::deque<unsigned> reads, writes;  // still to be sent
    unsigned open_reads = 0, open_writes = 0;
    std::uint64_t w_free = 0;
  };
  struct endpoint {  // a slave: clusters and HBM
    std::deque<beat> arriving[channels];
    std::deque<unsigned> r_queue;       // accepted reads in order, with ...
    std::deque<std::uint64_t> r_ready;  // ... the cycle of their first beat
    unsigned r_sent = 0;
    std::deque<unsigned> b_queue;
    std::deque<std::uint64_t> b_ready;
    std::deque<unsigned> reads_at_port, writes_at_port;  // AR, AW here
    unsigned first_beats = 0;  // writes whose first data beat is here and that are not accepted yet
    unsigned last_beats = 0;   // writes whose last data beat is here and that are not finished yet
    bool in_burst = false;     // W: between a first and a last beat
    bool writes_turn = false;
    unsigned inside = 0;
    std::deque<unsigned> accepted_writes;
  };

  void build(const shape& s, std::size_t level, unsigned first, unsigned span, int parent, unsigned parent_port);
  unsigned way(const node& n, int target) const;
  void arrive(int router, unsigned in_port, channel c, beat b);
  void move(node& n, port& p, channel c);
  void masters();
  void slave(endpoint& e, bool is_hbm, int router, unsigned port_number);

  shape shape_;
  std::vector<node> nodes_;
  std::vector<master> masters_;
  std::vector<endpoint> slaves_;                 // clusters, then HBM
  std::vector<std::pair<int, unsigned>> place_;  // router and port of each slave
  std::vector<std::deque<beat>> answers_;        // per cluster: R and B beats that have come back
  std::vector<traffic_burst>* traffic_ = nullptr;
  std::uint64_t now_ = 0;
  std::size_t open_ = 0;
};

}  // namespace ohmic::test
