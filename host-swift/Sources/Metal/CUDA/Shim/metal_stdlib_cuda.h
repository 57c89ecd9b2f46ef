// MSL's vocabulary in CUDA C++17, for NVRTC: put before a text, whose `#include <metal_stdlib>` finds the empty header beside it.
// NVRTC treats every function and variable as the device's (-default-device), so address spaces are only words here.
#pragma once

#define __METAL__ 1
#define __METAL_VERSION__ 320

#define device
#define constant const
#define thread
#define threadgroup __shared__
#define kernel static __forceinline__

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;

// What CUDAKernelText makes of `threadgroup uint*`. A pointer that went through memory would be a generic one to the compiler; this stays an offset in shared memory.
extern __shared__ uint threadgroup_memory[];
struct threadgroup_words {
  // Signed, so that constant offsets can become part of an access.
  int first;
  uint& operator[](uint index) const { return threadgroup_memory[first + int(index)]; }
  threadgroup_words operator+(uint count) const { return {first + int(count)}; }
};

typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long int64_t;
typedef unsigned long uint64_t;

// NVRTC 13.0 and before lack it. Taking every operand for a constant only keeps tests that constants need.
#if !defined(__has_builtin)
#define __builtin_constant_p(value) true
#elif !__has_builtin(__builtin_constant_p)
#define __builtin_constant_p(value) true
#endif

#define METAL_INLINE __device__ __forceinline__

