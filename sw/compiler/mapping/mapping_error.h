#pragma once

#include <exception>
#include <string>
#include <utility>

namespace ohmic {

/// A network that does not fit the chip, or options that cannot be met. what() is one sentence for the user.
struct mapping_error : std::exception {
  explicit mapping_error(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

}  // namespace ohmic
