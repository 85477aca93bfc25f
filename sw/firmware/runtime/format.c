#include "sw/firmware/runtime/format.h"

#include <stddef.h>

/* Digits of `value`, last first; returns their number, 0 for 0. The upper half is rare, and slow to divide. */
static int digits_of(uint64_t value, unsigned base, const char* symbols, char* text) {
  int n = 0;
  while (value >> 32) {
    text[n++] = symbols[value % base];
    value /= base;
  }
  for (uint32_t low = (uint32_t)value; low; low /= base) text[n++] = symbols[low % base];
  return n;
}

static void format_integer(ohmic_sink* sink, const ohmic_conversion* c, uint64_t value, int negative) {
  const int base = c->letter == 'o' ? 8 : c->letter == 'x' || c->letter == 'X' || c->letter == 'p' ? 16 : 10;
  const int is_signed = c->letter == 'd' || c->letter == 'i';
  char text[24];
  const int length = digits_of(value, (unsigned)base, c->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef", text);
  const char sign = negative ? '-' : is_signed && c->plus ? '+' : is_signed && c->space ? ' ' : 0;
  const int prefix = (base == 16 && c->alternate && value != 0) || c->letter == 'p' ? 2 : 0;
  int zeros = (c->precision < 0 ? 1 : c->precision) - length;
  if (c->letter == 'o' && c->alternate && zeros < 1) zeros = 1;
  if (zeros < 0) zeros = 0;
  int fill = c->width - length - zeros - prefix - (sign != 0);
  if (c->zero && !c->left && c->precision < 0 && fill > 0) {
    zeros += fill;
    fill = 0;
  }
  if (!c->left) ohmic_repeat(sink, ' ', fill);
  if (sign) ohmic_put(sink, sign);
  if (prefix) {
    ohmic_put(sink, '0');
    ohmic_put(sink, c->letter == 'X' ? 'X' : 'x');
  }
  ohmic_repeat(sink, '0', zeros);
  for (int i = length; i > 0; --i) ohmic_put(sink, text[i - 1]);
  if (c->left) ohmic_repeat(sink, ' ', fill);
}

static void format_string(ohmic_sink* sink, const ohmic_conversion* c, const char* text) {
  if (!text) text = "(null)";
  int length = 0;
  while ((c->precision < 0 || length < c->precision) && text[length]) ++length;
  if (!c->left) ohmic_repeat(sink, ' ', c->width - length);
  for (int i = 0; i < length; ++i) ohmic_put(sink, text[i]);
  if (c->left) ohmic_repeat(sink, ' ', c->width - length);
}

/* Sizes of integers by how they are passed and what is left of them. */
typedef enum { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_LONG_LONG, SIZE_SIZE, SIZE_PTRDIFF, SIZE_MAX_ } size;

static int64_t signed_argument(size s, va_list* arguments) {
  switch (s) {
    case SIZE_CHAR:
      return (signed char)va_arg(*arguments, int);
    case SIZE_SHORT:
      return (short)va_arg(*arguments, int);
    case SIZE_LONG:
      return va_arg(*arguments, long);
    case SIZE_LONG_LONG:
      return va_arg(*arguments, long long);
    case SIZE_SIZE:
    case SIZE_PTRDIFF:
      return va_arg(*arguments, ptrdiff_t);
    case SIZE_MAX_:
      return va_arg(*arguments, intmax_t);
    default:
      return va_arg(*arguments, int);
  }
}
static uint64_t unsigned_argument(size s, va_list* arguments) {
  switch (s) {
    case SIZE_CHAR:
      return (unsigned char)va_arg(*arguments, int);
    case SIZE_SHORT:
      return (unsigned short)va_arg(*arguments, int);
    case SIZE_LONG:
      return va_arg(*arguments, unsigned long);
    case SIZE_LONG_LONG:
      return va_arg(*arguments, unsigned long long);
    case SIZE_SIZE:
    case SIZE_PTRDIFF:
      return va_arg(*arguments, size_t);
    case SIZE_MAX_:
      return va_arg(*arguments, uintmax_t);
    default:
      return va_arg(*arguments, unsigned);
  }
}
static void store_total(size s, int total, void* to) {
  switch (s) {
    case SIZE_CHAR:
      *(signed char*)to = (signed char)total;
      break;
    case SIZE_SHORT:
      *(short*)to = (short)total;
      break;
    case SIZE_LONG:
      *(long*)to = total;
      break;
    case SIZE_LONG_LONG:
      *(long long*)to = total;
      break;
    case SIZE_SIZE:
    case SIZE_PTRDIFF:
      *(ptrdiff_t*)to = total;
      break;
    case SIZE_MAX_:
      *(intmax_t*)to = total;
      break;
    default:
      *(int*)to = total;
  }
}

static int number(const char** f) {
  int n = 0;
  for (; **f >= '0' && **f <= '9'; ++*f)
    if (n < 100000000) n = n * 10 + (**f - '0');
  return n;
}

/* Flags, width and precision in front of a size and a letter. */
static ohmic_conversion prefix_of(const char** f, va_list* arguments) {
  ohmic_conversion c = {0};
  for (;; ++*f) {
    if (**f == '-')
      c.left = 1;
    else if (**f == '+')
      c.plus = 1;
    else if (**f == ' ')
      c.space = 1;
    else if (**f == '#')
      c.alternate = 1;
    else if (**f == '0')
      c.zero = 1;
    else
      break;
  }
  if (**f == '*') {
    ++*f;
    c.width = va_arg(*arguments, int);
    if (c.width < 0) {
      c.left = 1;
      c.width = -c.width;
    }
  } else {
    c.width = number(f);
  }
  c.precision = -1;
  if (**f == '.') {
    ++*f;
    if (**f == '*') {
      ++*f;
      c.precision = va_arg(*arguments, int);
      if (c.precision < 0) c.precision = -1;
    } else {
      c.precision = number(f);
    }
  }
  return c;
}

static size size_of(const char** f) {
  const char first = **f;
  if (first == 'h' || first == 'l') {
    ++*f;
    if (**f != first) return first == 'h' ? SIZE_SHORT : SIZE_LONG;
    ++*f;
    return first == 'h' ? SIZE_CHAR : SIZE_LONG_LONG;
  }
  if (first == 'z' || first == 't' || first == 'j') {
    ++*f;
    return first == 'z' ? SIZE_SIZE : first == 't' ? SIZE_PTRDIFF : SIZE_MAX_;
  }
  return SIZE_INT;
}

const char* ohmic_format(ohmic_sink* sink, const char* format, va_list list) {
  va_list arguments;
  va_copy(arguments, list);
  const char* unknown = 0;
  for (const char* f = format; !unknown && *f; ++f) {
    if (*f != '%') {
      ohmic_put(sink, *f);
      continue;
    }
    const char* const start = f++;
    ohmic_conversion c = prefix_of(&f, &arguments);
    const size s = size_of(&f);
    c.letter = *f;
    switch (*f) {
      case 'd':
      case 'i': {
        const int64_t v = signed_argument(s, &arguments);
        format_integer(sink, &c, v < 0 ? 0u - (uint64_t)v : (uint64_t)v, v < 0);
        break;
      }
      case 'u':
      case 'o':
      case 'x':
      case 'X':
        format_integer(sink, &c, unsigned_argument(s, &arguments), 0);
        break;
      case 'p':
        format_integer(sink, &c, (uintptr_t)va_arg(arguments, void*), 0);
        break;
      case 'c':
        if (s != SIZE_INT) {
          unknown = start;
          break;
        }
        if (!c.left) ohmic_repeat(sink, ' ', c.width - 1);
        ohmic_put(sink, (char)va_arg(arguments, int));
        if (c.left) ohmic_repeat(sink, ' ', c.width - 1);
        break;
      case 's':
        if (s != SIZE_INT)
          unknown = start;
        else
          format_string(sink, &c, va_arg(arguments, const char*));
        break;
      case 'n':
        store_total(s, sink->total, va_arg(arguments, void*));
        break;
      case 'f':
      case 'F':
      case 'e':
      case 'E':
      case 'g':
      case 'G':
      case 'a':
      case 'A': {
        union {
          double value;
          uint64_t bits;
        } v = {va_arg(arguments, double)};
        ohmic_format_double(sink, &c, v.bits);
        break;
      }
      case '%':
        ohmic_put(sink, '%');
        break;
      default:
        unknown = start;
    }
  }
  va_end(arguments);
  return unknown;
}
