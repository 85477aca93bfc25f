#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ip/iss/decoded_text.h"
#include "ip/iss/iss_group.h"
#include "platform/cluster/cluster.h"
#include "platform/elf/elf_file.h"
#include "platform/engine/window_engine.h"

namespace ohmic {

inline chip_config one_cluster(unsigned cores = 1) {
  chip_config c;
  c.network.factors = {1, 1, 1, 1, 1};
  c.cluster.cores = cores;
  return c;
}

/// A chip of a few clusters without SystemC: programs of programs/edges.S, a network in which every way takes the same
/// time and nothing queues, and a memory at 0x8000_0000 behind it. Runs on window_engine.
///
/// Messages leave a cluster at the cycle they say and reach their endpoint `hop` cycles later, plus the ingress
/// cycle of a cluster; the memory answers at once. So a read of the memory comes back 2 * hop + 2 cycles after it left.
template <class Observer = null_observer>
class cluster_bench {
 public:
  using cluster_type = cluster<iss_group, Observer>;
  static constexpr cycle_t hop = 4;
  static constexpr std::uint64_t memory_base = chip_config::hbm_base, memory_bytes = 1u << 20;

  /// `boot`: symbol at which all cores start.
#ifdef OHMIC_EDGES_ELF
  explicit cluster_bench(const std::string& boot, chip_config chip = one_cluster(), unsigned threads = 1,
                         std::vector<Observer> observers = {})
      : cluster_bench(elf_file::load(OHMIC_EDGES_ELF), boot, std::move(chip), threads, std::move(observers)) {}
  cluster_bench(const elf_file& program, const std::string& boot, chip_config chip, unsigned threads,
                std::vector<Observer> observers)
      : cluster_bench(program, program.address_of(boot), std::move(chip), threads, std::move(observers)) {}
#endif
  /// Any program; all cores start at `boot`.
  cluster_bench(const elf_file& program, std::uint32_t boot, chip_config chip, unsigned threads,
                std::vector<Observer> observers = {})
      : chip_(std::move(chip)),
        program_(program),
        image_(program_.text()),
        text_(image_.address, image_.bytes.data(), image_.bytes.size()),
        memory_(memory_bytes) {
    chip_.cluster.boot_addr = boot;
    for (const elf_segment& s : program_.segments())
      std::memcpy(memory_.data() + (s.address - memory_base), s.bytes.data(), s.bytes.size());
    std::vector<cluster_type*> parts;
    for (unsigned i = 0; i < chip_.clusters(); ++i) {
      l1_.emplace_back(chip_.cluster.l1_bytes + 4);
      clusters_.push_back(std::make_unique<cluster_type>(chip_, i, l1_[i].data(),
                                                         iss_group(text_, chip_.cluster.cores, 64 * i),
                                                         i < observers.size() ? observers[i] : Observer{}));
      parts.push_back(clusters_.back().get());
    }
    team_ = std::make_unique<thread_team>(threads);
    engine_ = std::make_unique<window_engine<cluster_type>>(parts, *team_);
  }

  std::uint32_t at(const std::string& symbol) const { return program_.address_of(symbol); }
  cluster_type& operator[](unsigned i) { return *clusters_[i]; }
  const chip_config& chip() const { return chip_; }
  std::uint8_t* l1(unsigned i) { return l1_[i].data(); }
  const std::vector<std::uint8_t>& memory() const { return memory_; }
  std::uint32_t word(std::uint32_t offset, unsigned cluster = 0) const {
    std::uint32_t w;
    std::memcpy(&w, l1_[cluster].data() + offset, 4);
    return w;
  }
  void set_word(std::uint32_t offset, std::uint32_t value, unsigned cluster = 0) {
    std::memcpy(l1_[cluster].data() + offset, &value, 4);
  }
  /// Word n of a core's table, and of its results.
  void table(unsigned core, unsigned n, std::uint32_t value, unsigned cluster = 0) {
    set_word(64 * core + 4 * n, value, cluster);
  }
  std::uint32_t result(unsigned core, unsigned n, unsigned cluster = 0) const {
    return word(0x1000 + 64 * core + 4 * n, cluster);
  }
  std::vector<guest_error>& errors() { return errors_; }
  /// What clusters asked the network for so far, without data.
  const std::vector<axi_burst>& requests() const { return requests_; }
  cycle_t now() const { return now_; }
  /// Earliest cycle in which something happens; never if nothing ever will.
  cycle_t next() {
    touch();
    return engine_->next(now_);
  }

  void start() {
    for (auto& c : clusters_) c->start(0, true);
    touch();
  }
  void touch() {
    for (unsigned i = 0; i < clusters_.size(); ++i) engine_->touched(i);
  }

