// The vocabulary of Metal that the numeric runtime uses, for a C++ compiler. Tests only.
#pragma once

typedef unsigned int uint;
typedef unsigned long ulong;

#define constant const

template <typename To, typename From>
static inline To as_type(From value) {
  static_assert(sizeof(To) == sizeof(From), "as_type needs types of the same size");
  To result;
  __builtin_memcpy(&result, &value, sizeof(To));
  return result;
}

// The builtins are undefined for 0; Metal's functions give the width.
static inline uint clz(uint a) { return a == 0 ? 32 : uint(__builtin_clz(a)); }
static inline ulong clz(ulong a) { return a == 0 ? 64 : ulong(__builtin_clzl(a)); }
static inline uint ctz(uint a) { return a == 0 ? 32 : uint(__builtin_ctz(a)); }
static inline ulong ctz(ulong a) { return a == 0 ? 64 : ulong(__builtin_ctzl(a)); }
static inline uint popcount(uint a) { return uint(__builtin_popcount(a)); }
static inline ulong popcount(ulong a) { return ulong(__builtin_popcountl(a)); }

static inline float sqrt(float a) { return __builtin_sqrtf(a); }
static inline float ceil(float a) { return __builtin_ceilf(a); }
static inline float floor(float a) { return __builtin_floorf(a); }
static inline float trunc(float a) { return __builtin_truncf(a); }
static inline float rint(float a) { return __builtin_rintf(a); }
static inline double sqrt(double a) { return __builtin_sqrt(a); }
static inline double ceil(double a) { return __builtin_ceil(a); }
static inline double floor(double a) { return __builtin_floor(a); }
static inline double trunc(double a) { return __builtin_trunc(a); }
static inline double rint(double a) { return __builtin_rint(a); }
