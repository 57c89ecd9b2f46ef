// Software division and square root are right if their 32-bit estimates are at most the true value and short of it by less than a part
// in 2^28.8 and 2^28.3 (docs/numerics.md has the argument). --exhaustive tries every one.
#pragma once

extern "C" unsigned estimate_reciprocal(unsigned divisor);
extern "C" unsigned estimate_reciprocal_root(unsigned radicand);

using Wide = unsigned __int128;

// A divisor stands for all below the next one.
static bool checkReciprocals() {
  const double tolerance = std::exp2(-28.8);
  for (uint64_t divisor = uint64_t(1) << 31; divisor < uint64_t(1) << 32; divisor++) {
    uint64_t estimate = estimate_reciprocal(unsigned(divisor));
    bool over = Wide(estimate) * (divisor + 1) > Wide(1) << 63;
    bool under = 1 - double(estimate) * double(divisor) / 0x1p63 >= tolerance;
    if (!over && !under) continue;
    std::printf("FAILED reciprocal of %#llx: %#llx\n", (unsigned long long)divisor, (unsigned long long)estimate);
    return false;
  }
  std::printf("ok every reciprocal\n");
  return true;
}

static bool checkReciprocalRoots() {
  const double tolerance = std::exp2(-28.3);
  for (uint64_t radicand = uint64_t(1) << 30; radicand < uint64_t(1) << 32; radicand++) {
    uint64_t estimate = estimate_reciprocal_root(unsigned(radicand));
    bool over = Wide(estimate) * estimate * (radicand + 1) > Wide(1) << 94;
    bool under = 1 - double(estimate) * std::sqrt(double(radicand)) / 0x1p47 >= tolerance;
    if (!over && !under) continue;
    std::printf("FAILED reciprocal root of %#llx: %#llx\n", (unsigned long long)radicand, (unsigned long long)estimate);
    return false;
  }
  std::printf("ok every reciprocal root\n");
  return true;
}
