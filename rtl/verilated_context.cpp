#include "rtl/verilated_context.h"

namespace ohmic {

std::mutex& verilated_in_the_making() {
  static std::mutex one_at_a_time;
  return one_at_a_time;
}

std::unique_ptr<VerilatedContext> make_verilated_context() {
  const std::lock_guard<std::mutex> lock(verilated_in_the_making());
  auto context = std::make_unique<VerilatedContext>();
  context->threads(1);
  context->quiet(true);
  return context;
}

void leave_verilated_context() {
  const std::lock_guard<std::mutex> lock(verilated_in_the_making());
  Verilated::threadContextp(Verilated::defaultContextp());
}

}  // namespace ohmic
