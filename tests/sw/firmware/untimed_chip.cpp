#include "tests/sw/firmware/untimed_chip.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <stdexcept>

#include "registers/dma.h"
#include "registers/ima.h"
#include "registers/platform_control.h"

namespace ohmic {
namespace {

namespace dma_reg = registers::dma;
namespace ima_reg = registers::ima;

std::string hex(std::uint64_t v) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(v));
  return text;
}
[[noreturn]] void guest_error(unsigned cluster, const std::string& what) {
  throw std::runtime_error("guest error in cluster " + std::to_string(cluster) + ": " + what);
}

}  // namespace

untimed_chip::cluster::cluster(unsigned i, const chip_config& chip, const decoded_text& text)
    : index(i),
      l1(chip.cluster.l1_bytes),
      control(make_cluster_identity(chip, i)),
      events(chip.cluster.cores),
      cores(text, chip.cluster.cores, i * 64),
      generator(ima_parameters{chip.ima.rows, chip.ima.columns, 130, 16, chip.ima.job_queue, chip.cluster.l1_bytes}),
      cells(chip.ima.rows, chip.ima.columns),
      runnable(chip.cluster.cores == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << chip.cluster.cores) - 1) {}

untimed_chip::untimed_chip(const std::string& elf, const chip_config& chip, std::uint32_t seed)
    : elf_(elf_file::load(elf)),
      chip_(chip),
      text_([this] {
        const elf_segment t = elf_.text();
        return decoded_text(t.address, t.bytes.data(), t.bytes.size());
      }()),
      random_(seed) {
  for (const elf_segment& s : elf_.segments())
    if (!s.bytes.empty()) write(s.address, s.bytes.data(), s.bytes.size());
}

void untimed_chip::add_cluster(unsigned index) {
  auto& c = clusters_[index] = std::make_unique<cluster>(index, chip_, text_);
  for (auto& b : c->l1) b = static_cast<std::uint8_t>(random_());
  for (unsigned h = 0; h < chip_.cluster.cores; ++h) c->cores.start(h, elf_.entry(), 0);
}

untimed_chip::cluster& untimed_chip::at(unsigned index) {
  const auto found = clusters_.find(index);
  if (found == clusters_.end()) throw std::runtime_error("no cluster " + std::to_string(index));
  return *found->second;
}

crossbar& untimed_chip::weights(unsigned cluster) { return at(cluster).cells; }
std::uint64_t untimed_chip::retired(unsigned cluster, unsigned core) {
  return at(cluster).cores.counters(core).retired;
}
void untimed_chip::set_argument(unsigned cluster, unsigned n, std::uint32_t value) {
  at(cluster).control.write(0x40 + 4 * n, value);
}

std::string untimed_chip::activities() {
  std::string text;
  for (auto& [i, c] : clusters_) {
    text += "cluster " + std::to_string(i) + ": activity " + std::to_string(c->control.activity()) + ", core 0 at " +
            elf_.describe(c->cores.save(0).pc) + ", jobs " + std::to_string(c->jobs_done) + "\n";
  }
  return text;
}

std::uint8_t* untimed_chip::memory(cluster* own, std::uint64_t address, std::uint64_t bytes) {
  if (own && address >= chip_config::own_l1_base && address + bytes <= chip_config::own_l1_base + own->l1.size())
    return own->l1.data() + (address - chip_config::own_l1_base);
  if (address >= chip_.hbm_base && address + bytes <= chip_.hbm_base + chip_.hbm.bytes) {
    const std::uint64_t end = address + bytes - chip_.hbm_base;
    while (hbm_.size() < end) hbm_.push_back(static_cast<std::uint8_t>(random_()));
    return hbm_.data() + (address - chip_.hbm_base);
  }
  if (address >= chip_config::clusters_base) {
    const std::uint64_t offset = address - chip_config::clusters_base;
    const auto found = clusters_.find(static_cast<unsigned>(offset / chip_.cluster_stride()));
    if (found != clusters_.end() && offset % chip_.cluster_stride() + bytes <= found->second->l1.size())
      return found->second->l1.data() + offset % chip_.cluster_stride();
  }
  return nullptr;
}

