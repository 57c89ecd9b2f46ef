// What WebAssembly's numeric instructions give (specification 2.0, section 4.3), by the C++ compiler's own integers and floats.
// One function for each instruction; nothing where the instruction traps.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

using Bits = std::optional<uint64_t>;

template <typename Float>
using BitsOf = std::conditional_t<sizeof(Float) == 4, uint32_t, uint64_t>;

template <typename Float>
Float toFloat(uint64_t bits) { return std::bit_cast<Float>(BitsOf<Float>(bits)); }

inline uint64_t toBits(float value) { return std::bit_cast<uint32_t>(value); }
inline uint64_t toBits(double value) { return std::bit_cast<uint64_t>(value); }

template <typename U>
struct IntegerReference {
  using S = std::make_signed_t<U>;
  static constexpr int width = std::numeric_limits<U>::digits;

  static bool overflows(uint64_t a, uint64_t b) { return S(a) == std::numeric_limits<S>::min() && S(b) == -1; }
  static Bits div_s(uint64_t a, uint64_t b) {
    if (U(b) == 0 || overflows(a, b)) return {};
    return U(S(a) / S(b));
  }
  static Bits rem_s(uint64_t a, uint64_t b) {
    if (U(b) == 0) return {};
    return overflows(a, b) ? U(0) : U(S(a) % S(b));
  }
  static Bits div_u(uint64_t a, uint64_t b) { return U(b) == 0 ? Bits() : Bits(U(a) / U(b)); }
  static Bits rem_u(uint64_t a, uint64_t b) { return U(b) == 0 ? Bits() : Bits(U(a) % U(b)); }
  static Bits clz(uint64_t a) { return std::countl_zero(U(a)); }
  static Bits ctz(uint64_t a) { return std::countr_zero(U(a)); }
  static Bits popcnt(uint64_t a) { return std::popcount(U(a)); }
  static Bits shl(uint64_t a, uint64_t b) { return U(U(a) << (b % width)); }
  static Bits shr_s(uint64_t a, uint64_t b) { return U(S(a) >> (b % width)); }
  static Bits shr_u(uint64_t a, uint64_t b) { return U(U(a) >> (b % width)); }
  static Bits rotl(uint64_t a, uint64_t b) { return std::rotl(U(a), int(b % width)); }
  static Bits rotr(uint64_t a, uint64_t b) { return std::rotr(U(a), int(b % width)); }
  static Bits eqz(uint64_t a) { return U(a) == 0; }
  static Bits eq(uint64_t a, uint64_t b) { return U(a) == U(b); }
  static Bits ne(uint64_t a, uint64_t b) { return U(a) != U(b); }
  static Bits lt_s(uint64_t a, uint64_t b) { return S(a) < S(b); }
  static Bits lt_u(uint64_t a, uint64_t b) { return U(a) < U(b); }
  static Bits gt_s(uint64_t a, uint64_t b) { return S(a) > S(b); }
  static Bits gt_u(uint64_t a, uint64_t b) { return U(a) > U(b); }
  static Bits le_s(uint64_t a, uint64_t b) { return S(a) <= S(b); }
  static Bits le_u(uint64_t a, uint64_t b) { return U(a) <= U(b); }
  static Bits ge_s(uint64_t a, uint64_t b) { return S(a) >= S(b); }
  static Bits ge_u(uint64_t a, uint64_t b) { return U(a) >= U(b); }
  static Bits extend8_s(uint64_t a) { return U(S(int8_t(a))); }
  static Bits extend16_s(uint64_t a) { return U(S(int16_t(a))); }
  static Bits extend32_s(uint64_t a) { return U(S(int32_t(a))); }
  static Bits div_s_overflows(uint64_t a, uint64_t b) { return overflows(a, b); }
};

template <typename Float>
struct FloatReference {
  static Float value(uint64_t bits) { return toFloat<Float>(bits); }
  static constexpr uint64_t sign = uint64_t(1) << (sizeof(Float) * 8 - 1);

