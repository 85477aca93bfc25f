#include <cstdlib>

// Foreign code: its warnings and its shifts of negative numbers are not ours to mend.
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wshadow"
#ifdef __clang__
  #pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#endif
// Zeroed: a JPEG may use a Huffman table that it never defines, which the decoder reads as it comes from malloc.
#define STBI_MALLOC(bytes) std::calloc(1, bytes)
#define STBI_REALLOC(memory, bytes) std::realloc(memory, bytes)
#define STBI_FREE(memory) std::free(memory)
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include "sw/compiler/images/stb.h"
#ifdef __clang__
  #pragma clang attribute pop
#endif
