import Foundation
import Metal

/// For tests: what the kernel ABI promises to nobody holds a pattern, so that reading it shows.
extension PoolBuffers {
  /// With the other checks of the cpu device.
  static let poisonIsAskedFor = ProcessInfo.processInfo.environment["WASMBURST_CPU_CHECKS"] == "1"

  /// The one that clang gives to locals which nothing has initialised.
  static let poison: UInt8 = 0xAA

  /// New buffers; state, memory and tables are promised to be zero, and the image is written at once.
  func poisonAll() {
    guard isPoisoned else { return }
    for buffer in [lanes, status, execution] {
      buffer.contents().initializeMemory(as: UInt8.self, repeating: Self.poison, count: buffer.length)
    }
  }

  /// What earlier invocations left in the execution buffers of `lanes`, but for the arguments, which are the next one's.
  func poisonRemains(of lanes: [UInt32]) {
    guard isPoisoned else { return }
    let remains = [0..<plan.argumentsAddress, plan.resultsAddress..<plan.execution.bytesPerInstance]
    for lane in lanes {
      for range in remains { plan.execution.fill(range, of: Int(lane), in: execution.contents(), with: Self.poison) }
    }
  }
}
