#include "rtl/verilated_context.h"

#include <mutex>

namespace ohmic {
namespace {

std::mutex one_at_a_time;  // the run-time library notes the last context in a global variable

}  // namespace

std::unique_ptr<VerilatedContext> make_verilated_context() {
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  auto context = std::make_unique<VerilatedContext>();
  context->threads(1);
  context->quiet(true);
  return context;
}

void leave_verilated_context() {
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  Verilated::threadContextp(Verilated::defaultContextp());
}

}  // namespace ohmic
