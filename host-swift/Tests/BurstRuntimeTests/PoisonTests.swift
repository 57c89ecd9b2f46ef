import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("Poisoned buffers")
struct PoisonTests {
  private static let device = DeviceRegistry().devices.first { $0.description.usable && $0.metal.hasUnifiedMemory }?.metal
  private let plan: PoolPlan

  init() throws {
    let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
    plan = try PoolPlan(
      .init(module: 0, instances: 3, execution: execution), layout: TestKernels.layout(tileWidth: 2, memoryCell: 4))
  }

  private func buffers(isPoisoned: Bool) throws -> PoolBuffers {
    let device = try #require(Self.device)
    return try #require(PoolBuffers(plan, image: Data([1, 2, 3]), device: device, isPoisoned: isPoisoned))
  }

  /// All of it, of instance 1 and of its neighbour in the tile.
  private func execution(_ buffers: PoolBuffers, _ instance: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: plan.execution.bytesPerInstance)
    bytes.withUnsafeMutableBytes { plan.execution.gather(from: buffers.execution.contents(), instance: instance, address: 0, into: $0) }
    return bytes
  }

  @Test(
    "what is promised to be zero is zero, and the execution buffer is not", .enabled(if: device != nil))
  func fresh() throws {
    let buffers = try buffers(isPoisoned: true)
    #expect(execution(buffers, 1).allSatisfy { $0 == PoolBuffers.poison })
    #expect(execution(try self.buffers(isPoisoned: false), 1).allSatisfy { $0 == 0 })
    for (region, buffer) in [(plan.state, buffers.state), (plan.tables, buffers.tables), (plan.memory, buffers.memory)] {
      let bytes = UnsafeRawBufferPointer(start: buffer.contents(), count: region.length(instances: 3))
      #expect(bytes.allSatisfy { $0 == 0 })
    }
  }

  @Test("an invocation finds its arguments and nothing of those before", .enabled(if: device != nil))
  func begun() throws {
    let buffers = try buffers(isPoisoned: true)
    buffers.execution.contents().initializeMemory(as: UInt8.self, repeating: 7, count: buffers.execution.length)
    try buffers.beginInvocation(of: [1])
    let arguments = plan.argumentsAddress..<plan.resultsAddress
    let expected = (0..<plan.execution.bytesPerInstance).map { arguments.contains($0) ? 7 : PoolBuffers.poison }
    #expect(execution(buffers, 1) == expected)
    #expect(execution(buffers, 0).allSatisfy { $0 == 7 })
  }
}
