import BurstEnvironment
import Foundation
import Metal

/// For tests: what the kernel ABI promises to nobody holds a pattern, so that reading it shows.
extension PoolBuffers {
  /// With the other checks of the cpu device.
  static let poisonIsAskedFor = HostEnvironment.current.checksKernels

  /// The one that clang gives to locals which nothing has initialised.
  static let poison: UInt8 = 0xAA

  /// New buffers; state, memory and tables are promised to be zero, and the image is written at once.
  func poisonAll() {
    guard isPoisoned else { return }
    for buffer in [records.lanes, records.report, status, execution] {
      buffer.contents().initializeMemory(as: UInt8.self, repeating: Self.poison, count: buffer.length)
    }
  }

  /// What earlier invocations left in the execution buffers of `lanes`, before arguments are scattered into them.
  func poisonRemains(of lanes: ArraySlice<UInt32>) {
    guard isPoisoned else { return }
    let all = 0..<plan.execution.bytesPerInstance
    for lane in lanes { plan.execution.fill(all, of: Int(lane), in: execution.contents(), with: Self.poison) }
  }
}
