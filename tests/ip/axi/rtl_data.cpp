#include "tests/ip/axi/rtl_data.h"

#include <zlib.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace ohmic::test {

std::vector<rtl_case> read_rtl_cases(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<rtl_case> cases;
  char line[256];
  while (gzgets(file.get(), line, sizeof line) != nullptr) {
    if (line[0] == '#') {
      const std::string text = line + 2;
      const std::size_t end = text.find(" ; window ");
      if (end == std::string::npos) throw std::runtime_error(path + ": no window in: " + text);
      cases.push_back({text.substr(0, end), static_cast<unsigned>(std::stoul(text.substr(end + 10))), {}});
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

network_tree rtl_case_tree() { return network_tree::uniform({4, 2}); }

}  // namespace ohmic::test
