/* %f %e %g %a without a floating-point operation: integers of as many digits as a double may have. Stacks are small, so
 * digits are not kept: they come out one by one, twice. The first time tells where rounding carries to. */
#include "sw/firmware/runtime/format.h"

enum { MANTISSA_BITS = 52, EXPONENT_BIAS = 1075, LIMB = 1000000000, WHOLE_LIMBS = 35, PART_WORDS = 34 };

/* mantissa * 2^exponent */
typedef struct {
  uint64_t mantissa;
  int exponent;
} binary;

/* The decimal digits of a number, from the left; behind the last one 0 for ever. */
typedef struct {
  uint32_t whole[WHOLE_LIMBS]; /* in front of the point, nine digits each, the last first */
  uint32_t part[PART_WORDS];   /* behind it, a binary fraction, the first first */
  int limbs, words;            /* in use */
  uint32_t scale;              /* of the next digit within its limb */
  int whole_digits;            /* at least one */
} digits;

static void multiply(digits* d, uint32_t factor) {
  uint64_t carry = 0;
  for (int i = 0; i < d->limbs; ++i) {
    carry += (uint64_t)d->whole[i] * factor;
    d->whole[i] = (uint32_t)(carry % LIMB);
    carry /= LIMB;
  }
  if (carry) d->whole[d->limbs++] = (uint32_t)carry;
}

static void begin(digits* d, const binary* v) {
  uint64_t whole = v->exponent >= 0 ? v->mantissa : v->exponent > -64 ? v->mantissa >> -v->exponent : 0;
  d->limbs = 0;
  do {
    d->whole[d->limbs++] = (uint32_t)(whole % LIMB);
    whole /= LIMB;
  } while (whole);
  for (int left = v->exponent; left > 0; left -= 29) multiply(d, 1u << (left < 29 ? left : 29));

  /* Bit -1-i of the number is bit 31 - i % 32 of word i / 32. */
  d->words = v->exponent < 0 ? (-v->exponent + 31) / 32 : 0;
  for (int i = 0; i < d->words; ++i) {
    uint32_t word = 0;
    const int low = -32 * (i + 1) - v->exponent; /* bit of the mantissa that is this word's lowest */
    if (low >= 0)
      word = low < 64 ? (uint32_t)(v->mantissa >> low) : 0;
    else
      word = low > -32 ? (uint32_t)(v->mantissa << -low) : 0;
    d->part[i] = word;
  }
  d->scale = 1;
  d->whole_digits = 9 * (d->limbs - 1) + 1;
  while (d->whole[d->limbs - 1] / d->scale >= 10) {
    d->scale *= 10;
    ++d->whole_digits;
  }
}

static unsigned next(digits* d) {
  if (d->limbs > 0) {
    const unsigned digit = d->whole[d->limbs - 1] / d->scale % 10;
    d->scale /= 10;
    if (d->scale == 0) {
      --d->limbs;
      d->scale = LIMB / 10;
    }
    return digit;
  }
  uint64_t carry = 0;
  for (int i = d->words; i > 0; --i) {
    carry += (uint64_t)d->part[i - 1] * 10;
    d->part[i - 1] = (uint32_t)carry;
    carry >>= 32;
  }
  while (d->words > 0 && d->part[d->words - 1] == 0) --d->words;
  return (unsigned)carry;
}

/* Whether anything but 0 is still to come. */
static int more(digits* d) {
  if (d->limbs > 0 && d->whole[d->limbs - 1] % (d->scale * 10ull) != 0) return 1;
  for (int i = 0; i + 1 < d->limbs; ++i)
    if (d->whole[i] != 0) return 1;
  for (int i = 0; i < d->words; ++i)
    if (d->part[i] != 0) return 1;
  return 0;
}

/* How a number is cut. Places count from its first digit in front of the point; -1 is the one that a carry makes. */
typedef struct {
  int whole_digits;
  int first; /* first digit that is not 0; of 0 the one in front of the point */
  int end;   /* behind the last digit */
  int up;    /* place of the digit that rounding makes one more, with zeros behind it; end if none */
  int last;  /* last digit that is not 0; first if there is none */
} cut;

