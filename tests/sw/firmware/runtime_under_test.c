/* What runtime and HAL promise, checked from inside; examples_test.cpp looks at what is printed. */
#include "sw/firmware/hal/event_unit.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

static volatile uint32_t counter, arrived[64], order_errors;

static void count_under_lock(void* argument) {
  for (int i = 0; i < 5; ++i) {
    ohmic_lock();
    const uint32_t seen = counter; /* lost if another core is inside too */
    for (volatile int wait = 0; wait < 3; ++wait) {
    }
    counter = seen + 1;
    ohmic_unlock();
  }
}

/* Nobody leaves a barrier before all have come. */
static void meet_often(void* argument) {
  const unsigned core = ohmic_core_id(), cores = ohmic_core_count();
  for (uint32_t round = 1; round <= 10; ++round) {
    arrived[core] = round;
    ohmic_barrier();
    for (unsigned c = 0; c < cores; ++c)
      if (arrived[c] != round) order_errors = 1;
    ohmic_barrier();
  }
}

/* Barrier 0 over the odd cores, barrier 1 over the even ones. */
static void meet_in_halves(void* argument) {
  const unsigned core = ohmic_core_id(), cores = ohmic_core_count();
  for (uint32_t round = 1; round <= 10; ++round) {
    arrived[core] = 100 + round;
    ohmic_barrier_wait(core % 2 ? 0 : 1);
    for (unsigned c = core % 2; c < cores; c += 2)
      if (arrived[c] != 100 + round) order_errors = 2;
    ohmic_barrier_wait(core % 2 ? 0 : 1);
  }
}

static void share_a_loop(void* argument) {
  uint8_t* touched = argument;
  const ohmic_range mine = ohmic_share(101, ohmic_core_id(), ohmic_core_count());
  for (uint32_t i = mine.begin; i < mine.end; ++i) ++touched[i];
}

static uint8_t touched[101];
static uint32_t initialised = 0x12345678;

