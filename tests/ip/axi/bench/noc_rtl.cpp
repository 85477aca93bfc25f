// How far the network is from the RTL's lists, and from the simulator of the RTL's rules: a line of JSON per figure.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/ip/axi/judge_case.h"
#include "tests/ip/axi/recorded_traffic.h"
#include "tests/ip/axi/rtl_data.h"

namespace {

using namespace ohmic::test;

struct figure {
  explicit figure(std::string of) : name(std::move(of)) {}

  std::string name;
  unsigned cases = 0, exact = 0;
  double worst = 0, sum = 0;  // absolute errors
  std::string worst_case;

  void add(const std::string& of, double error, bool is_exact) {
    ++cases;
    exact += is_exact;
    sum += std::abs(error);
    if (std::abs(error) < worst || (cases > 1 && std::abs(error) == worst)) return;
    worst = std::abs(error);
    worst_case = of;
  }
  void print() const {
    std::printf(
        "{\"name\": \"%s\", \"cases\": %u, \"exact_cases\": %u, \"worst_error\": %.6f, \"mean_error\": %.6f, "
        "\"worst_case\": \"%s\"}\n",
        name.c_str(), cases, exact, worst, cases == 0 ? 0 : sum / cases, worst_case.c_str());
  }
};

bool begins(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }
bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

/// The name of a kind of lists: without its seed.
std::string kind_of(const std::string& name) { return name.substr(0, name.find("/seed ")); }

/// The bursts that a run had, presented in the cycles in which the run presented them.
int judge_recorded(const std::string& file, const std::string& children) try {
  judge_case c;
  std::istringstream words(children);
  for (std::string word; std::getline(words, word, ',');) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size() || number < 1 || number > 64)
      throw std::invalid_argument(children + ": children of a router per level, as in 4,4,4, are expected");
    c.children.push_back(number);
  }
  const std::vector<rtl_burst> list = read_recorded_traffic(file, 64);
  for (const rtl_burst& b : list)
    if (b.master >= c.clusters() || (b.dest != rtl_burst::memory && b.dest >= c.clusters()))
      throw std::invalid_argument(file + " is of more clusters than " + children + " has");
  const judgement j = judge(c, list);
  figure latency{"independent simulator, recorded traffic: latency"},
      throughput{"independent simulator, recorded traffic: throughput"};
  latency.add(file, j.latency, j.different == 0);
  throughput.add(file, j.throughput, j.different == 0);
  latency.print();
  throughput.print();
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "ohmic_bench_noc_rtl: %s\n", e.what());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned seeds = 60;
  if (argc == 4 && std::string(argv[1]) == "--recorded") return judge_recorded(argv[2], argv[3]);
  if (argc > 1) {
    const std::string word = argv[1];
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), seeds);
    if (argc > 2 || error != std::errc{} || end != word.data() + word.size() || seeds < 1 || seeds > 100'000) {
      std::fprintf(
          stderr,
          "ohmic_bench_noc_rtl: allowed: [RANDOM NETWORKS, 1 to 100000], or --recorded FILE CHILDREN,... for a "
          "file of ohmic run --trace-bursts\n");
      return 2;
    }
  }

  const std::vector<rtl_case> cases = read_rtl_cases(OHMIC_RTL_DATA "/traffic_8_clusters.csv.gz");
  // What a kind of traffic reaches when everything is ready at once.
  std::map<std::string, double> saturation;
  for (const rtl_case& c : cases) {
    const std::string kind = kind_of(c.name);
    const std::size_t end = kind.find("/saturated");
    if (end != std::string::npos) saturation[kind.substr(0, end)] = figures_of(c.bursts).throughput;
  }
  saturation["uniform/write"] = 2.85;  // no list; the reference's own figure

  figure zero{"zero load and hot spots: latency"}, below{"up to 70 % of saturation: latency"};
  figure knee{"70-85 % of saturation: latency"}, knee_mean{"70-85 % of saturation: latency, mean over seeds"};
  figure saturated{"saturated: throughput"}, same{"same id and mixed: latency"},
      same_rate{"same id and mixed: throughput"};
  figure above{"above 85 % of saturation: latency"}, fair{"fairness: bursts done at the first master's end"};
  std::map<std::string, std::pair<double, double>> knees;  // sums of latencies: the network's, the RTL's
  for (const rtl_case& c : cases) {
    std::vector<rtl_burst> mine = c.bursts;
    fabric_player(c.children, c.parameters).run(mine);
    const traffic_figures f = figures_of(mine), rtl = figures_of(c.bursts);
    bool exact = true;
    for (std::size_t i = 0; i < mine.size(); ++i)
      exact &=
          mine[i].sent == c.bursts[i].sent && mine[i].first == c.bursts[i].first && mine[i].last == c.bursts[i].last;
    const double latency = f.latency / rtl.latency - 1, throughput = f.throughput / rtl.throughput - 1;
    fair.add(c.name, unfairness(done_at_first_end(mine), done_at_first_end(c.bursts)), exact);
    if (has(c.name, "/saturated")) {
      saturated.add(c.name, throughput, exact);
    } else if (has(c.name, "/load ")) {
      const std::string kind = kind_of(c.name);
      const double part = rtl.throughput / saturation[kind.substr(0, kind.find("/load "))];
      if (part > 0.85) {
        above.add(c.name, latency, exact);
      } else if (part > 0.70) {
        knee.add(c.name, latency, exact);
        knees[kind].first += f.latency;
        knees[kind].second += rtl.latency;
      } else {
        below.add(c.name, latency, exact);
      }
    } else if (begins(c.name, "same id") || begins(c.name, "two ids") || begins(c.name, "mixed")) {
      same.add(c.name, latency, exact);
      same_rate.add(c.name, throughput, exact);
    } else {
      zero.add(c.name, latency, exact);
    }
  }
  for (const auto& [kind, sums] : knees) knee_mean.add(kind, sums.first / sums.second - 1, sums.first == sums.second);
  for (const figure* f : {&zero, &below, &knee, &knee_mean, &above, &saturated, &same, &same_rate, &fair}) f->print();

  figure latency{"independent simulator, random networks: latency"},
      throughput{"independent simulator, random networks: throughput"};
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    const judge_case c = draw_judge_case(seed, seed % 10 == 0 ? 512 : 64, seed % 10 == 0 ? 10 : 40);
    const judgement j = judge(c);
    latency.add(c.text(), j.latency, j.different == 0);
    throughput.add(c.text(), j.throughput, j.different == 0);
  }
  latency.print();
  throughput.print();
}
