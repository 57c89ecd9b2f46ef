import Foundation
import Testing

@testable import Metal

/// What goes wrong on a Mac goes wrong here.
@Suite struct HazardTests {
  private let test = TestDevice()
  private let checked = TestDevice(["WASMBURST_CPU_CHECKS": "1"])
  private let halved = "kernel void halve(device float* x [[buffer(0)]]) { x[0] = x[0] * 0.5f; x[1] = x[1] * 2.0f; }"

  /// The smallest normal number halved, and the smallest subnormal doubled.
  private func halve(_ heading: String) throws -> [UInt32] {
    let device = test.device
    let values = try device.buffer([Float.leastNormalMagnitude, -Float.leastNonzeroMagnitude])
    try device.run(try device.pipeline(heading + halved, "halve"), [values], threads: line(1))
    return values.elements(UInt32.self)
  }

  @Test func textForAppleFlushesSubnormals() throws {
    #expect(try halve("// Emitted by WasmBurst for the device profile \"apple\".\n") == [0, 0x8000_0000])
  }

  @Test func otherTextsKeepSubnormals() throws {
    #expect(try halve("// Emitted by WasmBurst for the device profile \"native\".\n") == [0x0040_0000, 0x8000_0002])
  }

  @Test func checkedKernelsOfDefinedBehaviourRun() throws {
    let device = checked.device
    let source = "kernel void k(device uint* x [[buffer(0)]]) { x[1] = (x[0] + 1u) << (x[0] & 31u); }"
    let values = try device.buffer([UInt32(3), 0])
    try device.run(try device.pipeline(source, "k"), [values], threads: line(1))
    #expect(values.elements(UInt32.self) == [3, 32])
  }

  @Test func checksMakeAnotherObject() {
    let plain = ClangCompiler(environment: [:])
    let checked = ClangCompiler(environment: ["WASMBURST_CPU_CHECKS": "1"])
    #expect(plain.key(source: "", definitions: []) != checked.key(source: "", definitions: []))
  }
}
