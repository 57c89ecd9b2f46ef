// Checks every function of the numeric runtime against the C++ compiler's own numbers, operation by operation:
//   numerics [--count N] [--seed S] [--only NAME] [--exhaustive] [--keep-subnormals] [--measure]
// --count random operands for each (default 100,000); --exhaustive adds all 2^32 operands of each unary operation on 32 bits, and the
// estimates behind software division and square root (--only estimates); --keep-subnormals leaves the float hardware as IEEE 754 has it;
// --measure prints rates instead. Exit code 1 if an operation gave a wrong result; its first one is printed with its operands.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "flush.h"
#include "operands.h"
#include "reference.h"

using I32 = IntegerReference<uint32_t>;
using I64 = IntegerReference<uint64_t>;
using F32 = FloatReference<float>;
using F64 = FloatReference<double>;

using Batch = void (*)(const uint64_t* a, const uint64_t* b, uint64_t* results, uint64_t count);

struct Operation {
  const char* name;
  Kind first;
  Kind second;
  bool binary;
  Kind result;
  Batch batch;
  Bits (*reference)(uint64_t, uint64_t);
};

#define UNARY(name, from, to, reference) \
  extern "C" void batch_##name(const uint64_t*, const uint64_t*, uint64_t*, uint64_t);
#define BINARY(name, from, and_from, to, reference) UNARY(name, from, to, reference)
#include "operations.inc"
#undef UNARY
#undef BINARY