namespace metal {

template <typename T, int n>
struct vec;

template <typename T>
struct alignas(2 * sizeof(T)) vec<T, 2> {
  union {
    struct {
      T x, y;
    };
    T elements[2];
  };
  vec() = default;
  METAL_INLINE vec(T all) : x(all), y(all) {}
  METAL_INLINE vec(T first, T second) : x(first), y(second) {}
  METAL_INLINE T& operator[](int i) { return elements[i]; }
  METAL_INLINE T operator[](int i) const { return elements[i]; }
};

// A vector of three takes the room of four.
template <typename T>
struct alignas(4 * sizeof(T)) vec<T, 3> {
  union {
    struct {
      T x, y, z;
    };
    vec<T, 2> xy;
    T elements[3];
  };
  vec() = default;
  METAL_INLINE vec(T all) : x(all), y(all), z(all) {}
  METAL_INLINE vec(T first, T second, T third) : x(first), y(second), z(third) {}
  METAL_INLINE T& operator[](int i) { return elements[i]; }
  METAL_INLINE T operator[](int i) const { return elements[i]; }
};

template <typename T>
struct alignas(4 * sizeof(T)) vec<T, 4> {
  union {
    struct {
      T x, y, z, w;
    };
    struct {
      vec<T, 2> xy, zw;
    };
    vec<T, 3> xyz;
    T elements[4];
  };
  vec() = default;
  METAL_INLINE vec(T all) : x(all), y(all), z(all), w(all) {}
  METAL_INLINE vec(T first, T second, T third, T fourth) : x(first), y(second), z(third), w(fourth) {}
  METAL_INLINE vec(vec<T, 2> low, vec<T, 2> high) : x(low.x), y(low.y), z(high.x), w(high.y) {}
  METAL_INLINE T& operator[](int i) { return elements[i]; }
  METAL_INLINE T operator[](int i) const { return elements[i]; }
};

/// `T`, where the compiler shall not deduce it: a scalar operand takes its type from the vector.
template <typename T>
struct same {
  typedef T type;
};

#define METAL_FOR_EACH(expression)                   \
  for (int i = 0; i < n; i++) result[i] = expression; \
  return result

#define METAL_BINARY(op)                                                               \
  template <typename T, int n>                                                         \
  METAL_INLINE vec<T, n> operator op(vec<T, n> a, vec<T, n> b) {                       \
    vec<T, n> result;                                                                  \
    METAL_FOR_EACH(T(a[i] op b[i]));                                                   \
  }                                                                                    \
  template <typename T, int n>                                                         \
  METAL_INLINE vec<T, n> operator op(vec<T, n> a, typename same<T>::type b) {          \
    vec<T, n> result;                                                                  \
    METAL_FOR_EACH(T(a[i] op b));                                                      \
  }                                                                                    \
  template <typename T, int n>                                                         \
  METAL_INLINE vec<T, n> operator op(typename same<T>::type a, vec<T, n> b) {          \
    vec<T, n> result;                                                                  \
    METAL_FOR_EACH(T(a op b[i]));                                                      \
  }                                                                                    \
  template <typename T, int n>                                                         \
  METAL_INLINE vec<T, n>& operator op##=(vec<T, n>& a, vec<T, n> b) { return a = a op b; }

METAL_BINARY(+)
METAL_BINARY(-)
METAL_BINARY(*)
METAL_BINARY(/)
METAL_BINARY(%)
METAL_BINARY(&)
METAL_BINARY(|)
METAL_BINARY(^)
METAL_BINARY(<<)
METAL_BINARY(>>)
#undef METAL_BINARY

#define METAL_COMPARE(op)                                           \
  template <typename T, int n>                                      \
  METAL_INLINE vec<bool, n> operator op(vec<T, n> a, vec<T, n> b) { \
    vec<bool, n> result;                                            \
    METAL_FOR_EACH(a[i] op b[i]);                                   \
  }

METAL_COMPARE(==)
METAL_COMPARE(!=)
METAL_COMPARE(<)
METAL_COMPARE(>)
METAL_COMPARE(<=)
METAL_COMPARE(>=)
#undef METAL_COMPARE

#define METAL_UNARY(op)                             \
  template <typename T, int n>                      \
  METAL_INLINE vec<T, n> operator op(vec<T, n> a) { \
    vec<T, n> result;                               \
    METAL_FOR_EACH(T(op a[i]));                     \
  }

METAL_UNARY(~)
METAL_UNARY(-)
#undef METAL_UNARY

template <int n>
METAL_INLINE bool any(vec<bool, n> a) {
  bool result = false;
  for (int i = 0; i < n; i++) result = result || a[i];
  return result;
}

template <int n>
METAL_INLINE bool all(vec<bool, n> a) {
  bool result = true;
  for (int i = 0; i < n; i++) result = result && a[i];
  return result;
}

// The hardware's functions answer the width for 0, as Metal's do: __clz gives 32, and __ffs gives 0, which wraps to the width.
#define METAL_INTEGER(T, U, width, count_leading, find_first, count)                                              \
  METAL_INLINE T clz(T x) { return T(count_leading(U(x)) - (sizeof(U) * 8 - width)); }                             \
  METAL_INLINE T ctz(T x) { return x == 0 ? T(width) : T(find_first(U(x)) - 1); }                                  \
  METAL_INLINE T popcount(T x) { return T(count(U(x))); }                                                          \
  METAL_INLINE T rotate(T x, T by) { return T((U(x) << (U(by) & (width - 1))) | (U(x) >> ((width - U(by)) & (width - 1)))); } \
  METAL_INLINE T min(T a, T b) { return b < a ? b : a; }                                                           \
  METAL_INLINE T max(T a, T b) { return a < b ? b : a; }                                                           \
  METAL_INLINE T clamp(T x, T low, T high) { return min(max(x, low), high); }                                      \
  METAL_INLINE T select(T a, T b, bool condition) { return condition ? b : a; }

METAL_INTEGER(int, uint, 32, __clz, __ffs, __popc)
METAL_INTEGER(uint, uint, 32, __clz, __ffs, __popc)
METAL_INTEGER(long, ulong, 64, __clzll, __ffsll, __popcll)
METAL_INTEGER(ulong, ulong, 64, __clzll, __ffsll, __popcll)
#undef METAL_INTEGER

METAL_INLINE int mulhi(int a, int b) { return __mulhi(a, b); }
METAL_INLINE uint mulhi(uint a, uint b) { return __umulhi(a, b); }
METAL_INLINE long mulhi(long a, long b) { return __mul64hi(a, b); }
METAL_INLINE ulong mulhi(ulong a, ulong b) { return __umul64hi(a, b); }
METAL_INLINE int abs(int x) { return x < 0 ? int(0u - uint(x)) : x; }
METAL_INLINE long abs(long x) { return x < 0 ? long(0ul - ulong(x)) : x; }
METAL_INLINE uint reverse_bits(uint x) { return __brev(x); }
METAL_INLINE ulong reverse_bits(ulong x) { return __brevll(x); }

template <typename T, int n>
METAL_INLINE vec<T, n> select(vec<T, n> a, vec<T, n> b, vec<bool, n> condition) {
  vec<T, n> result;
  METAL_FOR_EACH(condition[i] ? b[i] : a[i]);
}

template <typename T, int n>
METAL_INLINE vec<T, n> min(vec<T, n> a, vec<T, n> b) {
  vec<T, n> result;
  METAL_FOR_EACH(b[i] < a[i] ? b[i] : a[i]);
}

template <typename T, int n>
METAL_INLINE vec<T, n> max(vec<T, n> a, vec<T, n> b) {
  vec<T, n> result;
  METAL_FOR_EACH(a[i] < b[i] ? b[i] : a[i]);
}

template <typename T, int n>
METAL_INLINE vec<T, n> clamp(vec<T, n> x, vec<T, n> low, vec<T, n> high) {
  return min(max(x, low), high);
}

// Each rounds as IEEE 754 says; sqrt does by --prec-sqrt.
#define METAL_FLOAT(name)                                     \
  METAL_INLINE float name(float x) { return ::name##f(x); }   \
  METAL_INLINE double name(double x) { return ::name(x); }

METAL_FLOAT(floor)
METAL_FLOAT(ceil)
METAL_FLOAT(trunc)
METAL_FLOAT(rint)
METAL_FLOAT(round)
METAL_FLOAT(sqrt)
METAL_FLOAT(fabs)
#undef METAL_FLOAT

METAL_INLINE float abs(float x) { return ::fabsf(x); }
METAL_INLINE double abs(double x) { return ::fabs(x); }
METAL_INLINE float fma(float x, float y, float z) { return ::fmaf(x, y, z); }
METAL_INLINE double fma(double x, double y, double z) { return ::fma(x, y, z); }
METAL_INLINE float copysign(float x, float y) { return ::copysignf(x, y); }
METAL_INLINE double copysign(double x, double y) { return ::copysign(x, y); }

namespace precise {
using metal::ceil;
using metal::floor;
using metal::fma;
using metal::rint;
using metal::round;
using metal::sqrt;
using metal::trunc;
}  // namespace precise

}  // namespace metal

// At the end, and before the text alone: CUDA has structs of these names, without constructors.
#define METAL_VECTORS(T)          \
  typedef metal::vec<T, 2> metal_##T##2; \
  typedef metal::vec<T, 3> metal_##T##3; \
  typedef metal::vec<T, 4> metal_##T##4;
METAL_VECTORS(char)
METAL_VECTORS(uchar)
METAL_VECTORS(short)
METAL_VECTORS(ushort)
METAL_VECTORS(int)
METAL_VECTORS(uint)
METAL_VECTORS(long)
METAL_VECTORS(ulong)
METAL_VECTORS(float)
METAL_VECTORS(double)
#undef METAL_VECTORS

#define char2 metal_char2
#define char3 metal_char3
#define char4 metal_char4
#define uchar2 metal_uchar2
#define uchar3 metal_uchar3
#define uchar4 metal_uchar4
#define short2 metal_short2
#define short3 metal_short3
#define short4 metal_short4
#define ushort2 metal_ushort2
#define ushort3 metal_ushort3
#define ushort4 metal_ushort4
#define int2 metal_int2
#define int3 metal_int3
#define int4 metal_int4
#define uint2 metal_uint2
#define uint3 metal_uint3
#define uint4 metal_uint4
#define long2 metal_long2
#define long3 metal_long3
#define long4 metal_long4
#define ulong2 metal_ulong2
#define ulong3 metal_ulong3
#define ulong4 metal_ulong4
#define float2 metal_float2
#define float3 metal_float3
#define float4 metal_float4
#define double2 metal_double2
#define double3 metal_double3
#define double4 metal_double4

/// The bits of `value` as another type of the same size.
template <typename To, typename From>
METAL_INLINE To as_type(From value) {
  static_assert(sizeof(To) == sizeof(From), "as_type needs types of the same size");
  return __builtin_bit_cast(To, value);
}
