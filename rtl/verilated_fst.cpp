// Verilator's FST writer without its debug checks: one of them aborts when the disk is full, which ip/waveform finds
// and reports by itself.
#include "fstcpp/fstcpp_assertion.h"
#undef FST_DCHECK_EQ
#define FST_DCHECK_EQ(a, b)
#include "verilated_fst_c.cpp"

#if defined(__has_feature)
  #if __has_feature(address_sanitizer)
// VerilatedFst::closeInternal() of 5.48 drops its writer without deleting it: once per waveform.
extern "C" const char* __lsan_default_suppressions() { return "leak:VerilatedFst::open\n"; }
  #endif
#endif