/* Cut `behind` digits behind the point, or, if `significant`, to that many behind the first that is not 0. To the
 * nearest, ties to even. */
static cut measure(const binary* v, int significant, int behind) {
  digits d;
  begin(&d, v);
  cut c = {d.whole_digits, -1, 0, 0, -1};
  int not_nine = -1;
  unsigned digit = 0;
  if (v->mantissa == 0) c.first = c.last = d.whole_digits - 1;
  c.end = significant ? c.first < 0 ? 2000000000 : c.first + 1 + behind : d.whole_digits + behind;
  int at = 0;
  for (; at < c.end; ++at) {
    digit = next(&d);
    if (digit != 9) not_nine = at;
    if (digit == 0) continue;
    c.last = at;
    if (c.first >= 0) continue;
    c.first = at;
    if (significant) c.end = at + 1 + behind;
  }
  const unsigned rest = next(&d);
  const int up = rest > 5 || (rest == 5 && (more(&d) || digit % 2 != 0));
  c.up = up ? not_nine : c.end;
  if (up) {
    c.last = not_nine;
    if (c.first < 0 || not_nine < c.first) {
      if (significant && c.first >= 0) --c.end; /* 9.99 is 1.00e+01 */
      c.first = not_nine;
    }
  }
  if (c.first < 0 && !up) c.first = c.last = d.whole_digits - 1;
  if (c.last < c.first) c.last = c.first;
  return c;
}

/* The digits from place `from` to `to`, with a point behind `point` if there is one, or `always`. */
static void put_digits(ohmic_sink* sink, const binary* v, const cut* c, int from, int to, int point, int always) {
  digits d;
  begin(&d, v);
  for (int at = -1; at < to; ++at) {
    unsigned digit = at < 0 ? 0 : next(&d);
    if (at == c->up)
      ++digit;
    else if (at > c->up || at >= c->end)
      digit = 0;
    if (at < from) continue;
    ohmic_put(sink, (char)('0' + digit));
    if (at == point && (always || at + 1 < to)) ohmic_put(sink, '.');
  }
}

/* sign and fill in front of `length` characters; what is to fill behind them. */
static int open_field(ohmic_sink* sink, const ohmic_conversion* c, char sign, const char* prefix, int length,
                      int zeros) {
  int prefixes = sign != 0;
  for (const char* p = prefix; *p; ++p) ++prefixes;
  const int fill = c->width - length - prefixes;
  const int with_zeros = zeros && c->zero && !c->left;
  if (!c->left && !with_zeros) ohmic_repeat(sink, ' ', fill);
  if (sign) ohmic_put(sink, sign);
  for (; *prefix; ++prefix) ohmic_put(sink, *prefix);
  if (with_zeros) ohmic_repeat(sink, '0', fill);
  return c->left ? fill : 0;
}

static int exponent_digits(int exponent, int least) {
  int n = 1;
  for (unsigned e = (unsigned)(exponent < 0 ? -exponent : exponent); e >= 10; e /= 10) ++n;
  return n < least ? least : n;
}
static void put_exponent(ohmic_sink* sink, char letter, int exponent, int least) {
  ohmic_put(sink, letter);
  ohmic_put(sink, exponent < 0 ? '-' : '+');
  unsigned e = (unsigned)(exponent < 0 ? -exponent : exponent), scale = 1;
  for (int n = exponent_digits(exponent, least); n > 1; --n) scale *= 10;
  for (; scale; scale /= 10) ohmic_put(sink, (char)('0' + e / scale % 10));
}

static void put_fixed(ohmic_sink* sink, const ohmic_conversion* c, const binary* v, char sign, int behind, int trim) {
  const cut k = measure(v, 0, behind);
  const int point = k.whole_digits - 1, from = k.first < 0 ? -1 : 0;
  int to = k.whole_digits + behind;
  if (trim) to = k.last < point ? k.whole_digits : k.last + 1;
  const int dot = c->alternate || to > k.whole_digits;
  const int after = open_field(sink, c, sign, "", to - from + dot, 1);
  put_digits(sink, v, &k, from, to, point, c->alternate);
  ohmic_repeat(sink, ' ', after);
}