void untimed_chip::write(std::uint64_t address, const void* data, std::size_t bytes) {
  std::uint8_t* const p = memory(nullptr, address, bytes);
  if (p == nullptr) throw std::runtime_error("nothing at " + hex(address));
  std::memcpy(p, data, bytes);
}
void untimed_chip::write_text(std::uint32_t address, std::uint32_t instruction) {
  if (!clusters_.empty()) throw std::logic_error("text is decoded already");
  elf_segment text = elf_.text();
  std::memcpy(text.bytes.data() + (address - text.address), &instruction, 4);
  text_ = decoded_text(text.address, text.bytes.data(), text.bytes.size());
}
void untimed_chip::read(std::uint64_t address, void* data, std::size_t bytes) {
  const std::uint8_t* const p = memory(nullptr, address, bytes);
  if (p == nullptr) throw std::runtime_error("nothing at " + hex(address));
  std::memcpy(data, p, bytes);
}

std::uint32_t untimed_chip::peripheral(cluster& c, int core, std::uint32_t offset, bool write, std::uint32_t value,
                                       bool& sleeps) {
  const std::string name = "register " + hex(offset) + (write ? " written" : " read");
  if (offset < 0x1000) {
    bool ok = true;
    if (write)
      ok = c.control.write(offset, value);
    else
      value = c.control.read(offset, 0, ok);
    if (!ok) guest_error(c.index, name);
    return value;
  }
  if (offset < 0x2000) {
    const register_access a =
        write ? c.events.write(core, offset - 0x1000, value) : c.events.read(core, offset - 0x1000);
    if (a.status == access_status::error) guest_error(c.index, name + " by core " + std::to_string(core));
    sleeps = a.status == access_status::blocked;
    if (write) wake(c);
    return a.value;
  }
  if (offset < 0x3000) {
    const std::uint32_t r = offset - 0x2000;
    if (!(write ? dma_reg::access.writable(r) : dma_reg::access.readable(r))) guest_error(c.index, name);
    if (r == dma_reg::busy_offset) {
      std::uint32_t busy = 0;
      for (unsigned i = 0; i < 8; ++i) busy |= std::uint32_t{c.channels[i].busy} << i;
      return busy;
    }
    channel& ch = c.channels[r / 16];
    switch (r % 16) {
      case 0:
        if (ch.busy) guest_error(c.index, "DMA start while busy");
        if (value % 64 != 0 || value + 64 > c.l1.size()) guest_error(c.index, "descriptor at " + hex(value));
        ch.busy = true;
        ch.next = value;
        return 0;
      case 4:
        return ch.busy;
      case 8:
        return ch.completed;
      default:
        return 0;
    }
  }
  const std::uint32_t r = offset - 0x3000;
  if (!(write ? ima_reg::access.writable(r) : ima_reg::access.readable(r))) guest_error(c.index, name);
  if (r == ima_reg::push_offset) {
    if (c.jobs.size() >= chip_.ima.job_queue) guest_error(c.index, "IMA queue full");
    ima_job job = ima_job::decode(c.job_registers);
    device_error error;
    if (!job.check({chip_.ima.rows, chip_.ima.columns, 130, 16, chip_.ima.job_queue, chip_.cluster.l1_bytes}, error))
      guest_error(c.index, std::string("IMA job: ") + error.what);
    c.jobs.push_back(job);
    return 0;
  }
  if (r == ima_reg::status_offset)
    return std::uint32_t{!c.jobs.empty()} | static_cast<std::uint32_t>(chip_.ima.job_queue - c.jobs.size()) << 2;
  if (r == ima_reg::jobs_done_offset) return c.jobs_done;
  if (r == ima_reg::mvm_count_offset) return static_cast<std::uint32_t>(mvms_);
  std::uint32_t& word = c.job_registers.at(r / 4);
  if (write) word = value;
  return word;
}

std::uint32_t untimed_chip::platform(cluster& c, unsigned core, const bus_request& r) {
  namespace reg = registers::platform_control;
  switch (r.addr - chip_config::platform_base) {
    case reg::console_offset: {
      std::string& line = lines_[c.index * 64 + core];
      for (unsigned i = 0; i < r.size; ++i) {
        const char ch = static_cast<char>(r.wdata >> 8 * i);
        if (ch == 0) continue;
        line += ch;
        if (ch != '\n') continue;
        console_ += line;
        line.clear();
      }
      return 0;
    }
    case reg::exit_offset:
      exit_status_ = r.wdata;
      return 0;
    case reg::marker_offset:
      markers_.push_back(r.wdata);
      return 0;
    case reg::progress_offset:
      progress_ += r.wdata;
      return 0;
    case reg::assert_failed_offset:
      assertion_ = true;
      return 0;
    default:
      guest_error(c.index, "platform control " + hex(r.addr));
  }
}

