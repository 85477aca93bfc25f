#pragma once

#include <string>

namespace ohmic {

/// Notes what the program is about to do, for the message of an error that does not say so itself: memory that is
/// missing tells nobody where. "to map the network"; stays until the next one. Main thread only.
void attempt(const std::string& what);

/// The last one; "to start" before the first. Its memory is there already.
const char* last_attempt() noexcept;

}  // namespace ohmic
