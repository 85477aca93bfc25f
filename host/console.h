#pragma once

#include <string_view>

namespace ohmic {

/// Standard output. What it does not take is noticed once, and told by finish_console(): a full disk behind it, a pipe
/// whose reader has gone.
///
/// Call order: prepare_console() before any file is opened; print() at will; finish_console() at the end.
///
/// Signals of closed pipes and of files that grow too large become errors of the write they happened in. A standard
/// descriptor that is closed stays reserved, so that no other file gets its number and what is meant for it.
void prepare_console();
void print(std::string_view text);
/// Brings what is buffered out, in front of what others write to the same place.
void flush_console();
/// Some of it was lost: whoever prints for long should stop.
bool console_is_lost();
/// Flushes. Throws std::runtime_error "cannot write standard output: reason".
void finish_console();

}  // namespace ohmic
