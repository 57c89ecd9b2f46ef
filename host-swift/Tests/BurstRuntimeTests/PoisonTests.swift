import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("Poisoned buffers")
struct PoisonTests {
  private static let device = DeviceRegistry().devices.first { $0.description.usable && $0.metal.hasUnifiedMemory }
  private let plan: PoolPlan

  init() throws {
    let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
    plan = try PoolPlan(
      .init(module: 0, instances: 3, execution: execution), layout: TestKernels.layout(tileWidth: 2, memoryCell: 4))
  }

  private func buffers(isPoisoned: Bool) throws -> PoolBuffers {
    let device = try #require(Self.device)
    return try #require(PoolBuffers(plan, image: Data([1, 2, 3]), device: device.metal, isPoisoned: isPoisoned))
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

  @Test("an invocation finds its arguments and nothing of those before; what goes on finds what it left", .enabled(if: device != nil))
  func begun() throws {
    let device = try #require(Self.device)
    let folder = TestClient.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let cache = PipelineCache(root: folder) { _ in }
    let load = TestKernels.load(device.id, tileWidth: 2, memoryCell: 4)
    let pipeline = try #require(try cache.kernels(["count"], of: load.text, for: device).kernels.pipelines["count"])
    let hostKernels = try cache.kernels(HostKernels.names, of: HostKernels.text, for: device).kernels
    let buffers = try buffers(isPoisoned: true)
    let dispatcher = Dispatcher(
      buffers: buffers, hostKernels: hostKernels, queue: try #require(device.metal.makeCommandQueue()), device: device, pool: 1,
      rules: BurstRules(), limits: .init())
    defer { dispatcher.leave() }
    buffers.execution.contents().initializeMemory(as: UInt8.self, repeating: 7, count: buffers.execution.length)
    let lanes: [UInt32] = [2, 1]
    try buffers.records.setArguments(TestKernels.records([0, 1]), bytesEach: 4, of: lanes)
    // Lane 2 goes on, and lane 1 begins: it counts to 1.
    let slice = Dispatcher.Slice(
      pipeline: pipeline, lanes: lanes, beginning: 1, argumentBytes: 4, resultBytes: 4, fuel: 1, fuelLimit: .max, isDetailed: false)
    _ = try dispatcher.run(slice, live: 2, expecting: 0.001, request: NotCancelled())
    var expected = [UInt8](repeating: PoolBuffers.poison, count: plan.execution.bytesPerInstance)
    expected.replaceSubrange(plan.argumentsAddress..<plan.argumentsAddress + 4, with: [1, 0, 0, 0])
    expected.replaceSubrange(plan.resultsAddress..<plan.resultsAddress + 4, with: [1, 0, 0, 0])
    #expect(execution(buffers, 1) == expected)
    #expect(execution(buffers, 0).allSatisfy { $0 == 7 })
    #expect(execution(buffers, 2).prefix(plan.resultsAddress).allSatisfy { $0 == 7 })
  }
}

private struct NotCancelled: IncomingCancellation {
  let isCancelled = false
}
