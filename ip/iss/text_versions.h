#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "ip/core/text_history.h"
#include "ip/iss/decoded_text.h"

namespace ohmic::iss {

/// Decoded versions of a text that its program writes over (text_history). Shared by all harts of all threads.
class text_versions {
 public:
  /// Both outlive this object; `loaded` is the history's version 0.
  text_versions(const decoded_text& loaded, const text_history& history) : loaded_(loaded), history_(history) {}

  const text_history& history() const { return history_; }

  std::shared_ptr<const decoded_text> at(std::size_t version) const {
    if (version == 0) return {std::shared_ptr<void>(), &loaded_};
    const std::lock_guard<std::mutex> lock(making_);
    if (made_ && made_version_ == version) return made_;
    const text_history::image bytes = history_.at(version);
    made_ = std::make_shared<decoded_text>(loaded_.base(), bytes->data(), bytes->size());
    made_version_ = version;
    return made_;
  }

 private:
  const decoded_text& loaded_;
  const text_history& history_;
  mutable std::mutex making_;
  mutable std::size_t made_version_ = 0;
  mutable std::shared_ptr<const decoded_text> made_;  // the one that was asked for last
};

}  // namespace ohmic::iss
