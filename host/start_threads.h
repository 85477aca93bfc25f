#pragma once

#include <functional>
#include <thread>
#include <vector>

namespace ohmic {

/// Adds `count` threads to `threads`; thread i calls work(i), from 1 on, because the caller is the first. If the system
/// does not give that many, calls give_up(), which must make those that run return, waits for them, and throws
/// std::runtime_error with the number and the reason.
void start_threads(std::vector<std::thread>& threads, unsigned count, const std::function<void(unsigned)>& work,
                   const std::function<void()>& give_up);

}  // namespace ohmic
