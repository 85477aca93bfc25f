#pragma once

#include <cstdint>
#include <vector>

namespace ohmic::test {

inline constexpr std::uint32_t timing_nop = 0x13;

/// A few instructions of a kind, for programs that put them together in all ways.
struct piece {
  const char* name;
  std::vector<std::uint32_t> words;
};

/// a0: an address; a1: what has been loaded; t0: 7; t1: 1000; t2: -3; a2, a3: results.
inline const std::vector<piece> timing_pieces = {
    {"addi", {0x00128613}},                                            // addi a2, t0, 1
    {"uses the load", {0x00158613}},                                   // addi a2, a1, 1
    {"mul", {0x02628633}},                                             // mul a2, t0, t1
    {"mulh", {0x02629633}},                                            // mulh a2, t0, t1
    {"mulh of the load", {0x02b29633}},                                // mulh a2, t0, a1
    {"div by 7", {0x02534633}},                                        // div a2, t1, t0
    {"div by -3", {0x02734633}},                                       // div a2, t1, t2
    {"divu by -3", {0x02735633}},                                      // divu a2, t1, t2
    {"rem by -3", {0x02736633}},                                       // rem a2, t1, t2
    {"remu by -3", {0x02737633}},                                      // remu a2, t1, t2
    {"div of the load", {0x0255c633}},                                 // div a2, a1, t0
    {"csrr mscratch", {0x34002673}},                                   // one cycle
    {"csrr mstatus", {0x30002673}},                                    // flushes the pipeline
    {"csrr mcycleh", {0xb8002673}},                                    // the same
    {"branch not taken", {0x00529463}},                                // bne t0, t0, 8
    {"branch taken", {0x00528463, timing_nop}},                        // beq t0, t0, 8
    {"jal", {0x0080066f, timing_nop}},                                 // jal a2, 8
    {"jalr", {0x00000617, 0x00c60667, timing_nop}},                    // auipc a2, 0; jalr a2, 12(a2)
    {"jr", {0x00000617, 0x00c60067, timing_nop}},                      // auipc a2, 0; jr 12(a2)
    {"jalr a3", {0x00000617, 0x00c606e7, timing_nop}},                 // auipc a2, 0; jalr a3, 12(a2)
    {"jalr later", {0x00000617, timing_nop, 0x01060667, timing_nop}},  // auipc a2, 0; nop; jalr a2, 16(a2)
    {"load", {0x01052603}},                                            // lw a2, 16(a0)
    {"load into the same", {0x01052583}},                              // lw a1, 16(a0)
    {"misaligned load", {0x01252603}},                                 // lw a2, 18(a0)
    {"store", {0x00552a23}},                                           // sw t0, 20(a0)
    {"fence", {0x0ff0000f}},
    {"fence.i", {0x0000100f}},
    {"nothing", {}},
};

}  // namespace ohmic::test
