// Foreign code: its warnings and its shifts of negative numbers are not ours to mend.
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wshadow"
#ifdef __clang__
  #pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#endif
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include "sw/compiler/images/stb.h"
#ifdef __clang__
  #pragma clang attribute pop
#endif
