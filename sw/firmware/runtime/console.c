/* printf: characters are gathered four to a word, because every store to the console crosses the network. */
#include "sw/firmware/hal/chip.h"
#include "sw/firmware/runtime/format.h"
#include "sw/firmware/runtime/program.h"

static void take(ohmic_sink* sink) {
  ohmic_platform_control_registers()->console = sink->word; /* NUL bytes are skipped */
}

/* Up to the letter that ends it, sizes and all. */
static int length_of(const char* conversion) {
  int n = 1;
  while (conversion[n] && n < 20) {
    const char c = conversion[n++];
    if ((c >= 'a' && c <= 'z' && c != 'h' && c != 'l' && c != 'z' && c != 't' && c != 'j') ||
        (c >= 'A' && c <= 'Z' && c != 'L'))
      break;
  }
  return n;
}

int vprintf(const char* format, va_list arguments) {
  ohmic_sink out = {take, 0, 0, 0};
  const char* const unknown = ohmic_format(&out, format, arguments);
  if (out.count) take(&out);
  if (unknown) {
    printf("\nprintf: unknown conversion %.*s\n", length_of(unknown), unknown);
    ohmic_platform_control_registers()->assert_failed = __LINE__;
    ohmic_sleep_forever();
  }
  return out.total;
}

int printf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int n = vprintf(format, arguments);
  va_end(arguments);
  return n;
}

typedef struct {
  ohmic_sink sink;
  char* at;
  size_t room; /* without the NUL */
} text_stream;

static void take_text(ohmic_sink* sink) {
  text_stream* const s = (text_stream*)sink;
  for (unsigned i = 0; i < sink->count && s->room; ++i, --s->room) *s->at++ = (char)(sink->word >> 8 * i);
}

int vsnprintf(char* text, size_t bytes, const char* format, va_list arguments) {
  text_stream out = {{take_text, 0, 0, 0}, text, bytes ? bytes - 1 : 0};
  const char* const unknown = ohmic_format(&out.sink, format, arguments);
  take_text(&out.sink);
  if (bytes) *out.at = 0;
  return unknown ? -1 : out.sink.total;
}

int snprintf(char* text, size_t bytes, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int n = vsnprintf(text, bytes, format, arguments);
  va_end(arguments);
  return n;
}
