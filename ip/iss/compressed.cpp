#include "ip/iss/instruction_set.h"

namespace ohmic::iss {
namespace {

using u32 = std::uint32_t;

constexpr u32 bit(u32 v, unsigned from, unsigned to) { return (v >> from & 1) << to; }
constexpr u32 field(u32 v, unsigned high, unsigned low) { return v >> low & ((2u << (high - low)) - 1); }
constexpr u32 extend(u32 v, unsigned width) {
  return static_cast<u32>(static_cast<std::int32_t>(v << (32 - width)) >> (32 - width));
}

// 32-bit formats
constexpr u32 r(u32 funct7, u32 rs2, u32 rs1, u32 funct3, u32 rd, u32 opcode) {
  return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}
constexpr u32 i(u32 imm, u32 rs1, u32 funct3, u32 rd, u32 opcode) {
  return imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}
constexpr u32 s(u32 imm, u32 rs2, u32 rs1, u32 funct3, u32 opcode) {
  return field(imm, 11, 5) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | field(imm, 4, 0) << 7 | opcode;
}
constexpr u32 b(u32 imm, u32 rs1, u32 funct3) {
  return bit(imm, 12, 31) | field(imm, 10, 5) << 25 | rs1 << 15 | funct3 << 12 | field(imm, 4, 1) << 8 |
         bit(imm, 11, 7) | 0x63;
}
constexpr u32 j(u32 imm, u32 rd) {
  return bit(imm, 20, 31) | field(imm, 10, 1) << 21 | bit(imm, 11, 20) | field(imm, 19, 12) << 12 | rd << 7 | 0x6f;
}

constexpr u32 addi = 0x13, load = 0x03, store = 0x23, arithmetic = 0x33, jalr = 0x67;

u32 quadrant0(u32 h) {
  const u32 rd = 8 + field(h, 4, 2);
  const u32 rs1 = 8 + field(h, 9, 7);
  const u32 word_offset = field(h, 12, 10) << 3 | bit(h, 6, 2) | bit(h, 5, 6);
  switch (field(h, 15, 13)) {
    case 0: {
      const u32 imm = field(h, 12, 11) << 4 | field(h, 10, 7) << 6 | bit(h, 6, 2) | bit(h, 5, 3);
      return imm == 0 ? 0 : i(imm, 2, 0, rd, addi);
    }
    case 2:
      return i(word_offset, rs1, 2, rd, load);
    case 6:
      return s(word_offset, rd, rs1, 2, store);
    default:
      return 0;
  }
}

u32 quadrant1(u32 h) {
  const u32 rd = field(h, 11, 7);
  const u32 rdp = 8 + field(h, 9, 7);
  const u32 imm6 = extend(bit(h, 12, 5) | field(h, 6, 2), 6);
  const u32 imm12 = imm6 & 0xfff;
  switch (field(h, 15, 13)) {
    case 0:
      return i(imm12, rd, 0, rd, addi);
    case 1:
    case 5: {
      const u32 imm = extend(bit(h, 12, 11) | bit(h, 11, 4) | field(h, 10, 9) << 8 | bit(h, 8, 10) | bit(h, 7, 6) |
                                 bit(h, 6, 7) | field(h, 5, 3) << 1 | bit(h, 2, 5),
                             12);
      return j(imm, field(h, 15, 13) == 1 ? 1 : 0);
    }
    case 2:
      return i(imm12, 0, 0, rd, addi);
    case 3:
      if (imm6 == 0) return 0;
      if (rd == 2) {
        const u32 imm = extend(bit(h, 12, 9) | bit(h, 6, 4) | bit(h, 5, 6) | field(h, 4, 3) << 7 | bit(h, 2, 5), 10);
        return i(imm & 0xfff, 2, 0, 2, addi);
      }
      return imm6 << 12 | rd << 7 | 0x37;
    case 4: {
      const u32 rs2p = 8 + field(h, 4, 2);
      switch (field(h, 11, 10)) {
        case 0:
          return field(h, 12, 12) ? 0 : r(0x00, field(h, 6, 2), rdp, 5, rdp, addi);
        case 1:
          return field(h, 12, 12) ? 0 : r(0x20, field(h, 6, 2), rdp, 5, rdp, addi);
        case 2:
          return i(imm12, rdp, 7, rdp, addi);
        default:
          if (field(h, 12, 12)) return 0;
          switch (field(h, 6, 5)) {
            case 0:
              return r(0x20, rs2p, rdp, 0, rdp, arithmetic);
            case 1:
              return r(0x00, rs2p, rdp, 4, rdp, arithmetic);
            case 2:
              return r(0x00, rs2p, rdp, 6, rdp, arithmetic);
            default:
              return r(0x00, rs2p, rdp, 7, rdp, arithmetic);
          }
      }
    }
    default: {
      const u32 imm =
          extend(bit(h, 12, 8) | field(h, 11, 10) << 3 | field(h, 6, 5) << 6 | field(h, 4, 3) << 1 | bit(h, 2, 5), 9);
      return b(imm, rdp, field(h, 15, 13) == 6 ? 0 : 1);
    }
  }
}

u32 quadrant2(u32 h) {
  const u32 rd = field(h, 11, 7);
  const u32 rs2 = field(h, 6, 2);
  switch (field(h, 15, 13)) {
    case 0:
      return field(h, 12, 12) ? 0 : r(0x00, rs2, rd, 1, rd, addi);
    case 2:
      return rd == 0 ? 0 : i(bit(h, 12, 5) | field(h, 6, 4) << 2 | field(h, 3, 2) << 6, 2, 2, rd, load);
    case 4:
      if (!field(h, 12, 12)) {
        if (rs2 != 0) return r(0, rs2, 0, 0, rd, arithmetic);
        return rd == 0 ? 0 : i(0, rd, 0, 0, jalr);
      }
      if (rs2 != 0) return r(0, rs2, rd, 0, rd, arithmetic);
      return rd == 0 ? 0x00100073u : i(0, rd, 0, 1, jalr);
    case 6:
      return s(field(h, 12, 9) << 2 | field(h, 8, 7) << 6, rs2, 2, 2, store);
    default:
      return 0;
  }
}

}  // namespace

u32 expand_compressed(std::uint16_t half) {
  switch (half & 3) {
    case 0:
      return quadrant0(half);
    case 1:
      return quadrant1(half);
    case 2:
      return quadrant2(half);
    default:
      return 0;
  }
}

}  // namespace ohmic::iss