std::uint32_t untimed_chip::access(cluster& c, unsigned core, const bus_request& r, bool& sleeps) {
  if (std::uint8_t* const p = memory(&c, r.addr, r.size)) {
    std::uint32_t data = 0;
    if (r.write)
      std::memcpy(p, &r.wdata, r.size);
    else
      std::memcpy(&data, p, r.size);
    return data;
  }
  if (r.addr >= chip_.own_peripheral_base() && r.addr < chip_.own_peripheral_base() + chip_.peripheral_bytes())
    return peripheral(c, static_cast<int>(core), static_cast<std::uint32_t>(r.addr - chip_.own_peripheral_base()),
                      r.write, r.wdata, sleeps);
  if (r.addr >= chip_config::platform_base && r.addr < chip_config::platform_base + chip_config::platform_bytes)
    return platform(c, core, r);
  const std::uint64_t offset = r.addr - chip_config::clusters_base, in_cluster = offset % chip_.cluster_stride();
  const auto found = clusters_.find(static_cast<unsigned>(offset / chip_.cluster_stride()));
  if (r.addr < chip_config::clusters_base || found == clusters_.end() || in_cluster < chip_.cluster.l1_bytes)
    guest_error(c.index, "core " + std::to_string(core) + " at " + elf_.describe(r.pc) + " accesses " + hex(r.addr));
  return peripheral(*found->second, event_unit::no_core,
                    static_cast<std::uint32_t>(in_cluster - chip_.cluster.l1_bytes), r.write, r.wdata, sleeps);
}

void untimed_chip::wake(cluster& c) {
  for (std::uint64_t woken = c.events.take_woken(); woken; woken &= woken - 1) {
    const unsigned h = static_cast<unsigned>(__builtin_ctzll(woken));
    const cycle_t now = c.cores.request(h).cycle;
    c.cores.complete(h, c.events.wait_value(h), now, now + 1);
    c.runnable |= std::uint64_t{1} << h;
  }
}

void untimed_chip::run_core(cluster& c, unsigned core) {
  null_observer silent;
  const cycle_t until = c.cores.time(core) + 20 + random_() % 400;
  for (;;) {
    switch (c.cores.advance(core, until, silent)) {
      case core_stop::bus: {
        bool sleeps = false;
        const bus_request r = c.cores.request(core);
        const std::uint32_t data = access(c, core, r, sleeps);
        if (sleeps) {
          c.runnable &= ~(std::uint64_t{1} << core);
          return;
        }
        c.cores.complete(core, data, r.cycle, r.cycle + 1);
        if (exit_status_ || assertion_) return;
        break;
      }
      case core_stop::fetch:
        c.cores.fetch_complete(core, c.cores.time(core));
        break;
      case core_stop::horizon:
        if (c.cores.time(core) >= until) return;
        break;
      case core_stop::halted:
        guest_error(c.index, "core " + std::to_string(core) + " left its text");
    }
  }
}

void untimed_chip::notify(cluster& c, std::uint64_t address, std::uint32_t value) {
  if (std::uint8_t* const p = memory(&c, address, 4)) {
    std::memcpy(p, &value, 4);
    return;
  }
  bus_request r;
  r.addr = static_cast<std::uint32_t>(address);
  r.wdata = value;
  r.write = true;
  bool sleeps = false;
  access(c, 0, r, sleeps);
}

void untimed_chip::run_descriptor(cluster& c, unsigned n) {
  channel& ch = c.channels[n];
  dma_descriptor d;
  std::memcpy(&d, c.l1.data() + ch.next, sizeof d);
  const unsigned dims = d.flags & DMA_DIMS_MASK;
  const std::uint32_t count1 = dims >= 2 ? d.counts & 0xffff : 1, count2 = dims == 3 ? d.counts >> 16 : 1;
  if ((d.flags & ~DMA_FLAGS_MASK) || dims == 0 || count1 == 0 || count2 == 0 ||
      (d.bytes == 0 && !(d.flags & DMA_NOTIFY)))
    guest_error(c.index, "bad DMA descriptor");
  const std::uint64_t src = d.src_lo | std::uint64_t{d.src_dst_hi & 0xffff} << 32,
                      dst = d.dst_lo | std::uint64_t{d.src_dst_hi >> 16} << 32;
  for (std::uint32_t i2 = 0; i2 < count2 && d.bytes; ++i2)
    for (std::uint32_t i1 = 0; i1 < count1; ++i1) {
      const std::uint64_t from =
          src + static_cast<std::uint64_t>(std::int64_t{d.src_stride1} * i1 + std::int64_t{d.src_stride2} * i2);
      const std::uint64_t to =
          dst + static_cast<std::uint64_t>(std::int64_t{d.dst_stride1} * i1 + std::int64_t{d.dst_stride2} * i2);
      memory(&c, std::max(from, to), d.bytes);  // HBM may grow before pointers are taken
      const std::uint8_t* const s = memory(&c, from, d.bytes);
      std::uint8_t* const t = memory(&c, to, d.bytes);
      if (!s || !t) guest_error(c.index, "DMA from " + hex(from) + " to " + hex(to));
      std::memmove(t, s, d.bytes);
    }
  if (d.flags & DMA_NOTIFY_COUNT) notify(c, d.notify_lo | std::uint64_t{d.notify_hi & 0xffff} << 32, d.notify_value);
  if (d.flags & DMA_NOTIFY_DOORBELL)
    notify(c, d.doorbell_lo | std::uint64_t{d.notify_hi >> 16} << 32, d.doorbell_value);
  ++ch.completed;
  if (d.next == DMA_CHAIN_END) ch.busy = false;
  ch.next = d.next;
  if (d.flags & DMA_EVENT) {
    c.events.raise_device(event_unit::dma_line + n);
    wake(c);
  }
}