  static Bits add(uint64_t a, uint64_t b) { return toBits(value(a) + value(b)); }
  static Bits sub(uint64_t a, uint64_t b) { return toBits(value(a) - value(b)); }
  static Bits mul(uint64_t a, uint64_t b) { return toBits(value(a) * value(b)); }
  static Bits div(uint64_t a, uint64_t b) { return toBits(value(a) / value(b)); }
  static Bits sqrt(uint64_t a) { return toBits(std::sqrt(value(a))); }
  static Bits ceil(uint64_t a) { return toBits(std::ceil(value(a))); }
  static Bits floor(uint64_t a) { return toBits(std::floor(value(a))); }
  static Bits trunc(uint64_t a) { return toBits(std::trunc(value(a))); }
  static Bits nearest(uint64_t a) { return toBits(std::nearbyint(value(a))); }
  static Bits abs(uint64_t a) { return a & ~sign; }
  static Bits neg(uint64_t a) { return a ^ sign; }
  static Bits copysign(uint64_t a, uint64_t b) { return (a & ~sign) | (b & sign); }
  static Bits min(uint64_t a, uint64_t b) {
    if (std::isnan(value(a)) || std::isnan(value(b))) return toBits(value(a) + value(b));
    if (value(a) == value(b)) return std::signbit(value(a)) ? a : b;
    return value(a) < value(b) ? a : b;
  }
  static Bits max(uint64_t a, uint64_t b) {
    if (std::isnan(value(a)) || std::isnan(value(b))) return toBits(value(a) + value(b));
    if (value(a) == value(b)) return std::signbit(value(a)) ? b : a;
    return value(a) > value(b) ? a : b;
  }
  static Bits eq(uint64_t a, uint64_t b) { return value(a) == value(b); }
  static Bits ne(uint64_t a, uint64_t b) { return value(a) != value(b); }
  static Bits lt(uint64_t a, uint64_t b) { return value(a) < value(b); }
  static Bits gt(uint64_t a, uint64_t b) { return value(a) > value(b); }
  static Bits le(uint64_t a, uint64_t b) { return value(a) <= value(b); }
  static Bits ge(uint64_t a, uint64_t b) { return value(a) >= value(b); }
};

enum Trap : uint64_t { noTrap = 0, integerOverflow = 3, invalidConversion = 4 };

// A number is in range where its integer part is; that is exact in the float's own type.
template <typename Float, typename Integer>
uint64_t truncTrap(uint64_t bits) {
  Float number = toFloat<Float>(bits);
  if (std::isnan(number)) return invalidConversion;
  Float integer = std::trunc(number);
  Float limit = std::ldexp(Float(1), std::numeric_limits<Integer>::digits);
  Float least = std::is_signed_v<Integer> ? -limit : Float(0);
  return integer >= least && integer < limit ? noTrap : integerOverflow;
}

template <typename Float, typename Integer>
Bits truncated(uint64_t bits) {
  if (truncTrap<Float, Integer>(bits) != noTrap) return {};
  return std::make_unsigned_t<Integer>(Integer(toFloat<Float>(bits)));
}

template <typename Float, typename Integer>
Bits truncatedSaturating(uint64_t bits) {
  using U = std::make_unsigned_t<Integer>;
  uint64_t trap = truncTrap<Float, Integer>(bits);
  if (trap == invalidConversion) return 0;
  if (trap == noTrap) return truncated<Float, Integer>(bits);
  return std::signbit(toFloat<Float>(bits)) ? U(std::numeric_limits<Integer>::min()) : U(std::numeric_limits<Integer>::max());
}

template <typename Float, typename Integer>
Bits converted(uint64_t bits) { return toBits(Float(Integer(bits))); }

inline Bits demoted(uint64_t bits) { return toBits(float(toFloat<double>(bits))); }
inline Bits promoted(uint64_t bits) { return toBits(double(toFloat<float>(bits))); }
inline Bits wrapped(uint64_t bits) { return uint32_t(bits); }
inline Bits extendedSigned(uint64_t bits) { return uint64_t(int64_t(int32_t(bits))); }
inline Bits extendedUnsigned(uint64_t bits) { return uint32_t(bits); }
