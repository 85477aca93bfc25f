/// What a C program expects of its surroundings: console, exit, assert, arguments, a few memory functions.
#ifndef OHMIC_RUNTIME_PROGRAM_H
#define OHMIC_RUNTIME_PROGRAM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/// Ends the run of the whole chip; does not return. 0 is success, anything else the platform's exit code 7.
_Noreturn void exit(int status);

/// As C says, floating point included (runtime/format.h). One line is one console line. A conversion that there is not
/// (%Lf, %ls, %lc, no such letter) is named on the console and ends the run with exit code 7.
int printf(const char* format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char* format, va_list arguments) __attribute__((format(printf, 1, 0)));
/// The same into memory; -1 for a conversion that there is not.
int snprintf(char* text, size_t bytes, const char* format, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char* text, size_t bytes, const char* format, va_list arguments) __attribute__((format(printf, 3, 0)));

/// Arguments of the run: the words behind `--` on the command line, the same for every cluster.
unsigned ohmic_argument_count(void);
/// Copies argument i (0 is the first word) as a string; an empty one if there is none. Returns its length.
unsigned ohmic_argument(unsigned i, char* text, unsigned bytes);
/// Argument i as a decimal or 0x number, or `otherwise` if it is not given.
uint32_t ohmic_argument_number(unsigned i, uint32_t otherwise);

_Noreturn void ohmic_sleep_forever(void);
_Noreturn void ohmic_assert_failed(const char* expression, const char* file, int line);
#define OHMIC_ASSERT(condition) ((condition) ? (void)0 : ohmic_assert_failed(#condition, __FILE_NAME__, __LINE__))
#ifndef assert
  #define assert(condition) OHMIC_ASSERT(condition)
#endif

void* memcpy(void* restrict to, const void* restrict from, size_t n);
void* memmove(void* to, const void* from, size_t n);
void* memset(void* to, int value, size_t n);
int memcmp(const void* a, const void* b, size_t n);
size_t strlen(const char* s);
int strcmp(const char* a, const char* b);

#endif