int main(void) {
  const unsigned cores = ohmic_core_count();
  OHMIC_ASSERT(initialised == 0x12345678 && counter == 0); /* .data and .bss of every cluster */
  ohmic_dispatch(count_under_lock, 0);
  OHMIC_ASSERT(counter == 5 * cores);
  ohmic_dispatch(meet_often, 0);
  const uint64_t all = cores == 64 ? ~0ull : (1ull << cores) - 1, odd = all & 0xAAAAAAAAAAAAAAAAull, even = all & ~odd;
  ohmic_barrier_configure(0, (uint32_t)odd, (uint32_t)(odd >> 32));
  ohmic_barrier_configure(1, (uint32_t)even, (uint32_t)(even >> 32));
  ohmic_dispatch(meet_in_halves, 0);
  OHMIC_ASSERT(order_errors == 0);
  ohmic_dispatch(share_a_loop, touched);
  for (int i = 0; i < 101; ++i) OHMIC_ASSERT(touched[i] == 1);

  static char text[40], other[40];
  for (int i = 0; i < 40; ++i) text[i] = (char)(i * 7);
  memcpy(other + 1, text + 2, 31);
  OHMIC_ASSERT(memcmp(other + 1, text + 2, 31) == 0 && other[32] == 0);
  memmove(text + 3, text, 30);
  for (int i = 0; i < 30; ++i) OHMIC_ASSERT(text[i + 3] == (char)(i * 7));
  memset(text + 1, 0xA5, 9);
  OHMIC_ASSERT(text[0] == 0 && text[1] == (char)0xA5 && text[9] == (char)0xA5 && text[10] == (char)49);
  OHMIC_ASSERT(strlen("seven..") == 7 && strcmp("ab", "ac") < 0 && strcmp("", "") == 0);
  OHMIC_ASSERT(strlen("") == 0 && strcmp("abc", "ab") > 0 && strcmp("ab", "abc") < 0 && strcmp("\xff", "a") > 0);
  for (int i = 0; i < 40; ++i) text[i] = (char)(i * 7);
  memmove(text, text + 3, 30); /* to the front */
  for (int i = 0; i < 30; ++i) OHMIC_ASSERT(text[i] == (char)((i + 3) * 7));
  OHMIC_ASSERT(text[30] == (char)(30 * 7));
  memmove(text + 1, text + 1, 5);
  OHMIC_ASSERT(text[1] == (char)(4 * 7) && memcmp(text, text, 0) == 0);
  OHMIC_ASSERT(memcmp("ab\x80", "ab\x7f", 3) > 0 && memcmp("ab", "b", 1) < 0 && memcmp("abx", "aby", 2) == 0);

  /* Never more than the room, always an end, and how long it would have been. */
  for (int i = 0; i < 40; ++i) text[i] = '#';
  OHMIC_ASSERT(snprintf(text, 8, "%s-%d", "abcde", 123) == 9 && strcmp(text, "abcde-1") == 0 && text[8] == '#');
  OHMIC_ASSERT(snprintf(text, 10, "%s-%d", "abcde", 123) == 9 && strcmp(text, "abcde-123") == 0 && text[10] == '#');
  OHMIC_ASSERT(snprintf(text, 1, "xyz") == 3 && text[0] == 0 && text[1] == 'b');
  OHMIC_ASSERT(snprintf(text, 0, "xyz") == 3 && text[0] == 0 && snprintf(0, 0, "%d", 12345) == 5);
  OHMIC_ASSERT(snprintf(text, 20, "four") == 4 && strcmp(text, "four") == 0);
  const char* volatile unknown = "%q";
  OHMIC_ASSERT(snprintf(text, 20, unknown) == -1);

  volatile int64_t dividend = -1234567890123456789ll, divisor = 987654321;
  OHMIC_ASSERT(dividend / divisor == -1249999988 && dividend % divisor == -725308641);
  divisor = -divisor;
  OHMIC_ASSERT(dividend / divisor == 1249999988 && dividend % divisor == -725308641);
  dividend = -dividend;
  OHMIC_ASSERT(dividend / divisor == -1249999988 && dividend % divisor == 725308641);
  dividend = divisor;
  OHMIC_ASSERT(dividend / divisor == 1 && dividend % divisor == 0);
  volatile uint64_t large = ~0ull, ten = 10;
  OHMIC_ASSERT(large / ten == 1844674407370955161ull && large % ten == 5);
  volatile unsigned zero = 0;
  OHMIC_ASSERT(zero == 0 || __builtin_clz(zero) == 0); /* links without a library */

  if (ohmic_cluster_id() == 0) {
    printf("%d|%5d|%-5d|%05d|%u|%x|%08X|%c|%s|%6s|%-6s|%%|%lld|%llu\n", -7, 42, 42, -42, 4000000000u, 0xBEEFu, 0xBEEFu,
           'z', "text", "ab", "ab", -1234567890123456789ll, 18446744073709551615ull);
    printf("%f %+d %.3s %*d %#x %hhu %.3g\n", 2.5, 5, "abcdef", 5, 42, 255, 300, 1e-5);
    char part[6] = {'#', '#', '#', '#', '#', '#'};
    const unsigned length = ohmic_argument(1, part, 4); /* three characters and the end, and no byte behind them */
    printf("part <%s> %u %c\n", part, length, part[4]);
    const unsigned none = ohmic_argument(9, part, 4), whole = ohmic_argument(1, part, 5);
    printf("none %u, whole <%s> %u %c\n", none, part, whole, part[5]);
    printf("%u arguments, second %u, missing %u\n", ohmic_argument_count(), (unsigned)ohmic_argument_number(1, 9),
           (unsigned)ohmic_argument_number(5, 9));
  }
  return (int)ohmic_argument_number(2, 0); /* the third argument: with what cluster mains return */
}