static const Operation operations[] = {
#define UNARY(name, from, to, reference) \
  {#name, Kind::from, Kind::from, false, Kind::to, batch_##name, [](uint64_t a, uint64_t) -> Bits { return reference(a); }},
#define BINARY(name, from, and_from, to, reference) \
  {#name, Kind::from, Kind::and_from, true, Kind::to, batch_##name, [](uint64_t a, uint64_t b) -> Bits { return reference(a, b); }},
#include "operations.inc"
#undef UNARY
#undef BINARY
};

constexpr uint64_t batchSize = 4096;

struct Buffers {
  std::vector<uint64_t> a = std::vector<uint64_t>(batchSize);
  std::vector<uint64_t> b = std::vector<uint64_t>(batchSize);
  std::vector<uint64_t> results = std::vector<uint64_t>(batchSize);
};

static bool flush = FLUSH;

static void run(Batch batch, Buffers& buffers, uint64_t count) {
  FlushToZero mode(flush);
  batch(buffers.a.data(), buffers.b.data(), buffers.results.data(), count);
}

static bool isFloat(Kind kind) { return kind == Kind::f32 || kind == Kind::f64; }
static FloatFormat formatOf(Kind kind) { return kind == Kind::f32 ? float32 : float64; }

static bool mayPropagate(Kind kind, uint64_t bits) {
  return isFloat(kind) && formatOf(kind).isNaN(bits) && !formatOf(kind).isCanonicalNaN(bits);
}

// Sign operations are exact on NaNs; elsewhere a NaN is any quiet one where an operand is a NaN that is not canonical, else canonical.
static bool isRight(const Operation& operation, uint64_t a, uint64_t b, uint64_t result, uint64_t expected) {
  // Any NaN may be promoted, also one that no instruction may give (compiler-ts/src/legalize/floats/seenBits.ts).
  bool hides = std::strstr(operation.name, "_promote");
  if (result == expected && !hides) return true;
  if (!isFloat(operation.result)) return false;
  FloatFormat format = formatOf(operation.result);
  bool exact = std::strstr(operation.name, "_abs") || std::strstr(operation.name, "_neg") || std::strstr(operation.name, "_copysign");
  if (exact || !format.isNaN(expected) || !format.isNaN(result)) return result == expected;
  if (hides) return format.isCanonicalNaN(result);
  bool any = mayPropagate(operation.first, a) || (operation.binary && mayPropagate(operation.second, b));
  return any ? (result & format.quietBit()) != 0 : format.isCanonicalNaN(result);
}

// Replaces operands for which the instruction traps, so that the runtime's preconditions hold.
static bool checkBatch(const Operation& operation, Buffers& buffers, uint64_t count, uint64_t& checked) {
  std::vector<Bits> expected(count);
  for (uint64_t i = 0; i < count; i++) {
    expected[i] = operation.reference(buffers.a[i], buffers.b[i]);
    if (!expected[i]) {
      buffers.a[i] = 0;
      buffers.b[i] = 1;
      expected[i] = operation.reference(0, 1);
    } else {
      checked++;
    }
  }
  run(operation.batch, buffers, count);
  for (uint64_t i = 0; i < count; i++) {
    if (isRight(operation, buffers.a[i], buffers.b[i], buffers.results[i], *expected[i])) continue;
    std::printf("%s(%#llx", operation.name, (unsigned long long)buffers.a[i]);
    if (operation.binary) std::printf(", %#llx", (unsigned long long)buffers.b[i]);
    std::printf(") = %#llx, expected %#llx\n", (unsigned long long)buffers.results[i], (unsigned long long)*expected[i]);
    return false;
  }
  return true;
}

// Every special value and every power of two (as a number and as a magnitude's bits) with its neighbours.
static std::vector<uint64_t> boundaries(Kind kind) {
  std::vector<uint64_t> values;
  auto around = [&](uint64_t bits, uint64_t sign) {
    for (uint64_t offset : {~uint64_t(0), uint64_t(0), uint64_t(1)}) {
      for (uint64_t flip : {uint64_t(0), sign}) values.push_back((bits + offset) ^ flip);
    }
  };
  int width = kind == Kind::i32 || kind == Kind::f32 ? 32 : 64;
  uint64_t sign = uint64_t(1) << (width - 1);
  around(0, sign);
  for (int bit = 0; bit < width; bit++) around(uint64_t(1) << bit, sign);
  if (isFloat(kind)) {
    FloatFormat format = formatOf(kind);
    around(format.infinity(), sign);
    around(format.infinity() | format.quietBit(), sign);
    for (int exponent = -3; exponent <= 66; exponent++) {
      for (double offset : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
        double number = std::ldexp(1.0, exponent) + offset;
        around(kind == Kind::f32 ? toBits(float(number)) : toBits(number), sign);
      }
    }
    for (uint64_t exponent = 0; exponent <= format.exponentMask(); exponent++) around(exponent << format.fractionBits, sign);
  }
  if (width == 32) for (uint64_t& value : values) value = uint32_t(value);
  return values;
}

static bool checkBoundaries(const Operation& operation, Buffers& buffers, uint64_t& checked) {
  std::vector<uint64_t> firsts = boundaries(operation.first);
  // All pairs of f64 boundaries are too many for a test: the random ones meet the related pairs.
  std::vector<uint64_t> seconds = operation.binary && !isFloat(operation.second) ? boundaries(operation.second) : std::vector<uint64_t>{0};
  uint64_t filled = 0;
  for (uint64_t a : firsts) {
    for (uint64_t b : seconds) {
      buffers.a[filled] = a;
      buffers.b[filled] = operation.binary && isFloat(operation.second) ? firsts[(filled * 7) % firsts.size()] : b;
      if (++filled < batchSize) continue;
      if (!checkBatch(operation, buffers, filled, checked)) return false;
      filled = 0;
    }
  }
  return checkBatch(operation, buffers, filled, checked);
}

static bool checkRandom(const Operation& operation, Buffers& buffers, uint64_t count, uint64_t seed, uint64_t& checked) {
  Random random(seed);
  for (uint64_t done = 0; done < count; done += batchSize) {
    for (uint64_t i = 0; i < batchSize; i++) {
      buffers.a[i] = randomOperand(random, operation.first, random.next());
      buffers.b[i] = operation.binary ? randomOperand(random, operation.second, buffers.a[i]) : 0;
      // Relations are to the first operand; a fair share of pairs is exchanged.
      if (operation.binary && operation.first == operation.second && random.below(2) == 0) std::swap(buffers.a[i], buffers.b[i]);
    }
    if (!checkBatch(operation, buffers, batchSize, checked)) return false;
  }
  return true;
}

static bool checkExhaustively(const Operation& operation, Buffers& buffers, uint64_t& checked) {
  for (uint64_t begin = 0; begin < uint64_t(1) << 32; begin += batchSize) {
    for (uint64_t i = 0; i < batchSize; i++) buffers.a[i] = begin + i;
    if (!checkBatch(operation, buffers, batchSize, checked)) return false;
  }
  return true;
}

#include "measure.h"
#if SOFTWARE_F64
#include "estimates.h"
#endif

int main(int argc, char** argv) {
  uint64_t count = 100000;
  uint64_t seed = 1;
  bool exhaustive = false;
  std::string only;
  for (int i = 1; i < argc; i++) {
    std::string option = argv[i];
    if (option == "--measure") return measure();
    if (option == "--keep-subnormals") {
      flush = false;
    } else if (option == "--exhaustive") {
      exhaustive = true;
    } else if (option == "--count" && i + 1 < argc) {
      count = std::strtoull(argv[++i], nullptr, 10);
    } else if (option == "--seed" && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (option == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      return 2;
    }
  }
  Buffers buffers;
  int failures = 0;
  int ran = 0;
  for (const Operation& operation : operations) {
    if (!only.empty() && std::strstr(operation.name, only.c_str()) == nullptr) continue;
    uint64_t checked = 0;
    ran++;
    bool right = checkBoundaries(operation, buffers, checked) && checkRandom(operation, buffers, count, seed, checked) &&
                 (!exhaustive || operation.binary || (operation.first != Kind::i32 && operation.first != Kind::f32) ||
                  checkExhaustively(operation, buffers, checked));
    std::printf("%s %s %llu\n", right ? "ok" : "FAILED", operation.name, (unsigned long long)checked);
    if (!right) failures++;
  }
#if SOFTWARE_F64
  if (exhaustive && (only.empty() || only == "estimates")) {
    ran++;
    if (!checkReciprocals() || !checkReciprocalRoots()) failures++;
  }
#endif
  std::printf("%d operations, %d failed\n", ran, failures);
  return failures == 0 && ran > 0 ? 0 : 1;
}
