#pragma once

#include <cstddef>
#include <functional>

namespace ohmic {

/// Processors this process may use: fewer than the machine's inside a container or under taskset.
unsigned usable_processors();

/// Calls work(0) .. work(count-1) on `threads` threads (0: as many as the process may use), each index once,
/// in any order. `progress` gets the number done so far, one call at a time. The first exception of `work` is
/// thrown again after all threads have ended.
void share_work(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work,
                const std::function<void(std::size_t)>& progress = {});

}  // namespace ohmic
