#include "tests/ip/iss/flat_machine.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "platform/elf/elf_file.h"

namespace ohmic {

void flat_machine::boot(std::uint32_t text_address, const void* text, std::size_t size, std::uint32_t entry) {
  text_ = std::make_unique<decoded_text>(text_address, text, size);
  group_ = std::make_unique<iss_group>(*text_, 1, 0);
  group_->start(0, entry, 0);
}

void flat_machine::load_elf(const std::string& path, std::uint32_t extra) {
  const elf_file file = elf_file::load(path);
  std::vector<elf_segment> segments = file.segments();
  std::sort(segments.begin(), segments.end(),
            [](const elf_segment& a, const elf_segment& b) { return a.address < b.address; });
  for (const elf_segment& s : segments) {
    const bool last = &s == &segments.back();
    // Segments that touch or share a word become one region each; their ends are rounded so that words exist.
    map(s.address, s.size + (last ? extra : 0));
    write(s.address, s.bytes.data(), s.bytes.size());
  }
  symbols_.clear();
  for (const elf_symbol& s : file.symbols()) symbols_.emplace_back(s.name, s.address);
  const elf_segment text = file.text();
  boot(text.address, text.bytes.data(), text.bytes.size(), file.entry());
}

void flat_machine::load_code(std::uint32_t address, const void* bytes, std::size_t size) {
  if (find(address) == nullptr) map(address, static_cast<std::uint32_t>(size));
  write(address, bytes, size);
  boot(address, bytes, size, address);
}

void flat_machine::map(std::uint32_t address, std::uint32_t size) {
  regions_.push_back({address, std::vector<std::uint8_t>(size)});
  memory_end_ = std::max(memory_end_, address + size);
}

void flat_machine::fetch() {
  if (text_written_) {
    std::vector<std::uint8_t> bytes(text_->size());
    read(text_->base(), bytes.data(), bytes.size());
    text_->refresh(text_->base(), bytes.data(), bytes.size());
    text_written_ = false;
  }
  group_->fetch_complete(0, group_->time(0));
}

flat_machine::region* flat_machine::find(std::uint32_t address) {
  const auto holds = [address](const region& r) { return address - r.address < r.bytes.size(); };
  if (last_region_ < regions_.size() && holds(regions_[last_region_])) return &regions_[last_region_];
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    if (holds(regions_[i])) {
      last_region_ = i;
      return &regions_[i];
    }
  }
  return nullptr;
}

std::uint32_t flat_machine::access(const bus_request& r) {
  if (region* const m = find(r.addr); m != nullptr && r.addr - m->address + r.size <= m->bytes.size()) {
    std::uint8_t* const p = m->bytes.data() + (r.addr - m->address);
    std::uint32_t data = 0;
    if (r.write) {
      std::memcpy(p, &r.wdata, r.size);
      if (text_->contains(r.addr)) text_written_ = true;
    } else {
      std::memcpy(&data, p, r.size);
    }
    return data;
  }
  if (r.write && console_address_ && r.addr == *console_address_) {
    console_.push_back(static_cast<char>(r.wdata));
    return 0;
  }
  if (r.write && exit_address_ && r.addr == *exit_address_) {
    exit_code_ = r.wdata;
    exited_ = true;
    return 0;
  }
  if (device_) return device_(r);
  ++bad_accesses_;
  return bad_access_pattern;
}

std::uint32_t flat_machine::symbol(const std::string& name) const {
  for (const auto& [n, address] : symbols_) {
    if (n == name) return address;
  }
  throw std::runtime_error("no symbol '" + name + "' in the loaded program");
}

std::uint32_t flat_machine::call(std::uint32_t address, const std::vector<std::uint32_t>& arguments,
                                 std::uint64_t max_cycles, std::uint32_t stack) {
  constexpr std::uint32_t return_address = 0xfffffff0u;
  hart_state s = group_->save(0);
  for (unsigned i = 0; i < arguments.size() && i < 8; ++i) s.x[10 + i] = arguments[i];
  s.x[1] = return_address;
  s.x[2] = (stack != 0 ? stack : memory_end_) & ~15u;
  s.pc = address;
  group_->restore(0, s);
  if (run(max_cycles) != outcome::halted || group_->pc(0) != return_address) {
    throw std::runtime_error("the called function did not return");
  }
  return group_->save(0).x[10];
}

void flat_machine::read(std::uint32_t address, void* to, std::size_t size) const {
  auto& self = const_cast<flat_machine&>(*this);
  auto* out = static_cast<std::uint8_t*>(to);
  for (std::size_t i = 0; i < size; ++i) {
    const region* const m = self.find(address + static_cast<std::uint32_t>(i));
    if (m == nullptr) throw std::out_of_range("read outside the mapped memory");
    out[i] = m->bytes[address + i - m->address];
  }
}

void flat_machine::write(std::uint32_t address, const void* from, std::size_t size) {
  const auto* in = static_cast<const std::uint8_t*>(from);
  for (std::size_t i = 0; i < size; ++i) {
    region* const m = find(address + static_cast<std::uint32_t>(i));
    if (m == nullptr) throw std::out_of_range("write outside the mapped memory");
    m->bytes[address + i - m->address] = in[i];
  }
}

std::uint32_t flat_machine::read_word(std::uint32_t address) const {
  std::uint32_t v = 0;
  read(address, &v, 4);
  return v;
}

void flat_machine::set_reg(unsigned n, std::uint32_t value) {
  hart_state s = group_->save(0);
  s.x[n] = value;
  group_->restore(0, s);
}

void flat_machine::set_pc(std::uint32_t pc) {
  hart_state s = group_->save(0);
  s.pc = pc;
  group_->restore(0, s);
}

}  // namespace ohmic
