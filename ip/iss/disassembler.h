#pragma once

#include <cstdint>
#include <string>

namespace ohmic::iss {

/// One instruction as text, in LLVM's spelling without aliases ("cv.lw a0, (a1), 4", "addi sp, sp, -16").
/// word: as in memory; the low 16 bits if compressed (then the 32-bit instruction it stands for is written,
/// with "c." in front of the mnemonic). Jump targets are absolute. Unknown encodings: ".word 0x...".
std::string disassemble(std::uint32_t pc, std::uint32_t word);

}  // namespace ohmic::iss
