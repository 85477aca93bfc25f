/// What printf makes of a format and its arguments, character by character. Plain C of any machine.
#ifndef OHMIC_RUNTIME_FORMAT_H
#define OHMIC_RUNTIME_FORMAT_H

#include <stdarg.h>
#include <stdint.h>

/// Takes characters four at a time, lowest byte first; what is left over is the caller's to take.
typedef struct ohmic_sink {
  void (*take)(struct ohmic_sink* sink);  ///< all `count` of them, from `word`; sets neither to 0
  uint32_t word;
  unsigned count;
  int total;  ///< characters so far
} ohmic_sink;

/// A conversion's flags, width and precision.
typedef struct {
  int left, plus, space, alternate, zero;
  int width;
  int precision;  ///< -1: none given
  char letter;
} ohmic_conversion;

/// The conversions of C: d i u o x X c s p n f F e E g G a A %, with all flags, widths, precisions and sizes but L; no
/// wide characters. Returns the first conversion that is none of these (its `%` in `format`), having put all before
/// it; 0 if there is none.
const char* ohmic_format(ohmic_sink* sink, const char* format, va_list arguments);

/// For ohmic_format(): the floating-point conversions, from the bits of a double, exact to the last digit.
void ohmic_format_double(ohmic_sink* sink, const ohmic_conversion* c, uint64_t bits);

static inline void ohmic_put(ohmic_sink* sink, char c) {
  ++sink->total;
  sink->word |= (uint32_t)(uint8_t)c << 8 * sink->count;
  if (++sink->count < 4) return;
  sink->take(sink);
  sink->word = 0;
  sink->count = 0;
}
static inline void ohmic_repeat(ohmic_sink* sink, char c, int times) {
  for (; times > 0; --times) ohmic_put(sink, c);
}

#endif
