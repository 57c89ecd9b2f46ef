// Operands that meet the boundaries: special values, powers of two and their neighbours, few significant bits (which make ties), and
// second operands that are related to the first.
#pragma once

#include <cstdint>
#include <initializer_list>

enum class Kind { i32, i64, f32, f64 };

class Random {
 public:
  explicit Random(uint64_t seed) : state(seed) {}

  // SplitMix64 (Steele, Lea, Flood 2014).
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  uint64_t below(uint64_t bound) { return uint64_t((unsigned __int128)next() * bound >> 64); }

 private:
  uint64_t state;
};

struct FloatFormat {
  int fractionBits;
  int exponentBits;

  uint64_t fractionMask() const { return (uint64_t(1) << fractionBits) - 1; }
  uint64_t exponentMask() const { return (uint64_t(1) << exponentBits) - 1; }
  int bias() const { return int(exponentMask() >> 1); }
  uint64_t signBit() const { return uint64_t(1) << (fractionBits + exponentBits); }
  uint64_t quietBit() const { return uint64_t(1) << (fractionBits - 1); }
  uint64_t infinity() const { return exponentMask() << fractionBits; }
  bool isNaN(uint64_t bits) const { return (bits & ~signBit()) > infinity(); }
  bool isCanonicalNaN(uint64_t bits) const { return (bits & ~signBit()) == (infinity() | quietBit()); }
};

constexpr FloatFormat float32{23, 8};
constexpr FloatFormat float64{52, 11};

inline uint64_t randomFraction(Random& random, FloatFormat format) {
  uint64_t any = random.next() & format.fractionMask();
  uint64_t bit = uint64_t(1) << random.below(uint64_t(format.fractionBits));
  switch (random.below(6)) {
    case 0: return 0;
    case 1: return format.fractionMask() - random.below(3);
    case 2: return random.below(4);
    case 3: return bit;
    case 4: return (bit | (uint64_t(1) << random.below(uint64_t(format.fractionBits)))) - random.below(2);
    default: return any;
  }
}

/// `partner` is the first operand of the same operation, or any value.
inline uint64_t randomFloat(Random& random, FloatFormat format, uint64_t partner) {
  uint64_t sign = random.next() & format.signBit();
  uint64_t exponents = format.exponentMask() + 1;
  int64_t partnerExponent = int64_t((partner >> format.fractionBits) & format.exponentMask());
  uint64_t fraction = randomFraction(random, format);
  int64_t exponent = 0;
  switch (random.below(10)) {
    case 0:  // zero, infinity, NaN of every kind
      switch (random.below(4)) {
        case 0: return sign;
        case 1: return sign | format.infinity();
        case 2: return sign | format.infinity() | format.quietBit();
        default: return sign | format.infinity() | fraction;
      }
    case 1: exponent = 0; break;                                                         // subnormal
    case 2: exponent = int64_t(random.below(32)); break;                                 // smallest
    case 3: exponent = int64_t(exponents - 2 - random.below(4)); break;                  // largest
    case 4: exponent = format.bias() - 2 + int64_t(random.below(70)); break;             // integers and near them
    case 5: exponent = partnerExponent - 2 + int64_t(random.below(5)); break;            // cancellation
    case 6: exponent = partnerExponent - 60 + int64_t(random.below(121)); break;         // alignment
    case 7:                                                                              // product or quotient near a limit
      exponent = (random.below(2) == 0 ? format.bias() - partnerExponent : partnerExponent + format.bias()) +
                 int64_t(random.below(64)) - 60;
      break;
    case 8: return (partner ^ sign) + random.below(3) - 1;                               // neighbours, of either sign
    default: exponent = int64_t(random.below(exponents)); break;
  }
  int64_t largest = int64_t(exponents - 2);
  exponent = exponent < 0 ? 0 : exponent > largest ? largest : exponent;
  return sign | (uint64_t(exponent) << format.fractionBits) | fraction;
}

inline uint64_t randomInteger(Random& random, int width, uint64_t partner) {
  uint64_t power = uint64_t(1) << random.below(uint64_t(width));
  switch (random.below(6)) {
    case 0: return random.below(4) - 2;
    case 1: return power + random.below(3) - 1;
    case 2: return 0 - power + random.below(3) - 1;
    case 3: return random.next() >> random.below(64);
    case 4: return partner + random.below(3) - 1;
    default: return random.next();
  }
}

inline uint64_t randomOperand(Random& random, Kind kind, uint64_t partner) {
  switch (kind) {
    case Kind::i32: return uint32_t(randomInteger(random, 32, partner));
    case Kind::i64: return randomInteger(random, 64, partner);
    case Kind::f32: return uint32_t(randomFloat(random, float32, partner));
    case Kind::f64: return randomFloat(random, float64, partner);
  }
  return 0;
}
