#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "sw/firmware/runtime/format.h"
}

// The firmware's own printf, compiled for this machine and held to its C library.
namespace ohmic {
namespace {

struct text_sink {
  ohmic_sink sink{[](ohmic_sink* s) { reinterpret_cast<text_sink*>(s)->take(); }, 0, 0, 0};
  std::string text;
  void take() {
    for (unsigned i = 0; i < sink.count; ++i) text += static_cast<char>(sink.word >> 8 * i);
  }
};

/// What the firmware prints; an unknown conversion ends it with "<UNKNOWN>".
std::string ours(const char* format, ...) {
  text_sink out;
  va_list arguments;
  va_start(arguments, format);
  const char* const unknown = ohmic_format(&out.sink, format, arguments);
  va_end(arguments);
  out.take();
  EXPECT_EQ(static_cast<std::size_t>(out.sink.total), out.text.size());
  return unknown ? out.text + "<" + unknown + ">" : out.text;
}
std::string theirs(const char* format, ...) {
  std::vector<char> text(8192);
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  return text.data();
}

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
#define EXPECT_AS_C(...) EXPECT_EQ(ours(__VA_ARGS__), theirs(__VA_ARGS__)) << #__VA_ARGS__

TEST(FirmwareFormatTest, PrintsWhatCSays) {
  EXPECT_EQ(ours("%f %+d %.3s %*d %#x %hhu", 2.5, 5, "abcdef", 5, 42, 255, 300), "2.500000 +5 abc    42 0xff 44");
  EXPECT_EQ(ours("%.*d|%05.*d|%.*s|%.*f", -1, 0, -5, 7, -1, "abc", -1, 2.5), "0|00007|abc|2.500000")
      << "a negative precision is none";
  EXPECT_EQ(ours("%-*d|%.*f|%*d|% d", 5, 42, 2, 1.005, -4, 7, 3), "42   |1.00|7   | 3");
  EXPECT_EQ(ours("%05d|%-05d|%+05d|%5.3d|%.0d|%05.3d", 42, 42, 42, 7, 0, 7), "00042|42   |+0042|  007||  007");
  EXPECT_EQ(ours("%o %#o %#o %X %#X %x", 8, 8, 0, 0xbeef, 0xbeef, 0), "10 010 0 BEEF 0XBEEF 0");
  EXPECT_EQ(ours("%hhd %hd %hu %lld %llu", 0x1ff, 0x18000, 0x12345, -5000000000ll, ~0ull),
            "-1 -32768 9029 -5000000000 18446744073709551615");
  EXPECT_EQ(ours("[%5s|%-5s|%.0s|%c|%3c|%-3c]%%", "ab", "ab", "ab", 'x', 'y', 'z'), "[   ab|ab   ||x|  y|z  ]%");
  EXPECT_EQ(ours("%p %8p", reinterpret_cast<void*>(0x1234), nullptr), "0x1234      0x0");
  EXPECT_EQ(ours("%e %E %g %G %a", 12345.678, 0.00012, 1e10, 1e-5, 1.0),
            "1.234568e+04 1.200000E-04 1e+10 1E-05 0x1p+0");
  EXPECT_EQ(ours("%f %F %5.1f %+.2e %g", INFINITY, -INFINITY, NAN, NAN, -0.0), "inf -INF   nan +nan -0");
  // Rounded to even, carried through, and exact to the last digit.
  EXPECT_EQ(ours("%.0f %.0f %.0f %.1f %.2f %.0e", 0.5, 1.5, 2.5, 0.25, 9.999, 9.5), "0 2 2 0.2 10.00 1e+01");
  EXPECT_EQ(ours("[%8.1f|%-8.1f|%08.0f|%+7.2f]", 9.97, 99.96, 9.5, -9.999), "[    10.0|100.0   |00000010| -10.00]")
      << "a digit more, because it is carried, takes its place of the width";
  EXPECT_EQ(ours("%#.2g %#.3g %#g %#.0f", 99.5, 1.0, 100.0, 3.0), "1.0e+02 1.00 100.000 3.");
  EXPECT_EQ(ours("%.55f", 0.1), "0.1000000000000000055511151231257827021181583404541015625");
}

TEST(FirmwareFormatTest, CountsWhatItHasPut) {
  int all = 0;
  signed char few = 0;
  EXPECT_EQ(ours("12%n345%hhn", &all, &few), "12345");
  EXPECT_EQ(all, 2);
  EXPECT_EQ(few, 5);
}

TEST(FirmwareFormatTest, AStringIsReadNoFurtherThanItsPrecision) {
  const char no_end[3] = {'a', 'b', 'c'};
  EXPECT_EQ(ours("%.3s", no_end), "abc");
  EXPECT_EQ(ours("%s", static_cast<const char*>(nullptr)), "(null)");
}

TEST(FirmwareFormatTest, NamesAnUnknownConversion) {
  EXPECT_EQ(ours("a %d %5.2q b", 1), "a 1 <%5.2q b>");
  EXPECT_EQ(ours("%Lf", 1.0L), "<%Lf>");
  EXPECT_EQ(ours("%ls", L"x"), "<%ls>");
  EXPECT_EQ(ours("%lc", L'x'), "<%lc>");
  EXPECT_EQ(ours("100%"), "100<%>");
  EXPECT_EQ(ours("%d %", 0), "0 <%>") << "nothing behind the percent sign";
}

class FirmwareFormatRandom : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937_64 random{GetParam()};
  std::uint64_t below(std::uint64_t n) { return random() % n; }

