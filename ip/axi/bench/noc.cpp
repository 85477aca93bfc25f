// How many bursts per second of wall time the network alone moves: 512 ports, random traffic, closed loop.
#include <sys/resource.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "ip/axi/axi_network.h"
#include "ip/axi/fabric.h"

namespace {

using namespace ohmic;

/// A cluster that keeps `open` bursts of random size and destination in flight, and answers at once.
class random_port : public sc_core::sc_module, tlm::tlm_fw_transport_if<>, tlm::tlm_bw_transport_if<> {
 public:
  random_port(sc_core::sc_module_name name, axi_network& network, unsigned index, unsigned open,
              std::uint64_t& remaining, axi_payload_pool& payloads)
      : sc_module(name),
        master("master"),
        slave("slave"),
        map_(network.config().map),
        index_(index),
        bursts_(open),
        remaining_(remaining),
        payloads_(payloads),
        random_(0x9E37'79B9'7F4A'7C15u * (index + 1)) {
    master.bind(static_cast<tlm::tlm_bw_transport_if<>&>(*this));
    slave.bind(static_cast<tlm::tlm_fw_transport_if<>&>(*this));
    master.bind(network.cluster_in(index));
    network.cluster_out(index).bind(slave);
  }
  void start() {
    for (axi_burst& burst : bursts_) send(burst, sc_core::SC_ZERO_TIME);
  }

  axi_initiator_socket master;
  axi_target_socket slave;

 private:
  std::uint32_t random() {  // xorshift
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<std::uint32_t>(random_ >> 20);
  }
  // Three of four bursts go to a cluster of the same L3 quadrant (64 clusters), as a placed pipeline's do; 64
  // bytes to 4 KiB; half of them writes.
  void send(axi_burst& burst, sc_core::sc_time delay) {
    if (remaining_ == 0) return;
    --remaining_;
    const std::uint32_t r = random();
    const unsigned to = (r & 3) != 0 ? (index_ & ~63u) | ((r >> 2) & 63) : (r >> 2) % map_.cluster_count;
    burst.addr = map_.cluster_base + to * map_.cluster_stride;
    burst.bytes = 64u << ((r >> 12) % 7);
    burst.write = (r >> 16 & 1) != 0;
    burst.initiator = static_cast<std::uint16_t>(index_);
    burst.data = data_;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    master->nb_transport_fw(*payloads_.acquire(&burst), phase, delay);
  }
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase&,
                                     sc_core::sc_time& delay) override {
    axi_burst* const burst = burst_of(payload);
    payload.release();
    send(*burst, delay);
    return tlm::TLM_COMPLETED;
  }
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase&, sc_core::sc_time&) override {
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return tlm::TLM_COMPLETED;
  }
  void b_transport(tlm::tlm_generic_payload&, sc_core::sc_time&) override {}
  unsigned transport_dbg(tlm::tlm_generic_payload&) override { return 0; }
  bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

  address_map map_;
  unsigned index_;
  std::vector<axi_burst> bursts_;
  std::uint64_t& remaining_;
  axi_payload_pool& payloads_;
  std::uint64_t random_;
  std::uint8_t data_[4096] = {};
};

}  // namespace

int sc_main(int argc, char** argv) {
  std::uint64_t bursts = 1'000'000;
  unsigned open = 4;
  const auto read = [](const std::string& word, std::uint64_t most, auto& to) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size() || number < 1 || number > most) return false;
    to = static_cast<std::decay_t<decltype(to)>>(number);
    return true;
  };
  if (argc > 3 || (argc > 1 && !read(argv[1], 1'000'000'000'000, bursts)) || (argc > 2 && !read(argv[2], 256, open))) {
    std::fprintf(stderr, "ohmic_bench_noc: allowed: [BURSTS, 1 to 1000000000000 [OPEN PER PORT, 1 to 256]]\n");
    return 2;
  }
  std::uint64_t remaining = bursts;
  axi_network network("network", network_config{});
  axi_payload_pool payloads;
  std::vector<std::unique_ptr<random_port>> ports;
  for (unsigned i = 0; i < network.clusters(); ++i) {
    ports.push_back(
        std::make_unique<random_port>(("port_" + std::to_string(i)).c_str(), network, i, open, remaining, payloads));
  }
  sc_core::sc_start(sc_core::SC_ZERO_TIME);  // elaboration is not measured
  const auto begin = std::chrono::steady_clock::now();
  for (auto& port : ports) port->start();
  network.undisturbed_until(never);  // ports speak only when they are spoken to
  sc_core::sc_start();
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  std::uint64_t hops = 0, bytes = 0;
  network.fabric().for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& count) {
    const bool into_network = name.rfind("cluster_", 0) == 0 && name.find(".up") != std::string::npos;
    if (into_network) bytes += count.bytes;
    if (lane != axi_lane::aw && !into_network) hops += count.bursts;
  });
  const auto cycles = static_cast<double>(network.fabric().now());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "{\"name\": \"noc\", \"wall_s\": %.3f, \"bursts\": %llu, \"bursts_per_s\": %.0f, \"hops\": %llu, "
      "\"ns_per_hop\": %.1f, \"bytes\": %llu, \"open_per_port\": %u, \"mips\": 0, \"cycles\": %.0f, "
      "\"cycles_per_s\": %.0f, \"peak_rss_mb\": %.1f, \"window\": 1, \"threads\": 1}\n",
      wall, static_cast<unsigned long long>(bursts), static_cast<double>(bursts) / wall,
      static_cast<unsigned long long>(hops), wall * 1e9 / static_cast<double>(hops),
      static_cast<unsigned long long>(bytes), open, cycles, cycles / wall, static_cast<double>(usage.ru_maxrss) / 1024);
  return network.in_flight() == 0 ? 0 : 1;
}

int main(int argc, char** argv) { return sc_core::sc_elab_and_sim(argc, argv); }
