#include "tests/ip/axi/rtl_data.h"

#include <zlib.h>

#include <cstdio>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace ohmic::test {

namespace {

std::vector<unsigned> numbers(const std::string& text) {
  std::vector<unsigned> values;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ',');) values.push_back(static_cast<unsigned>(std::stoul(one)));
  return values;
}

rtl_slave slave_of(const std::vector<unsigned>& v) { return {v.at(0), v.at(1), v.at(2), v.at(3) != 0}; }

/// "key values" of a list's head.
void set(rtl_case& c, const std::string& key, const std::vector<unsigned>& values) {
  rtl_parameters& p = c.parameters;
  const unsigned value = values.at(0);
  if (key == "window") {
    p.master_reads = p.master_writes = value;
  } else if (key == "reads") {
    p.master_reads = value;
  } else if (key == "writes") {
    p.master_writes = value;
  } else if (key == "tree") {
    c.children = values;
  } else if (key == "latency") {
    p.latency = values;
  } else if (key == "id_bits") {
    p.id_bits = value;
  } else if (key == "id_count") {
    p.id_count = value;
  } else if (key == "w_order") {
    p.w_order = value;
  } else if (key == "fall_through") {
    p.fall_through = value != 0;
  } else if (key == "remap_ids") {
    p.remap_ids = value;
  } else if (key == "remap_count") {
    p.remap_count = value;
  } else if (key == "cluster") {
    p.cluster = slave_of(values);
  } else if (key == "memory") {
    p.memory = slave_of(values);
  } else {
    throw std::runtime_error("unknown key " + key);
  }
}

rtl_case head_of(const std::string& line) {
  rtl_case c;
  constexpr char separator[] = " ; ";
  std::size_t begin = line.find(separator);
  c.name = line.substr(2, begin - 2);
  while (begin != std::string::npos) {
    begin += 3;
    const std::size_t end = line.find(separator, begin);
    const std::string item = line.substr(begin, end - begin);
    const std::size_t space = item.find(' ');
    set(c, item.substr(0, space), numbers(item.substr(space + 1)));
    begin = end;
  }
  return c;
}

}  // namespace

std::vector<rtl_case> read_rtl_cases(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<rtl_case> cases;
  char line[512];
  while (gzgets(file.get(), line, sizeof line) != nullptr) {
    if (line[0] == '#') {
      cases.push_back(head_of(line));
      continue;
    }
    rtl_burst b;
    unsigned write = 0;
    unsigned long long ready = 0, sent = 0, first = 0, last = 0;
    if (cases.empty() || std::sscanf(line, "%u,%u,%u,%u,%u,%llu,%llu,%llu,%llu", &b.master, &write, &b.dest, &b.beats,
                                     &b.id, &ready, &sent, &first, &last) != 9) {
      throw std::runtime_error(path + ": not a burst: " + line);
    }
    b.write = write != 0;
    if (b.dest == 255) b.dest = rtl_burst::memory;
    b.ready = ready;
    b.sent = sent;
    b.first = first;
    b.last = last;
    cases.back().bursts.push_back(b);
  }
  if (cases.empty()) throw std::runtime_error(path + ": no lists");
  return cases;
}

}  // namespace ohmic::test