  std::string flags(const char* allowed) {
    std::string f = "[%";
    for (; *allowed; ++allowed)
      if (below(4) == 0) f += *allowed;
    return f;
  }
  std::string width_and_precision(unsigned most) {
    std::string f;
    if (below(2)) f += std::to_string(below(30));
    if (below(2)) f += "." + std::to_string(below(below(50) == 0 ? 400 : most));
    return f;
  }
};

TEST_P(FirmwareFormatRandom, Integers) {
  static const char* const sizes[] = {"", "hh", "h", "l", "ll", "z", "t", "j"};
  for (int i = 0; i < 20000; ++i) {
    const std::string f =
        flags("-+ #0") + width_and_precision(25) + sizes[below(8)] + std::string(1, "diuoxX"[below(6)]) + "]";
    std::uint64_t v = random() >> below(64);
    if (below(2)) v = 0 - v;
    if (below(20) == 0) v = 0;
    ASSERT_EQ(ours(f.c_str(), v), theirs(f.c_str(), v)) << f << " of " << v << ", seed " << GetParam();
  }
}

TEST_P(FirmwareFormatRandom, FloatingPoint) {
  for (int i = 0; i < 20000; ++i) {
    const char letter = "fFeEgGaA"[below(8)];
    // glibc forgets the zeros of %#g when rounding carries to another power of ten.
    const std::string f =
        flags(letter == 'g' || letter == 'G' ? "-+ 0" : "-+ #0") + width_and_precision(25) + letter + "]";
    double v = 0;
    std::uint64_t bits = random();
    switch (below(6)) {
      case 0:
        std::memcpy(&v, &bits, 8);
        break;
      case 1:
        v = static_cast<double>(below(2000000)) / 1000 - 1000;
        break;
      case 2:
        v = static_cast<double>(below(200)) / static_cast<double>(1 << below(8));  // ties
        break;
      case 3:
        v = static_cast<double>(below(100000)) * std::pow(10, static_cast<int>(below(40)) - 20);
        break;
      case 4:
        v = std::pow(10, static_cast<int>(below(20))) - static_cast<double>(below(3));  // nines
        break;
      default:
        bits = below(100);  // subnormal
        std::memcpy(&v, &bits, 8);
    }
    if (std::isnan(v)) v = std::fabs(v);
    ASSERT_EQ(ours(f.c_str(), v), theirs(f.c_str(), v)) << f << ", seed " << GetParam();
  }
}

TEST(FirmwareFormatTest, TheEdgesOfDouble) {
  for (const double v : {DBL_MAX, DBL_MIN, DBL_TRUE_MIN, DBL_EPSILON, -DBL_MAX, 0.0, -0.0, 9007199254740993.0, 0.3,
                         1.0 / 3, 123456789012345678.0, 5e-324, 9.5, 0.95, 0.0000999999, 999999.5, 99999.95})
    for (const char* const f : {"%f", "%e", "%g", "%a", "%.0f", "%.0e", "%.1g", "%.17g", "%.40f", "%.1074f", "%.20e"})
      EXPECT_AS_C(f, v);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FirmwareFormatRandom, testing::Values(1, 2, 3));

}  // namespace
}  // namespace ohmic
