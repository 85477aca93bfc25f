#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

/// The plan reduced to columns and frontiers: what decides whether a run can stop. Buffers are rings and
/// parked regions.
struct token_buffer {
  unsigned slots = 0;
  unsigned columns_per_image = 1;
  bool sequence = false;
  unsigned turns = 0;               ///< as of a plan_ring
  bool follows = false;             ///< OHMIC_RING_FOLLOWS
  std::vector<unsigned> producers;  ///< steps, by position of their frontier word
  std::vector<unsigned> readers;    ///< steps
  unsigned cluster = 0;
  int parked = -1;    ///< index into plan::parked, else
  unsigned ring = 0;  ///< of the cluster
};

struct token_input {
  unsigned buffer = 0;
  plan_window window;
  /// By tile of an image, of buffers that are no sequence: the first column that it needs, and the end of those.
  std::vector<std::uint32_t> first, end;
};

struct token_output {
  unsigned buffer = 0, producer = 0;
  bool sequence = false;
  column_demand demand;
  /// By tile of an image, where it is no sequence: 1 + the last column of the tile that goes there (0: none), and the
  /// first column from this tile on that does, which may be one of the next image.
  std::vector<std::uint32_t> end, next;
};

struct token_step {
  unsigned cluster = 0;
  int stage = 0;
  const char* kind = "";
  unsigned columns_per_image = 1;
  replica_rule makes;
  unsigned tiles = 0;  ///< of an image that it makes
  std::vector<token_input> inputs;
  std::vector<token_output> outputs;
};

struct token_net {
  std::vector<token_buffer> buffers;
  std::vector<token_step> steps;
};

token_net make_token_net(const deployment_plan& plan);
/// The same without what tiles need and send: who writes and reads what.
token_net connect_tokens(const deployment_plan& plan);

/// One run of the net, step by step, with the readiness rules of sw/deployment/deployment.h. A ready step
/// stays ready until it fires, whatever else fires: so every order of firing ends in the same state.
class token_run {
 public:
  token_run(const token_net& net, std::uint32_t images);

  /// A column of an image that `needed` passes although a replica may still have to write it: one between the end of a
  /// tile's window and the begin of the next one's that is sent all the same. None where all columns of the buffer
  /// have one producer, which writes in order. Independent of any run.
  std::optional<unsigned> late_column(unsigned buffer) const;

  bool finished(unsigned step) const { return at_[step].image == images_; }
  bool ready(unsigned step) const;
  /// Runs the step's next tile; it must be ready.
  void fire(unsigned step);

  /// Fires until nothing is ready; the steps of `late` only when nothing else is, the first of them first.
  void run(const std::vector<bool>& late = {});
  bool all_finished() const;

  /// Most columns (distance from released to the newest) that the buffer ever held.
  std::uint64_t peak(unsigned buffer) const { return peak_[buffer]; }

  /// For a stopped run: the buffers without room in the cycle of steps that wait for each other.
  std::vector<unsigned> buffers_without_room() const;

  /// For a stopped run: the cycle of steps that wait for each other, as a sentence.
  std::string explain_deadlock(const deployment_plan& plan) const;

 private:
  /// The next tile of a step: of which image, which of its own there, and which of all its own.
  struct position {
    std::uint64_t image = 0;
    unsigned tile = 0;
    std::uint64_t order = 0;
  };
  struct wait_reason {
    bool waiting = false, for_room = false;
    unsigned buffer = 0, step = 0;
  };
  std::uint64_t first_needed(unsigned step, const token_input& input, const position& at) const;
  std::uint64_t end_needed(unsigned step, const token_input& input, const position& at) const;
  std::uint64_t least_needed(unsigned buffer) const;
  std::uint64_t released(unsigned buffer) const;
  /// 1 + the last column of the tile that goes to the output, 0 if none does.
  std::uint64_t end_written(unsigned step, const token_output& output) const;
  std::uint64_t next_frontier(unsigned step, const token_output& output) const;
  wait_reason why_waiting(unsigned step) const;
  std::vector<unsigned> waiting_cycle() const;

  const token_net& net_;
  std::uint32_t images_;
  std::vector<position> at_;                          // by step
  std::vector<std::vector<std::uint64_t>> frontier_;  // by buffer and producer
  std::vector<std::uint64_t> produced_, needed_;      // by buffer: the least frontier; the first column readers need
  std::vector<std::uint64_t> peak_;
};

/// Images after which a run repeats itself: more than all rings hold.
std::uint32_t images_to_prove(const token_net& net);

/// Decides which rings have to follow their producers (plan_ring::follows).
void mark_followers(deployment_plan& plan);

/// Proves that every run ends, that no tile wraps around a ring's end, and that whatever is fast or slow no column is
/// written into a slot that was given to a newer one: throws mapping_error naming the stages otherwise. The plan
/// repeats itself from image to image and runs are order-independent, so a run longer than all rings together is as
/// good as any.
void prove_live(const deployment_plan& plan);

}  // namespace ohmic
