#include "ip/core/text_history.h"

#include <algorithm>
#include <cstring>

namespace ohmic {

void text_history::write(std::uint64_t address, const std::uint8_t* data, std::size_t bytes, cycle_t now) {
  const std::uint64_t first = std::max(address, begin()), last = std::min(address + bytes, end());
  if (first >= last) return;
  if (newest_.empty()) newest_.assign(loaded_.bytes, loaded_.bytes + loaded_.size);
  const auto offset = static_cast<std::uint32_t>(first - begin());
  const std::uint8_t* const from = data + (first - address);
  const auto count = static_cast<std::size_t>(last - first);
  if (std::memcmp(newest_.data() + offset, from, count) == 0) return;
  std::memcpy(newest_.data() + offset, from, count);
  changes_.push_back({now, written_.size(), offset, static_cast<std::uint32_t>(count)});
  written_.insert(written_.end(), from, from + count);
}

std::size_t text_history::fence(cycle_t now) const {
  if (changes_.empty() || now < delay_) return 0;
  const auto behind = std::upper_bound(changes_.begin(), changes_.end(), now - delay_,
                                       [](cycle_t at, const change& c) { return at < c.cycle; });
  const auto version = static_cast<std::size_t>(behind - changes_.begin());
  if (version == 0) return 0;
  const std::lock_guard<std::mutex> lock(fencing_);
  // For each version the first fence that shows it, and nothing that a larger one has shown before: whatever the order
  // in which threads come here, the same.
  const auto at = std::lower_bound(effects_.begin(), effects_.end(), version,
                                   [](const effect& e, std::size_t v) { return e.version < v; });
  const auto shown = std::find_if(at, effects_.end(), [&](const effect& e) { return e.cycle <= now; });
  if (shown != effects_.end()) return version;
  effects_.insert(at, {now, version});
  return version;
}

std::size_t text_history::at_fetch(cycle_t now) const {
  if (now < window_) return 0;
  const std::lock_guard<std::mutex> lock(fencing_);
  for (auto e = effects_.rbegin(); e != effects_.rend(); ++e)
    if (e->cycle <= now - window_) return e->version;
  return 0;
}

text_history::image text_history::at(std::size_t version) const {
  const std::lock_guard<std::mutex> lock(making_);
  if (made_ && made_version_ == version) return made_;
  const bool goes_on = made_ && made_version_ < version;
  auto bytes = goes_on ? std::make_shared<std::vector<std::uint8_t>>(*made_)
                       : std::make_shared<std::vector<std::uint8_t>>(loaded_.bytes, loaded_.bytes + loaded_.size);
  for (std::size_t i = goes_on ? made_version_ : 0; i < version; ++i)
    std::memcpy(bytes->data() + changes_[i].offset, written_.data() + changes_[i].at, changes_[i].bytes);
  made_version_ = version;
  return made_ = std::move(bytes);
}

text_history::unfenced_writes text_history::unfenced(const std::function<bool(std::uint32_t)>& is_data) const {
  const std::lock_guard<std::mutex> lock(fencing_);
  unfenced_writes found;
  for (std::size_t i = effects_.empty() ? 0 : effects_.back().version; i < changes_.size(); ++i) {
    const std::uint32_t address = loaded_.base + changes_[i].offset;
    if (is_data && is_data(address)) continue;
    if (found.count++ == 0) found.address = address, found.cycle = changes_[i].cycle;
  }
  return found;
}

}  // namespace ohmic