static void put_scientific(ohmic_sink* sink, const ohmic_conversion* c, const binary* v, char sign, int behind,
                           int trim) {
  const cut k = measure(v, 1, behind);
  const int exponent = k.whole_digits - 1 - k.first;
  const int to = trim ? k.last + 1 : k.first + 1 + behind;
  const int dot = c->alternate || to > k.first + 1;
  const int after = open_field(sink, c, sign, "", to - k.first + dot + 2 + exponent_digits(exponent, 2), 1);
  put_digits(sink, v, &k, k.first, to, k.first, c->alternate);
  put_exponent(sink, c->letter == 'E' || c->letter == 'G' ? 'E' : 'e', exponent, 2);
  ohmic_repeat(sink, ' ', after);
}

static void put_hexadecimal(ohmic_sink* sink, const ohmic_conversion* c, uint64_t bits, char sign) {
  const char* const symbols = c->letter == 'A' ? "0123456789ABCDEF" : "0123456789abcdef";
  uint64_t mantissa = bits << 12 >> 12;
  const int biased = (int)(bits >> MANTISSA_BITS & 0x7ff);
  int exponent = biased != 0 ? biased - 1023 : mantissa != 0 ? -1022 : 0;
  if (biased != 0) mantissa |= 1ull << MANTISSA_BITS;
  int behind = 13;
  if (c->precision >= 0 && c->precision < 13) {
    behind = c->precision;
    const int drop = 4 * (13 - behind);
    const uint64_t half = 1ull << (drop - 1), rest = mantissa & (2 * half - 1);
    mantissa >>= drop;
    if (rest > half || (rest == half && (mantissa & 1))) ++mantissa;
  } else if (c->precision < 0) {
    for (; behind > 0 && (mantissa & 15) == 0; --behind) mantissa >>= 4;
  }
  const int zeros = c->precision > behind ? c->precision - behind : 0;
  const int dot = c->alternate || behind + zeros > 0;
  const int after = open_field(sink, c, sign, c->letter == 'A' ? "0X" : "0x",
                               1 + dot + behind + zeros + 2 + exponent_digits(exponent, 1), 1);
  ohmic_put(sink, symbols[mantissa >> 4 * behind & 15]);
  if (dot) ohmic_put(sink, '.');
  for (int i = behind; i > 0; --i) ohmic_put(sink, symbols[mantissa >> 4 * (i - 1) & 15]);
  ohmic_repeat(sink, '0', zeros);
  put_exponent(sink, c->letter == 'A' ? 'P' : 'p', exponent, 1);
  ohmic_repeat(sink, ' ', after);
}

void ohmic_format_double(ohmic_sink* sink, const ohmic_conversion* c, uint64_t bits) {
  const int upper = c->letter >= 'A' && c->letter <= 'Z';
  const char sign = bits >> 63 ? '-' : c->plus ? '+' : c->space ? ' ' : 0;
  const int biased = (int)(bits >> MANTISSA_BITS & 0x7ff);
  binary v = {bits << 12 >> 12, (biased != 0 ? biased : 1) - EXPONENT_BIAS};
  if (biased == 0x7ff) {
    const char* const word = v.mantissa != 0 ? upper ? "NAN" : "nan" : upper ? "INF" : "inf";
    const int after = open_field(sink, c, sign, word, 0, 0);
    ohmic_repeat(sink, ' ', after);
    return;
  }
  if (c->letter == 'a' || c->letter == 'A') {
    put_hexadecimal(sink, c, bits, sign);
    return;
  }
  if (biased != 0) v.mantissa |= 1ull << MANTISSA_BITS;
  int precision = c->precision < 0 ? 6 : c->precision;
  switch (c->letter) {
    case 'f':
    case 'F':
      put_fixed(sink, c, &v, sign, precision, 0);
      break;
    case 'e':
    case 'E':
      put_scientific(sink, c, &v, sign, precision, 0);
      break;
    default: {
      if (precision == 0) precision = 1;
      const cut k = measure(&v, 1, precision - 1);
      const int exponent = k.whole_digits - 1 - k.first;
      if (exponent < -4 || exponent >= precision)
        put_scientific(sink, c, &v, sign, precision - 1, !c->alternate);
      else
        put_fixed(sink, c, &v, sign, precision - 1 - exponent, !c->alternate);
    }
  }
}
