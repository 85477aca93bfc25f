#include "tests/ip/axi/recorded_traffic.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace ohmic::test {
namespace {

constexpr const char* columns = "master,access,target,address,bytes,id,ready,sent,arrived,first,last,response";

std::uint64_t number(const std::string& word) {
  std::size_t used = 0;
  const std::uint64_t value = std::stoull(word, &used, 0);
  if (used != word.size()) throw std::invalid_argument(word);
  return value;
}

}  // namespace

std::vector<rtl_burst> read_recorded_traffic(const std::string& path, unsigned width) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || line != columns) throw std::runtime_error(path + " is no trace of bursts");
  std::vector<rtl_burst> bursts;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::vector<std::string> field;
    for (std::string word; std::getline(fields, word, ',');) field.push_back(word);
    try {
      const std::string& target = field.at(2);
      if (target == "platform" || target == "none") continue;
      rtl_burst b;
      b.master = static_cast<unsigned>(number(field.at(0)));
      b.write = field.at(1) == "write";
      b.dest = target == "hbm" ? rtl_burst::memory : static_cast<unsigned>(number(target));
      b.beats = static_cast<unsigned>((number(field.at(3)) % width + number(field.at(4)) + width - 1) / width);
      b.id = static_cast<unsigned>(number(field.at(5)));
      b.ready = number(field.at(6)) + 1;  // lists begin with cycle 1
      b.sent = number(field.at(7)) + 1;
      b.first = number(field.at(9)) + 1;
      b.last = number(field.at(10)) + 1;
      bursts.push_back(b);
    } catch (const std::exception&) {
      throw std::runtime_error(path + ": no burst: " + line);
    }
  }
  std::stable_sort(bursts.begin(), bursts.end(),
                   [](const rtl_burst& a, const rtl_burst& b) { return a.ready < b.ready; });
  return bursts;
}

}  // namespace ohmic::test
