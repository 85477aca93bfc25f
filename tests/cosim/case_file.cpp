#include "tests/cosim/case_file.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "ip/iss/disassembler.h"

namespace ohmic::test {
namespace {

template <class... A>
std::string print(const char* format, A... arguments) {
  char text[200];
  std::snprintf(text, sizeof text, format, arguments...);
  return text;
}

std::string listing(const test_program& program) {
  const assembled_program text = assemble(program);
  std::string lines;
  std::uint32_t pc = test_program::body;
  while (pc < text.end) {
    const auto half = [&](std::uint32_t at) {
      const std::uint32_t offset = at - test_program::base;
      return text.words[offset / 4] >> (offset % 4 * 8) & 0xffff;
    };
    const bool wide = (half(pc) & 3) == 3 && pc + 2 < text.end;
    const std::uint32_t word = wide ? half(pc) | half(pc + 2) << 16 : half(pc);
    lines += print("%08x ", pc) + (wide ? print("%08x", word) : print("    %04x", word)) + "  " +
             iss::disassemble(pc, word) + "\n";
    pc += wide ? 4 : 2;
  }
  return lines;
}

/// Words of one line of a case file.
class fields {
 public:
  explicit fields(const std::string& line) : in_(line) {}
  std::string word() {
    std::string w;
    if (!(in_ >> w)) throw std::runtime_error("something is missing at the end");
    return w;
  }
  bool more() { return static_cast<bool>(in_ >> std::ws) && in_.peek() != EOF; }
  std::uint32_t number(int base) {
    const std::string w = word();
    std::size_t used = 0;
    unsigned long long value = 0;
    try {
      value = std::stoull(w, &used, base);
    } catch (const std::logic_error&) {
      used = 0;
    }
    if (used != w.size() || value > 0xffffffffull) throw std::runtime_error("'" + w + "' is no number");
    return static_cast<std::uint32_t>(value);
  }
  std::uint32_t named(const char* name, int base) {
    if (const std::string w = word(); w != name)
      throw std::runtime_error("'" + w + "' where '" + name + "' is expected");
    return number(base);
  }

 private:
  std::istringstream in_;
};

template <class T>
T& nth(std::vector<T>& list, std::uint32_t n) {
  if (n == 0 || n > 1000000) throw std::runtime_error("they are counted from 1");
  if (list.size() < n) list.resize(n);
  return list[n - 1];
}

void read_setting(lockstep_case& c, const std::string& what, fields& f) {
  if (what == "mtvec") {
    const std::string mode = f.word();
    if (mode != "direct" && mode != "vectored") throw std::runtime_error("mtvec is direct or vectored");
    c.program.vectored = mode == "vectored";
  } else if (what == "interrupts") {
    const std::string on = f.word();
    if (on != "on" && on != "off") throw std::runtime_error("interrupts are on or off");
    c.program.interrupts = on == "on";
  } else if (what == "register") {
    const std::string name = f.word();
    const unsigned r = name.size() > 1 && name[0] == 'x' ? static_cast<unsigned>(std::atoi(name.c_str() + 1)) : 0;
    if (r < 1 || r > 31) throw std::runtime_error("registers are x1 to x31");
    c.program.x[r] = f.number(16);
  } else if (what == "memory") {
    const std::uint32_t addr = f.number(16);
    store(c.program.memory, addr, f.number(16), 4);
  } else if (what == "access") {
    access_wait& w = nth(c.what.accesses, f.number(10));
    w.grant = f.named("grant", 10);
    w.response = f.named("response", 10);
  } else if (what == "line") {
    line_wait& w = nth(c.what.lines, f.number(10));
    w.cycles = f.named("wait", 10);
  } else if (what == "event") {
    event_answer& e = nth(c.what.events, f.number(10));
    e.wait = f.named("wait", 10);
    e.value = f.named("value", 16);
    if (f.more()) {
      e.lines = f.named("lines", 16);
      e.length = f.named("length", 10);
    }
  } else if (what == "pulse") {
    interrupt_pulse p;
    p.at = f.named("at", 10);
    p.lines = f.named("lines", 16);
    p.length = f.named("length", 10);
    if (!c.what.pulses.empty() && c.what.pulses.back().at > p.at) throw std::runtime_error("pulses go by time");
    c.what.pulses.push_back(p);
  } else {
    throw std::runtime_error("unknown word '" + what + "'");
  }
}

void read_instruction(lockstep_case& c, fields& f) {
  f.number(16);  // pc
  const std::string digits = f.word();
  if (digits.size() != 4 && digits.size() != 8) throw std::runtime_error("an instruction has four or eight digits");
  program_unit u;
  append(u, fields(digits).number(16));
  if (u.halves.size() * 4 != digits.size()) u.halves.resize(digits.size() / 4);
  c.program.units.push_back(std::move(u));
}

}  // namespace

std::string to_text(const lockstep_case& c, const std::string& comment) {
  std::string text;
  std::istringstream lines(comment);
  for (std::string line; std::getline(lines, line);) text += line.empty() ? "#\n" : "# " + line + "\n";
  if (c.program.vectored) text += "mtvec vectored\n";
  if (c.program.interrupts) text += "interrupts on\n";
  for (unsigned r = 1; r < 32; ++r) {
    if (c.program.x[r] != 0) text += print("register x%u %08x\n", r, c.program.x[r]);
  }
  for (std::uint32_t at = 0; at + 4 <= c.program.memory.size(); at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, &c.program.memory[at], 4);
    if (word != 0) text += print("memory %08x %08x\n", test_program::data + at, word);
  }
  for (std::size_t n = 0; n < c.what.accesses.size(); ++n) {
    const access_wait& w = c.what.accesses[n];
    if (!w.nothing()) text += print("access %zu grant %u response %u\n", n + 1, w.grant, w.response);
  }
  for (std::size_t n = 0; n < c.what.lines.size(); ++n) {
    if (!c.what.lines[n].nothing()) text += print("line %zu wait %u\n", n + 1, c.what.lines[n].cycles);
  }
  for (std::size_t n = 0; n < c.what.events.size(); ++n) {
    const event_answer& e = c.what.events[n];
    if (e.nothing()) continue;
    text += print("event %zu wait %u value %08x", n + 1, e.wait, e.value);
    text += e.lines != 0 ? print(" lines %08x length %u\n", e.lines, e.length) : "\n";
  }
  for (const interrupt_pulse& p : c.what.pulses)
    text += print("pulse at %" PRIu64 " lines %08x length %u\n", p.at, p.lines, p.length);
  return text + "program\n" + listing(c.program);
}

lockstep_case case_from_text(const std::string& text) {
  lockstep_case c;
  c.program.memory.resize(4096);
  std::istringstream lines(text);
  bool in_program = false;
  unsigned number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line.resize(std::min(line.size(), line.find('#')));
    fields f(line);
    if (!f.more()) continue;
    try {
      if (in_program) {
        read_instruction(c, f);
      } else if (const std::string what = f.word(); what == "program") {
        in_program = true;
      } else {
        read_setting(c, what, f);
      }
    } catch (const std::runtime_error& error) {
      throw std::runtime_error("line " + std::to_string(number) + ": " + error.what());
    }
  }
  if (!in_program) throw std::runtime_error("line " + std::to_string(number) + ": there is no program");
  return c;
}

}  // namespace ohmic::test
