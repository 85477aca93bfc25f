// Verilator's FST writer without its debug checks: one of them aborts when the disk is full, which ip/waveform finds
// and reports by itself.
#include "fstcpp/fstcpp_assertion.h"
#undef FST_DCHECK_EQ
#define FST_DCHECK_EQ(a, b)
#include "verilated_fst_c.cpp"
