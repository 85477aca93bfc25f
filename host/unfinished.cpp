#include "host/unfinished.h"

#include <unistd.h>

#include <cstring>

namespace ohmic {

/// Never freed, used again: a signal may come at any time. Whoever takes the name out owns it.
struct unfinished::place {
  std::atomic<bool> used{true};
  std::atomic<char*> name{nullptr};
  std::atomic<char*> spent{nullptr};  // that remove_unfinished() has taken, which may not free
  std::atomic<unsigned> levels{0};
  std::atomic<pid_t> process{0};
  place* next = nullptr;

  static place* take() {
    for (place* p = places.load(); p != nullptr; p = p->next)
      if (!p->used.exchange(true)) return p;
    auto* const p = new place;
    p->next = places.load();
    while (!places.compare_exchange_weak(p->next, p)) {
    }
    return p;
  }
};

std::atomic<unfinished::place*> unfinished::places{nullptr};

unfinished::unfinished(const std::string& folder, unsigned levels) : place_(place::take()) {
  char* const name = new char[folder.size() + 1];
  std::memcpy(name, folder.c_str(), folder.size() + 1);
  place_->levels = levels;
  place_->process = getpid();
  place_->name = name;
}

unfinished::~unfinished() {
  delete[] place_->name.exchange(nullptr);
  delete[] place_->spent.exchange(nullptr);
  place_->used = false;
}

void remove_unfinished() noexcept {
  for (const bool folders : {false, true})
    for (unfinished::place* p = unfinished::places.load(); p != nullptr; p = p->next) {
      const unsigned levels = p->levels;
      if ((levels != 0) != folders || p->process != getpid()) continue;
      char* const name = p->name.exchange(nullptr);
      if (name == nullptr) continue;
      if (!folders) unlink(name);
      for (unsigned i = 0; i < levels; ++i) {
        rmdir(name);
        char* const slash = std::strrchr(name, '/');
        if (slash == nullptr || slash == name) break;
        *slash = '\0';
      }
      p->spent = name;
    }
}

}  // namespace ohmic
