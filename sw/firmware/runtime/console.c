/* printf: characters are gathered four to a word, because every store to the console crosses the network. */
#include "sw/firmware/hal/chip.h"
#include "sw/firmware/runtime/program.h"

typedef struct {
  uint32_t word;
  unsigned count;
  int total;
} console_stream;

static void flush(console_stream* s) {
  if (s->count) ohmic_platform_control_registers()->console = s->word; /* NUL bytes are skipped */
  s->word = 0;
  s->count = 0;
}

static void put(console_stream* s, char c) {
  s->word |= (uint32_t)(uint8_t)c << 8 * s->count++;
  ++s->total;
  if (s->count == 4) flush(s);
}

/* Digits of `value`, last first; returns their number. */
static unsigned digits(uint64_t value, unsigned base, const char* symbols, char* text) {
  unsigned n = 0;
  while (value >> 32) {
    text[n++] = symbols[value % base];
    value /= base;
  }
  uint32_t low = (uint32_t)value;
  do {
    text[n++] = symbols[low % base];
    low /= base;
  } while (low);
  return n;
}

int vprintf(const char* f, va_list arguments) {
  console_stream out = {0, 0, 0};
  for (; *f; ++f) {
    if (*f != '%') {
      put(&out, *f);
      continue;
    }
    int left = 0, zero = 0, longs = 0;
    unsigned width = 0;
    for (++f; *f == '-' || *f == '0'; ++f) {
      if (*f == '-')
        left = 1;
      else
        zero = 1;
    }
    for (; *f >= '0' && *f <= '9'; ++f) width = width * 10 + (unsigned)(*f - '0');
    for (; *f == 'l' || *f == 'h' || *f == 'z'; ++f) longs += *f == 'l';
    char text[24];
    const char* body = text;
    unsigned length = 0;
    int backwards = 1;
    char sign = 0;
    switch (*f) {
      case 'd':
      case 'i': {
        const int64_t v = longs == 2 ? va_arg(arguments, int64_t) : va_arg(arguments, int32_t);
        sign = v < 0 ? '-' : 0;
        length = digits(v < 0 ? 0u - (uint64_t)v : (uint64_t)v, 10, "0123456789", text);
        break;
      }
      case 'u':
      case 'x':
      case 'X':
      case 'p': {
        const uint64_t v = longs == 2 ? va_arg(arguments, uint64_t) : va_arg(arguments, uint32_t);
        length = digits(v, *f == 'u' ? 10 : 16, *f == 'X' ? "0123456789ABCDEF" : "0123456789abcdef", text);
        break;
      }
      case 'c':
        text[0] = (char)va_arg(arguments, int);
        length = 1;
        zero = 0;
        break;
      case 's':
        body = va_arg(arguments, const char*);
        length = (unsigned)strlen(body);
        backwards = 0;
        zero = 0;
        break;
      case '%':
        text[0] = '%';
        length = 1;
        break;
      default:
        OHMIC_ASSERT(!"unknown conversion in printf");
    }
    unsigned fill = width > length + (sign != 0) ? width - length - (sign != 0) : 0;
    if (sign && zero) put(&out, sign);
    for (; !left && fill; --fill) put(&out, zero ? '0' : ' ');
    if (sign && !zero) put(&out, sign);
    for (unsigned i = 0; i < length; ++i) put(&out, backwards ? body[length - 1 - i] : body[i]);
    for (; fill; --fill) put(&out, ' ');
  }
  flush(&out);
  return out.total;
}

int printf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int n = vprintf(format, arguments);
  va_end(arguments);
  return n;
}
