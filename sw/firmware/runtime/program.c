#include "sw/firmware/runtime/program.h"

#include "sw/firmware/runtime/spmd.h"

/* The loader writes the words behind `--`, separated by single spaces and ended by NUL. */
enum { argument_bytes = 256 };
__attribute__((section(".hbm"), used)) volatile char ohmic_args[argument_bytes] = "";

_Noreturn void exit(int status) {
  ohmic_platform_control_registers()->exit = (uint32_t)status;
  ohmic_sleep_forever();
}

_Noreturn void ohmic_assert_failed(const char* expression, const char* file, int line) {
  printf("%s:%d: assertion failed: %s\n", file, line, expression);
  ohmic_platform_control_registers()->assert_failed = (uint32_t)line;
  ohmic_sleep_forever();
}

/* Exceptions are a program's mistake; an interrupt is whoever enabled it to define this anew. */
__attribute__((weak)) void ohmic_handle_trap(uint32_t cause, uint32_t pc) {
  const char* const name = cause == 2    ? "illegal instruction"
                           : cause == 3  ? "ebreak"
                           : cause == 11 ? "ecall"
                           : cause >> 31 ? "interrupt"
                                         : "exception";
  printf("trap: cause %u at pc 0x%08x: %s\n", (unsigned)cause, (unsigned)pc, name);
  ohmic_platform_control_registers()->assert_failed = cause;
  ohmic_sleep_forever();
}

/* First character of argument i, or -1. */
static int argument_start(unsigned i) {
  int at = 0;
  while (at < argument_bytes && ohmic_args[at] == ' ') ++at;
  for (; i != 0; --i) {
    while (at < argument_bytes && ohmic_args[at] != ' ' && ohmic_args[at] != 0) ++at;
    while (at < argument_bytes && ohmic_args[at] == ' ') ++at;
  }
  return at < argument_bytes && ohmic_args[at] != 0 ? at : -1;
}

unsigned ohmic_argument_count(void) {
  unsigned n = 0;
  while (argument_start(n) >= 0) ++n;
  return n;
}

unsigned ohmic_argument(unsigned i, char* text, unsigned bytes) {
  unsigned n = 0;
  const int start = argument_start(i);
  if (start >= 0)
    for (int at = start; at < argument_bytes && n + 1 < bytes; ++at) {
      const char c = ohmic_args[at];
      if (c == ' ' || c == 0) break;
      text[n++] = c;
    }
  text[n] = 0;
  return n;
}

uint32_t ohmic_argument_number(unsigned i, uint32_t otherwise) {
  char text[20];
  if (ohmic_argument(i, text, sizeof text) == 0) return otherwise;
  uint32_t value = 0, base = 10;
  const char* s = text;
  if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
    base = 16;
    s += 2;
  }
  for (; *s; ++s) {
    const char c = *s;
    const uint32_t digit = c >= 'a'   ? (uint32_t)(c - 'a' + 10)
                           : c >= 'A' ? (uint32_t)(c - 'A' + 10)
                                      : (uint32_t)(c - '0');
    OHMIC_ASSERT(digit < base);
    value = value * base + digit;
  }
  return value;
}
