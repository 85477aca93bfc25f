#include "tests/ip/iss/value_oracle.h"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

// Every definition here is written from the RISC-V manual or from the "Description" column of the CV32E40P
// manual's instruction tables, on mathematical integers (int64), truncated only at the end.
namespace ohmic::test {
namespace {

using i64 = std::int64_t;
using u32 = std::uint32_t;
using ops = oracle_operands;
__extension__ using wide = __int128;

i64 sx(i64 v, unsigned width) {  // the low `width` bits as a signed number
  const i64 m = i64{1} << width;
  i64 r = ((v % m) + m) % m;
  return r >= m / 2 ? r - m : r;
}
i64 zx(i64 v, unsigned width) {
  const i64 m = i64{1} << width;
  return ((v % m) + m) % m;
}
i64 floor_div(i64 v, unsigned shift) {  // arithmetic shift of a mathematical integer
  const i64 m = i64{1} << shift;
  i64 q = v / m;
  if (v % m != 0 && v < 0) --q;
  return q;
}
u32 word(i64 v) { return static_cast<u32>(zx(v, 32)); }
i64 s(u32 v) { return sx(v, 32); }
i64 u(u32 v) { return v; }
int bit(u32 v, unsigned i) { return v >> i & 1; }
i64 round_term(u32 n) { return n == 0 ? 0 : i64{1} << (n - 1); }
u32 arithmetic(i64 sum, u32 n) { return word(floor_div(sx(sum, 32), n)); }
u32 logical(i64 sum, u32 n) { return word(floor_div(zx(sum, 32), n)); }

u32 field_op(const std::string& what, u32 a, u32 d, unsigned width_minus_1, unsigned at) {
  const unsigned top = std::min(width_minus_1 + at, 31u);
  u32 r = 0;
  if (what == "extract" || what == "extractu") {
    unsigned n = 0;
    for (unsigned i = at; i <= top; ++i, ++n) r |= static_cast<u32>(bit(a, i)) << n;
    if (what == "extract" && bit(a, top)) {
      for (; n < 32; ++n) r |= 1u << n;
    }
    return r;
  }
  for (unsigned i = 0; i < 32; ++i) {
    const bool inside = i >= at && i <= top;
    int v = bit(what == "insert" ? d : a, i);
    if (inside) v = what == "insert" ? bit(a, i - at) : what == "bset" ? 1 : 0;
    r |= static_cast<u32>(v) << i;
  }
  return r;
}

u32 bit_reverse(u32 a, unsigned is3, unsigned is2) {
  // A string of bits from the left: drop is2, then read groups backwards.
  std::vector<int> bits;
  for (int i = 31; i >= 0; --i) bits.push_back(i >= static_cast<int>(is2) ? bit(a, static_cast<unsigned>(i) - is2) : 0);
  const unsigned group = is3 == 3 ? 1 : is3 + 1;
  std::vector<std::vector<int>> groups;
  for (unsigned i = 0; i + group <= 32; i += group) groups.emplace_back(bits.begin() + i, bits.begin() + i + group);
  std::reverse(groups.begin(), groups.end());
  u32 r = 0;
  for (const auto& g : groups) {
    for (const int v : g) r = r << 1 | static_cast<u32>(v);
  }
  return r;
}

i64 clip(i64 v, i64 low, i64 high) { return v <= low ? low : v >= high ? high : v; }

using table = std::map<std::string, std::function<u32(const ops&)>>;

void add_base(table& t) {
  t["lui"] = [](const ops& o) { return o.imm20 << 12; };
  t["auipc"] = [](const ops& o) { return word(u(o.pc) + u(o.imm20 << 12)); };
  t["add"] = [](const ops& o) { return word(s(o.a) + s(o.b)); };
  t["sub"] = [](const ops& o) { return word(s(o.a) - s(o.b)); };
  t["addi"] = [](const ops& o) { return word(s(o.a) + o.imm12); };
  t["slti"] = [](const ops& o) { return u32{s(o.a) < o.imm12}; };
  t["sltiu"] = [](const ops& o) { return u32{u(o.a) < zx(o.imm12, 32)}; };
  t["slt"] = [](const ops& o) { return u32{s(o.a) < s(o.b)}; };
  t["sltu"] = [](const ops& o) { return u32{u(o.a) < u(o.b)}; };
  t["xori"] = [](const ops& o) { return o.a ^ word(o.imm12); };
  t["ori"] = [](const ops& o) { return o.a | word(o.imm12); };
  t["andi"] = [](const ops& o) { return o.a & word(o.imm12); };
  t["xor"] = [](const ops& o) { return o.a ^ o.b; };
  t["or"] = [](const ops& o) { return o.a | o.b; };
  t["and"] = [](const ops& o) { return o.a & o.b; };
  t["slli"] = [](const ops& o) { return word(u(o.a) * (i64{1} << o.is2)); };
  t["srli"] = [](const ops& o) { return logical(o.a, o.is2); };
  t["srai"] = [](const ops& o) { return arithmetic(o.a, o.is2); };
  t["sll"] = [](const ops& o) { return word(u(o.a) * (i64{1} << (o.b % 32))); };
  t["srl"] = [](const ops& o) { return logical(o.a, o.b % 32); };
  t["sra"] = [](const ops& o) { return arithmetic(o.a, o.b % 32); };
  t["mul"] = [](const ops& o) { return static_cast<u32>(wide{s(o.a)} * s(o.b)); };
  t["mulh"] = [](const ops& o) { return static_cast<u32>((wide{s(o.a)} * s(o.b)) >> 32); };
  t["mulhsu"] = [](const ops& o) { return static_cast<u32>((wide{s(o.a)} * u(o.b)) >> 32); };
  t["mulhu"] = [](const ops& o) { return static_cast<u32>((wide{u(o.a)} * u(o.b)) >> 32); };
  t["div"] = [](const ops& o) { return o.b == 0 ? ~0u : word(s(o.a) / s(o.b)); };
  t["divu"] = [](const ops& o) { return o.b == 0 ? ~0u : word(u(o.a) / u(o.b)); };
  t["rem"] = [](const ops& o) { return o.b == 0 ? o.a : word(s(o.a) % s(o.b)); };
  t["remu"] = [](const ops& o) { return o.b == 0 ? o.a : word(u(o.a) % u(o.b)); };
}

void add_scalar(table& t) {
  for (const std::string n : {"extract", "extractu", "insert", "bclr", "bset"}) {
    t["cv." + n] = [n](const ops& o) { return field_op(n, o.a, o.d, o.is3, o.is2); };
    const std::string r = n == "extractu" ? "extractur" : n + "r";
    t["cv." + r] = [n](const ops& o) { return field_op(n, o.a, o.d, o.b >> 5 & 31, o.b & 31); };
  }
  t["cv.bitrev"] = [](const ops& o) { return bit_reverse(o.a, o.is3 & 3, o.is2); };
  t["cv.ror"] = [](const ops& o) {
    u32 r = 0;
    for (unsigned i = 0; i < 32; ++i) r |= static_cast<u32>(bit(o.a, (i + o.b) % 32)) << i;
    return r;
  };
  t["cv.ff1"] = [](const ops& o) {
    u32 i = 0;
    while (i < 32 && !bit(o.a, i)) ++i;
    return i;
  };
  t["cv.fl1"] = [](const ops& o) {
    int i = 31;
    while (i >= 0 && !bit(o.a, static_cast<unsigned>(i))) --i;
    return i < 0 ? 32u : static_cast<u32>(i);
  };
  t["cv.clb"] = [](const ops& o) {
    u32 n = 0;
    while (n < 32 && bit(o.a, 31 - n) == bit(o.a, 31)) ++n;
    return o.a == 0 ? 0 : n - 1;
  };
  t["cv.cnt"] = [](const ops& o) {
    u32 n = 0;
    for (unsigned i = 0; i < 32; ++i) n += static_cast<u32>(bit(o.a, i));
    return n;
  };
  t["cv.abs"] = [](const ops& o) { return word(s(o.a) < 0 ? -s(o.a) : s(o.a)); };
  t["cv.slet"] = [](const ops& o) { return u32{s(o.a) <= s(o.b)}; };
  t["cv.sletu"] = [](const ops& o) { return u32{u(o.a) <= u(o.b)}; };
  t["cv.min"] = [](const ops& o) { return word(std::min(s(o.a), s(o.b))); };
  t["cv.max"] = [](const ops& o) { return word(std::max(s(o.a), s(o.b))); };
  t["cv.minu"] = [](const ops& o) { return word(std::min(u(o.a), u(o.b))); };
  t["cv.maxu"] = [](const ops& o) { return word(std::max(u(o.a), u(o.b))); };
  t["cv.exths"] = [](const ops& o) { return word(sx(o.a, 16)); };
  t["cv.exthz"] = [](const ops& o) { return word(zx(o.a, 16)); };
  t["cv.extbs"] = [](const ops& o) { return word(sx(o.a, 8)); };
  t["cv.extbz"] = [](const ops& o) { return word(zx(o.a, 8)); };
  t["cv.clip"] = [](const ops& o) {
    const i64 low = o.is2 == 0 ? -1 : -(i64{1} << (o.is2 - 1));
    return word(clip(s(o.a), low, -low - 1));
  };
  t["cv.clipu"] = [](const ops& o) { return word(clip(s(o.a), 0, o.is2 == 0 ? 0 : (i64{1} << (o.is2 - 1)) - 1)); };
  t["cv.clipr"] = [](const ops& o) {
    const i64 h = o.b & 0x7fffffff;
    return word(clip(s(o.a), -(h + 1), h));
  };
  t["cv.clipur"] = [](const ops& o) { return word(clip(s(o.a), 0, o.b & 0x7fffffff)); };

  for (const bool sub : {false, true}) {
    const std::string n = sub ? "cv.sub" : "cv.add";
    const i64 sign = sub ? -1 : 1;
    for (const bool uns : {false, true}) {
      const auto shift = uns ? logical : arithmetic;
      const std::string un = uns ? "u" : "";
      t[n + un + "n"] = [=](const ops& o) { return shift(s(o.a) + sign * s(o.b), o.is3); };
      t[n + un + "rn"] = [=](const ops& o) { return shift(s(o.a) + sign * s(o.b) + round_term(o.is3), o.is3); };
      t[n + un + "nr"] = [=](const ops& o) { return shift(s(o.d) + sign * s(o.a), o.b & 31); };
      t[n + un + "rnr"] = [=](const ops& o) { return shift(s(o.d) + sign * s(o.a) + round_term(o.b & 31), o.b & 31); };
    }
  }
  t["cv.mac"] = [](const ops& o) {
    return word(static_cast<i64>(static_cast<u32>(wide{s(o.d)} + wide{s(o.a)} * s(o.b))));
  };
  t["cv.msu"] = [](const ops& o) {
    return word(static_cast<i64>(static_cast<u32>(wide{s(o.d)} - wide{s(o.a)} * s(o.b))));
  };
  for (const bool mac : {false, true}) {
    for (const bool high : {false, true}) {
      for (const bool uns : {false, true}) {
        for (const bool round : {false, true}) {
          const std::string n = std::string("cv.") + (mac ? "mac" : "mul") + (high ? "hh" : "") + (uns ? "u" : "s") +
                                (round ? "rn" : "n");
          t[n] = [=](const ops& o) {
            const auto part = [&](u32 v) { return uns ? zx(high ? v >> 16 : v, 16) : sx(high ? v >> 16 : v, 16); };
            const i64 sum = part(o.a) * part(o.b) + (mac ? s(o.d) : 0) + (round ? round_term(o.is3) : 0);
            return (uns ? logical : arithmetic)(sum, o.is3);
          };
        }
      }
    }
  }
}

/// op2 of a SIMD instruction as lanes; zero-extended immediates where the manual says so.
struct lanes {
  unsigned bits;
  std::vector<i64> a, b, d;
};

lanes split(const ops& o, unsigned bits, const std::string& mode, bool a_signed, bool b_signed, bool imm_zero) {
  lanes l{bits, {}, {}, {}};
  const i64 imm = imm_zero ? i64{o.imm6} : sx(o.imm6, 6);
  for (unsigned i = 0; i < 32 / bits; ++i) {
    const u32 va = o.a >> (bits * i);
    const u32 vb = mode == "sc" ? o.b : o.b >> (bits * i);
    l.a.push_back(a_signed ? sx(va, bits) : zx(va, bits));
    const i64 raw = mode == "sci" ? imm : i64{vb};
    l.b.push_back(b_signed ? sx(raw, bits) : zx(raw, bits));
    l.d.push_back(zx(o.d >> (bits * i), bits));
  }
  return l;
}
u32 join(const std::vector<i64>& v, unsigned bits) {
  u32 r = 0;
  for (std::size_t i = 0; i < v.size(); ++i) r |= static_cast<u32>(zx(v[i], bits)) << (bits * i);
  return r;
}

void add_lane_ops(table& t) {
  struct lane_op {
    std::string name;
    bool is_signed, imm_zero;
    std::function<i64(i64, i64, unsigned)> f;
  };
  const std::vector<lane_op> all = {
      {"add", true, false, [](i64 p, i64 q, unsigned) { return p + q; }},
      {"sub", true, false, [](i64 p, i64 q, unsigned) { return p - q; }},
      {"avg", true, false, [](i64 p, i64 q, unsigned w) { return floor_div(sx(p + q, w), 1); }},
      {"avgu", false, true, [](i64 p, i64 q, unsigned w) { return floor_div(zx(p + q, w), 1); }},
      {"min", true, false, [](i64 p, i64 q, unsigned) { return std::min(p, q); }},
      {"minu", false, true, [](i64 p, i64 q, unsigned) { return std::min(p, q); }},
      {"max", true, false, [](i64 p, i64 q, unsigned) { return std::max(p, q); }},
      {"maxu", false, true, [](i64 p, i64 q, unsigned) { return std::max(p, q); }},
      {"srl", false, true, [](i64 p, i64 q, unsigned w) { return floor_div(p, static_cast<unsigned>(q) % w); }},
      {"sra", true, true, [](i64 p, i64 q, unsigned w) { return floor_div(p, static_cast<unsigned>(zx(q, w)) % w); }},
      {"sll", false, true, [](i64 p, i64 q, unsigned w) { return p * (i64{1} << (static_cast<unsigned>(q) % w)); }},
      {"or", false, false, [](i64 p, i64 q, unsigned) { return p | q; }},
      {"xor", false, false, [](i64 p, i64 q, unsigned) { return p ^ q; }},
      {"and", false, false, [](i64 p, i64 q, unsigned) { return p & q; }},
      {"cmpeq", true, false, [](i64 p, i64 q, unsigned) { return p == q ? i64{-1} : i64{0}; }},
      {"cmpne", true, false, [](i64 p, i64 q, unsigned) { return p != q ? i64{-1} : i64{0}; }},
      {"cmpgt", true, false, [](i64 p, i64 q, unsigned) { return p > q ? i64{-1} : i64{0}; }},
      {"cmpge", true, false, [](i64 p, i64 q, unsigned) { return p >= q ? i64{-1} : i64{0}; }},
      {"cmplt", true, false, [](i64 p, i64 q, unsigned) { return p < q ? i64{-1} : i64{0}; }},
      {"cmple", true, false, [](i64 p, i64 q, unsigned) { return p <= q ? i64{-1} : i64{0}; }},
      {"cmpgtu", false, true, [](i64 p, i64 q, unsigned) { return p > q ? i64{-1} : i64{0}; }},
      {"cmpgeu", false, true, [](i64 p, i64 q, unsigned) { return p >= q ? i64{-1} : i64{0}; }},
      {"cmpltu", false, true, [](i64 p, i64 q, unsigned) { return p < q ? i64{-1} : i64{0}; }},
      {"cmpleu", false, true, [](i64 p, i64 q, unsigned) { return p <= q ? i64{-1} : i64{0}; }},
  };
  for (const unsigned bits : {16u, 8u}) {
    const std::string size = bits == 16 ? ".h" : ".b";
    for (const std::string mode : {"", "sc", "sci"}) {
      const std::string tail = (mode.empty() ? "" : "." + mode) + size;
      for (const lane_op& op : all) {
        t["cv." + op.name + tail] = [=](const ops& o) {
          const lanes l = split(o, bits, mode, op.is_signed, op.is_signed, op.imm_zero);
          std::vector<i64> r;
          for (std::size_t i = 0; i < l.a.size(); ++i) r.push_back(op.f(l.a[i], l.b[i], bits));
          return join(r, bits);
        };
      }
      for (const bool accumulate : {false, true}) {
        for (const std::string kind : {"up", "usp", "sp"}) {
          t["cv." + std::string(accumulate ? "s" : "") + "dot" + kind + tail] = [=](const ops& o) {
            const lanes l = split(o, bits, mode, kind == "sp", kind != "up", kind == "up");
            i64 sum = accumulate ? i64{o.d} : 0;
            for (std::size_t i = 0; i < l.a.size(); ++i) sum += l.a[i] * l.b[i];
            return word(sum);
          };
        }
      }
    }
    t["cv.abs" + size] = [=](const ops& o) {
      const lanes l = split(o, bits, "", true, true, false);
      std::vector<i64> r;
      for (const i64 v : l.a) r.push_back(v < 0 ? -v : v);
      return join(r, bits);
    };
    t["cv.extract" + size] = [=](const ops& o) { return word(sx(o.a >> (bits * o.imm6), bits)); };
    t["cv.extractu" + size] = [=](const ops& o) { return word(zx(o.a >> (bits * o.imm6), bits)); };
    t["cv.insert" + size] = [=](const ops& o) {
      lanes l = split(o, bits, "", false, false, false);
      l.d[o.imm6] = l.a[0];
      return join(l.d, bits);
    };
    t["cv.shuffle" + size] = [=](const ops& o) {
      const lanes l = split(o, bits, "", false, false, false);
      std::vector<i64> r;
      for (const i64 sel : l.b) r.push_back(l.a[static_cast<std::size_t>(sel) % l.a.size()]);
      return join(r, bits);
    };
    t["cv.shuffle2" + size] = [=](const ops& o) {
      const lanes l = split(o, bits, "", false, false, false);
      const std::size_t n = l.a.size();
      std::vector<i64> r;
      for (const i64 sel : l.b) {
        const std::size_t k = static_cast<std::size_t>(sel);
        r.push_back((k / n) % 2 ? l.a[k % n] : l.d[k % n]);
      }
      return join(r, bits);
    };
  }
  t["cv.shuffle.sci.h"] = [](const ops& o) {
    const u32 h[2] = {o.a & 0xffff, o.a >> 16};
    return h[o.imm6 >> 1 & 1] << 16 | h[o.imm6 & 1];
  };
  for (unsigned top = 0; top < 4; ++top) {
    t["cv.shufflei" + std::to_string(top) + ".sci.b"] = [=](const ops& o) {
      const auto byte = [&](u32 i) { return o.a >> (8 * (i & 3)) & 0xff; };
      return byte(top) << 24 | byte(o.imm6 >> 4) << 16 | byte(o.imm6 >> 2) << 8 | byte(o.imm6);
    };
  }
  t["cv.pack"] = [](const ops& o) { return (o.a & 0xffff) << 16 | (o.b & 0xffff); };
  t["cv.pack.h"] = [](const ops& o) { return (o.a >> 16) << 16 | o.b >> 16; };
  t["cv.packhi.b"] = [](const ops& o) { return (o.a & 0xff) << 24 | (o.b & 0xff) << 16 | (o.d & 0xffff); };
  t["cv.packlo.b"] = [](const ops& o) { return (o.d >> 16) << 16 | (o.a & 0xff) << 8 | (o.b & 0xff); };
}

void add_complex(table& t) {
  const auto re = [](u32 v) { return sx(v, 16); };
  const auto im = [](u32 v) { return sx(v >> 16, 16); };
  const auto pack = [](i64 real, i64 imaginary) { return static_cast<u32>(zx(imaginary, 16) << 16 | zx(real, 16)); };
  const char* divs[] = {"", ".div2", ".div4", ".div8"};
  for (unsigned k = 0; k < 4; ++k) {
    const std::string tail = divs[k];
    // The accumulator is 32 bits wide: (-32768)^2 * 2 wraps.
    t["cv.cplxmul.r" + tail] = [=](const ops& o) {
      return pack(floor_div(sx(re(o.a) * re(o.b) - im(o.a) * im(o.b), 32), 15 + k), o.d >> 16);
    };
    t["cv.cplxmul.i" + tail] = [=](const ops& o) {
      return pack(o.d & 0xffff, floor_div(sx(re(o.a) * im(o.b) + im(o.a) * re(o.b), 32), 15 + k));
    };
    t["cv.subrotmj" + tail] = [=](const ops& o) {
      return pack(floor_div(sx(im(o.a) - im(o.b), 16), k), floor_div(sx(re(o.b) - re(o.a), 16), k));
    };
    if (k == 0) continue;
    t["cv.add" + tail] = [=](const ops& o) {
      return pack(floor_div(sx(re(o.a) + re(o.b), 16), k), floor_div(sx(im(o.a) + im(o.b), 16), k));
    };
    t["cv.sub" + tail] = [=](const ops& o) {
      return pack(floor_div(sx(re(o.a) - re(o.b), 16), k), floor_div(sx(im(o.a) - im(o.b), 16), k));
    };
  }
  t["cv.cplxconj"] = [=](const ops& o) { return pack(re(o.a), -im(o.a)); };
}

table build() {
  table t;
  add_base(t);
  add_scalar(t);
  add_lane_ops(t);
  add_complex(t);
  return t;
}

}  // namespace

bool expected_value(const std::string& mnemonic, const oracle_operands& o, std::uint32_t& result) {
  static const table all = build();
  const auto it = all.find(mnemonic);
  if (it == all.end()) return false;
  result = it->second(o);
  return true;
}

}  // namespace ohmic::test
