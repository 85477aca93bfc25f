#pragma once

#include <functional>
#include <string>
#include <vector>

namespace ohmic {

/// What became of one piece of work. Neither: it was stopped.
struct child_outcome {
  bool finished = false;
  std::string error;  ///< what the work threw, or how its process ended
};

/// Runs work(0) .. work(count - 1), each in a process of its own that begins as a copy of this one, `at_once` of them
/// (>= 1) at a time, begun in order.
///
/// `work` is given `tell`, by which it sends messages; heard(i, message) gets them here, in the order in which i told
/// them. Once heard() returns false for an i, its process is ended and nothing more is heard of it. When this process
/// ends, however that is, so do the others. What a child's work leaves in memory is lost; it runs no destructors of
/// what it was born with, and prints nothing that was waiting to be printed here.
///
/// To be called while this process has one thread. Throws std::runtime_error where no process can be begun.
std::vector<child_outcome> run_in_children(
    unsigned count, unsigned at_once,
    const std::function<void(unsigned i, const std::function<void(const std::string&)>& tell)>& work,
    const std::function<bool(unsigned i, const std::string& message)>& heard);

}  // namespace ohmic
