import Foundation
import Testing

@testable import Metal

/// The functions of `metal_stdlib` as the Metal specification defines them.
@Suite struct ShimTests {
  let test = TestDevice()

  /// Evaluates expressions of up to 64 bits on the device; narrower results are zero-extended.
  func evaluate(_ expressions: [String]) throws -> [UInt64] {
    let rows = expressions.enumerated().map { "out[\($0)] = ulong(\($1));" }.joined(separator: "\n")
    // Opaque operands: what the optimiser folds would test clang, not the functions.
    let source = """
      #include <metal_stdlib>
      using namespace metal;
      kernel void evaluate(device ulong* out [[buffer(0)]], constant ulong& zero [[buffer(1)]]) {
        const uint z = uint(zero); const ulong zl = zero; const uchar zb = uchar(zero); const ushort zh = ushort(zero);
        const int zi = int(zero); const long zw = long(zero); const float zf = float(zero); const double zd = double(zero);
        \(rows)
      }
      """
    let out = try #require(test.device.makeBuffer(length: max(8, expressions.count * 8)))
    let zero = try test.device.buffer([0] as [UInt64])
    try test.device.run(try test.device.pipeline(source, "evaluate"), [out, zero], threads: line(1))
    return Array(out.elements(UInt64.self).prefix(expressions.count))
  }

  func check(_ cases: [(String, UInt64)], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let results = try evaluate(cases.map(\.0))
    for (result, expected) in zip(results, cases) {
      #expect(result == expected.1, "\(expected.0)", sourceLocation: sourceLocation)
    }
  }

  @Test func bitCountsOfZeroAreTheWidth() throws {
    try check([
      ("clz(z)", 32), ("ctz(z)", 32), ("clz(zl)", 64), ("ctz(zl)", 64), ("clz(zb)", 8), ("ctz(zh)", 16), ("clz(zi)", 32),
      ("ctz(zw)", 64), ("popcount(zl)", 0),
    ])
  }

  @Test func bitFunctions() throws {
    try check([
      ("clz(z + 1u)", 31), ("clz(zl + 0x8000000000000000ul)", 0), ("clz(uchar(zb + 1))", 7), ("ctz(z + 8u)", 3),
      ("ctz(zl + (1ul << 40))", 40),
      ("popcount(z - 1u)", 32), ("popcount(zl - 1ul)", 64), ("reverse_bits(z + 1u)", 0x8000_0000),
      ("reverse_bits(zl + 1ul)", 0x8000_0000_0000_0000), ("reverse_bits(uchar(zb + 2))", 0x40),
      ("rotate(z + 0x80000001u, z + 4u)", 0x18), ("rotate(z + 5u, z)", 5), ("rotate(z + 5u, z + 32u)", 5),
      ("rotate(zl + 0x8000000000000001ul, zl + 1ul)", 3), ("rotate(uchar(zb + 0x81), uchar(zb + 1))", 3),
    ])
  }

  @Test func integerFunctions() throws {
    try check([
      ("mulhi(z - 1u, z - 1u)", 0xffff_fffe), ("mulhi(zl - 1ul, zl - 1ul)", 0xffff_ffff_ffff_fffe),
      ("uint(mulhi(zi - 1, zi + 5))", 0xffff_ffff),
      ("ulong(mulhi(zw - 1, zw + 5))", .max), ("abs(zi - 7)", 7), ("uint(abs(zi + int(0x80000000)))", 0x8000_0000),
      ("min(zi - 1, zi + 1) == -1", 1), ("max(z - 1u, z + 1u)", 0xffff_ffff), ("clamp(zi + 9, 1, 5)", 5), ("clamp(zi - 9, 1, 5)", 1),
      ("select(1u, 2u, z == 0u)", 2), ("select(1u, 2u, z != 0u)", 1),
    ])
  }

  @Test func floatFunctionsAreExact() throws {
    let bits = { (value: Float) in UInt64(value.bitPattern) }
    let half = 2.5 as Float
    try check([
      ("as_type<uint>(rint(zf + 2.5f))", bits(half.rounded(.toNearestOrEven))), ("as_type<uint>(round(zf + 2.5f))", bits(3)),
      ("as_type<uint>(floor(zf - 0.5f))", bits(-1)), ("as_type<uint>(ceil(zf - 0.5f))", bits(-0.0)),
      ("as_type<uint>(trunc(zf - 0.5f))", bits(-0.0)), ("as_type<uint>(sqrt(zf + 2.0f))", bits(Float(2).squareRoot())),
      ("as_type<uint>(precise::sqrt(zf + 3.0f))", bits(Float(3).squareRoot())), ("as_type<uint>(fabs(zf - 1.0f))", bits(1)),
      ("as_type<uint>(copysign(zf + 1.0f, -0.0f))", bits(-1)), ("as_type<uint>(fmin(zf + 1.0f, NAN))", bits(1)),
      ("as_type<uint>(fmax(NAN, zf - 1.0f))", bits(-1)), ("isnan(zf / zf)", 1), ("isinf(1.0f / zf)", 1), ("signbit(-zf)", 1),
      // No contraction, no flushing of subnormals.
      ("as_type<uint>((zf + 1.0000001f) * 1.0000001f - 1.0000002f)", bits((Float(1.0000001) * 1.0000001) - 1.0000002)),
      ("as_type<uint>((zf + 1e-38f) / 1000.0f)", bits(Float(1e-38) / 1000)),
      ("as_type<ulong>(sqrt(zd + 2.0))", 2.0.squareRoot().bitPattern),
      ("as_type<ulong>(floor(zd - 0.5))", (-1.0).bitPattern),
    ])
  }

  @Test func vectors() throws {
    try check([
      ("as_type<ulong>(uint2(z + 1u, z + 2u))", 0x2_0000_0001), ("as_type<uint>(uchar4(uchar2(z + 1u, 2), 3, 4))", 0x0403_0201),
      ("as_type<uint2>(zl + 0x200000001ul).y", 2), ("uint4(z + 7u).w", 7), ("uint3(float3(zf + 1.9f, 2, 3)).x", 1),
      ("(uint4(1, 2, 3, 4) + z).zy.x", 3), ("clz(uint2(z, 1u)).y", 31), ("min(uint2(z + 4u), uint2(3, 5)).y", 4),
      ("select(uint2(1, 2), uint2(3, 4), uint2(z, 5) > uint2(1, 1)).y", 4),
      ("select(uint2(1, 2), uint2(3, 4), uint2(z, 5) > uint2(1, 1)).x", 1),
      ("sizeof(uint3)", 16), ("sizeof(uchar4)", 4), ("alignof(ulong2)", 16),
    ])
  }

  @Test func vectorAccessesMayAliasBytes() throws {
    let source = """
      #include <metal_stdlib>
      using namespace metal;
      kernel void alias(device uchar* memory [[buffer(0)]], device uint* out [[buffer(1)]]) {
        *(device uint2*)(memory + 8) = as_type<uint2>(0x0807060504030201ul);
        memory[9] = 0xff;
        out[0] = as_type<uint>(*(device uchar4*)(memory + 8));
      }
      """
    let memory = try #require(test.device.makeBuffer(length: 64))
    let out = try #require(test.device.makeBuffer(length: 4))
    try test.device.run(try test.device.pipeline(source, "alias"), [memory, out], threads: line(1))
    #expect(out.elements(UInt32.self) == [0x0403_ff01])
  }
}
