#include "host/start_threads.h"

#include <stdexcept>
#include <string>
#include <system_error>

namespace ohmic {

void start_threads(std::vector<std::thread>& threads, unsigned count, const std::function<void(unsigned)>& work,
                   const std::function<void()>& give_up) {
  threads.reserve(threads.size() + count);
  for (unsigned i = 1; i <= count; ++i) {
    try {
      threads.emplace_back(work, i);
    } catch (const std::system_error& error) {
      give_up();
      for (std::thread& t : threads) t.join();
      threads.clear();
      throw std::runtime_error("cannot start thread " + std::to_string(i + 1) + " of " + std::to_string(count + 1) +
                               ": " + error.code().message() + "; --threads N asks for fewer");
    }
  }
}

}  // namespace ohmic