  /// Sends a burst of the bench's own into cluster 0; its first beat is at the cluster's side of the port in `cycle`.
  axi_burst& send(bool write, std::uint64_t addr, std::vector<std::uint8_t> bytes, cycle_t cycle) {
    foreign_.push_back(std::make_unique<foreign>());
    foreign& f = *foreign_.back();
    f.data = std::move(bytes);
    f.burst.addr = addr;
    f.burst.bytes = static_cast<std::uint32_t>(f.data.size());
    f.burst.write = write;
    f.burst.initiator = outsider;
    f.burst.data = f.data.data();
    const unsigned to = static_cast<unsigned>((addr - chip_config::clusters_base) / chip_.cluster_stride());
    request(to, &f.burst, cycle);
    engine_->touched(to);
    return f.burst;
  }
  axi_burst& send_word(std::uint64_t addr, std::uint32_t value, cycle_t cycle) {
    std::vector<std::uint8_t> bytes(4);
    std::memcpy(bytes.data(), &value, 4);
    return send(true, addr, std::move(bytes), cycle);
  }
  /// Cycle at which the answer to a burst of the bench was at the boundary; never if it is not there yet.
  cycle_t answered(const axi_burst& b) const {
    const auto found = answers_.find(&b);
    return found == answers_.end() ? never : found->second;
  }

  /// Runs until `end` or until nothing can happen any more. Windows of `window` cycles (0: the longest exact one).
  void run(cycle_t end, cycle_t window = 0) {
    if (window == 0) window = chip_.network.egress_cycles + hop + chip_.network.ingress_cycles;
    while (now_ < end) {
      const cycle_t next = engine_->next(now_);
      if (next == never) return;
      now_ = std::max(now_, next);
      if (now_ >= end) break;
      const cycle_t to = std::min(now_ + window, end);
      engine_->run(now_, to);
      sent_.clear();
      for (const unsigned i : engine_->active()) {
        auto& box = clusters_[i]->outbox();
        sent_.insert(sent_.end(), box.begin(), box.end());
        box.clear();
        auto& e = clusters_[i]->errors();
        errors_.insert(errors_.end(), e.begin(), e.end());
        e.clear();
      }
      std::stable_sort(sent_.begin(), sent_.end(),
                       [](const axi_message& a, const axi_message& b) { return a.cycle < b.cycle; });
      for (const axi_message& m : sent_) forward(m);
      touch();
      now_ = to;
    }
    now_ = end;
  }

 private:
  static constexpr std::uint16_t outsider = 0xFFFF;
  struct foreign {
    axi_burst burst;
    std::vector<std::uint8_t> data;
  };

  void forward(const axi_message& m) {
    axi_burst* b = m.burst;
    const cycle_t there = m.cycle + hop;
    const unsigned beats = b->beats(64);
    if (m.what == axi_message::kind::response) {
      if (b->initiator == outsider)
        answers_[b] = m.cycle;
      else
        respond(b, m.cycle);
      return;
    }
    requests_.push_back(*b);
    const std::uint64_t offset = b->addr - memory_base;
    if (offset < memory_.size() && b->bytes <= memory_.size() - offset) {
      if (b->write)
        std::memcpy(memory_.data() + offset, b->data, b->bytes);
      else
        std::memcpy(b->data, memory_.data() + offset, b->bytes);
      respond(b, there + (b->write ? beats - 1 : 0));
    } else if (const std::uint64_t c = (b->addr - chip_config::clusters_base) / chip_.cluster_stride();
               b->addr >= chip_config::clusters_base && c < clusters_.size()) {
      request(static_cast<unsigned>(c), b, there + chip_.network.ingress_cycles);
    } else {
      b->resp = axi_resp::decerr;
      respond(b, there);
    }
  }
  void request(unsigned to, axi_burst* b, cycle_t cycle) {
    clusters_[to]->deliver({cycle, b, axi_message::kind::request});
    if (b->write) data(to, b, cycle);
  }
  void data(unsigned to, axi_burst* b, cycle_t cycle) {
    clusters_[to]->deliver({cycle, b, axi_message::kind::data, true, static_cast<std::uint16_t>(b->beats(64))});
  }
  void respond(axi_burst* b, cycle_t leaves) {
    const cycle_t first = leaves + hop + chip_.network.ingress_cycles;
    if (b->write)
      clusters_[b->initiator]->deliver({first, b, axi_message::kind::response, true});
    else
      data(b->initiator, b, first);
  }

  chip_config chip_;
  const elf_file program_;
  const elf_segment image_;
  const decoded_text text_;
  std::vector<std::uint8_t> memory_;
  std::vector<std::vector<std::uint8_t>> l1_;
  std::vector<std::unique_ptr<cluster_type>> clusters_;
  std::unique_ptr<thread_team> team_;
  std::unique_ptr<window_engine<cluster_type>> engine_;
  std::vector<std::unique_ptr<foreign>> foreign_;
  std::map<const axi_burst*, cycle_t> answers_;
  std::vector<guest_error> errors_;
  std::vector<axi_message> sent_;
  std::vector<axi_burst> requests_;
  cycle_t now_ = 0;
};

/// Observer that keeps every retirement of every hart.
struct recorder {
  static constexpr bool enabled = true;
  std::vector<std::vector<retire_record>>* by_hart = nullptr;
  void retire(unsigned h, const retire_record& r) { (*by_hart)[h].push_back(r); }
};

}  // namespace ohmic