void untimed_chip::run_job(cluster& c) {
  const ima_job job = c.jobs.front();
  c.generator.start(job);
  std::vector<std::int8_t> rows(c.cells.input_bytes()), codes(c.cells.code_bytes());
  for (std::uint32_t p1 = 0; p1 < job.pixels[1].count; ++p1)
    for (std::uint32_t p0 = 0; p0 < job.pixels[0].count; ++p0) {
      std::fill(rows.begin(), rows.end(), 0);
      if (c.generator.window(p0, p1) == input_generator::outcome::outside_l1)
        guest_error(c.index, "IMA input outside L1");
      for (const input_run& run : c.generator.runs())
        std::memcpy(rows.data() + run.row, c.l1.data() + run.addr, run.bytes);
      c.cells.mvm(rows.data(), job.row_start, job.row_count, job.first_column, job.column_count,
                  static_cast<std::int32_t>(job.adc_m), job.adc_s, codes.data());
      ++mvms_;
      for (unsigned g = 0; g < job.groups; ++g)
        std::memcpy(c.l1.data() + job.group[g].address(p0, p1), codes.data() + job.group[g].first, job.group[g].count);
    }
  c.jobs.erase(c.jobs.begin());
  ++c.jobs_done;
  c.events.raise_device(event_unit::ima_line);
  wake(c);
}

void untimed_chip::make_uneven() {
  constexpr unsigned slowness[] = {1, 1, 1, 4, 16};
  for (auto& [i, c] : clusters_) {
    c->slowness = slowness[random_() % std::size(slowness)];
    c->dma_slowness = slowness[random_() % std::size(slowness)];
  }
}

untimed_chip::outcome untimed_chip::run(std::uint64_t choices) {
  std::vector<cluster*> all;
  for (auto& [i, c] : clusters_) all.push_back(c.get());
  for (std::size_t idle = 0; choices; --choices) {
    // A cluster by chance; after a long series of idle ones, look whether anything is left to do.
    cluster& c = *all[random_() % all.size()];
    struct action {
      unsigned kind, which;
    };
    action possible[64 + 8 + 1];
    unsigned n = 0;
    for (std::uint64_t r = c.runnable; r; r &= r - 1) possible[n++] = {0, static_cast<unsigned>(__builtin_ctzll(r))};
    for (unsigned ch = 0; ch < 8; ++ch)
      if (c.channels[ch].busy) possible[n++] = {1, ch};
    if (!c.jobs.empty()) possible[n++] = {2, 0};
    if (n == 0) {
      if (++idle < 4 * all.size()) continue;
      idle = 0;
      const bool anything = std::any_of(all.begin(), all.end(), [](const cluster* x) {
        return x->runnable || !x->jobs.empty() ||
               std::any_of(x->channels.begin(), x->channels.end(), [](const channel& k) { return k.busy; });
      });
      if (!anything) return outcome::dead_lock;
      continue;
    }
    idle = 0;
    if (random_() % c.slowness != 0) continue;
    const action a = possible[random_() % n];
    if (a.kind == 1 && random_() % c.dma_slowness != 0) continue;
    if (a.kind == 0)
      run_core(c, a.which);
    else if (a.kind == 1)
      run_descriptor(c, a.which);
    else
      run_job(c);
    if (assertion_) return outcome::assertion;
    if (exit_status_) return outcome::exited;
  }
  return outcome::limit;
}

}  // namespace ohmic
