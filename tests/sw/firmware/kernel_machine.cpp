#include "tests/sw/firmware/kernel_machine.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace ohmic {

std::uint32_t kernel_machine::symbol(const std::string& name) const {
  for (const elf_symbol& s : file_.symbols()) {
    if (s.name == name) return s.address;
  }
  throw std::runtime_error("no symbol " + name);
}

std::uint8_t* kernel_machine::at(std::uint32_t address, unsigned size) {
  if (address >= l1_base && address - l1_base + size <= l1_bytes) {
    const std::uint32_t offset = address - l1_base;
    const auto inside = [&](const std::pair<std::uint32_t, std::uint32_t>& range) {
      return offset >= range.first && offset + size <= range.second;
    };
    if (fenced_ && offset >= first_free && std::none_of(allowed_.begin(), allowed_.end(), inside))
      throw std::runtime_error("access outside of the buffers at L1 offset " + std::to_string(offset));
    return l1_.data() + offset;
  }
  for (const elf_segment& s : file_.segments()) {
    if (address >= s.address && address - s.address + size <= s.bytes.size())
      return const_cast<std::uint8_t*>(s.bytes.data()) + (address - s.address);
  }
  throw std::runtime_error("access outside memory at " + std::to_string(address));
}

cycle_t kernel_machine::run(unsigned cores, const std::string& function, const std::vector<std::uint32_t>& arguments) {
  constexpr std::uint32_t return_address = 0xfffffff0u;
  constexpr cycle_t limit = 1'000'000'000;  // a hundred times what the largest job of any test takes on one core
  const elf_segment text = file_.text();
  const decoded_text decoded(text.address, text.bytes.data(), text.bytes.size());
  iss_group group(decoded, cores, 0);
  null_observer silent;
  cycle_t most = 0;
  for (unsigned h = 0; h < cores; ++h) {
    group.start(h, symbol(function), 0);
    hart_state s = group.save(h);
    for (unsigned i = 0; i < arguments.size(); ++i) s.x[10 + i] = arguments[i];
    s.x[1] = return_address;
    s.x[2] = l1_base + first_free - 1024 * h;
    group.restore(h, s);
    for (bool running = true; running;) {
      switch (group.advance(h, limit, silent)) {
        case core_stop::bus: {
          const bus_request r = group.request(h);
          std::uint32_t data = 0;
          std::uint8_t* const p = at(r.addr, r.size);
          if (r.write)
            std::memcpy(p, &r.wdata, r.size);
          else
            std::memcpy(&data, p, r.size);
          group.complete(h, data, r.cycle, r.cycle + 1);
          break;
        }
        case core_stop::fetch:
          group.fetch_complete(h, group.time(h) + line_cycles_);
          break;
        case core_stop::horizon:
          throw std::runtime_error(function + " does not return");
        case core_stop::halted:
          running = false;
          break;
      }
    }
    if (group.save(h).pc != return_address) throw std::runtime_error(function + " left its text");
    result_ = group.save(h).x[10];
    most = std::max(most, group.time(h));
  }
  return most;
}

}  // namespace ohmic
