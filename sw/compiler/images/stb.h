#pragma once

/// The two stb libraries as this project uses them: JPEG and PNG only, reasons for failure worded for users. Include
/// this instead of their headers, so that every file sees the same functions; stb.cpp compiles them, once. Needed by
/// image.cpp alone: nothing of stb shows in image.h.
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_FAILURE_USERMSG
#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>
