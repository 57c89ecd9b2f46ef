import BurstProtocol
import Foundation
import Metal

/// Runs a kernel over lanes in command buffers of a bounded number of lanes, so that progress and cancellation have
/// their moments between them. Not Sendable: `InstancePool` keeps it on its worker.
final class Dispatcher {
  /// The pool's memory may still be in use by the device and must not be touched any more.
  struct Abandoned: Error {
    let reason: ResponseError
  }

  struct Limits: Sendable {
    /// Longest wait for one command buffer. Until kernels can suspend, one may well take minutes.
    var commandBuffer: DispatchTimeInterval = .seconds(600)
    /// Longest wait after the request was cancelled.
    var afterCancellation: DispatchTimeInterval = .seconds(5)
  }

  private let buffers: PoolBuffers
  private let queue: any MTLCommandQueue
  private let limits: Limits
  /// Every run starts anew with as many: what one kernel did in a millisecond may take another, or the same with other arguments,
  /// a minute.
  private let initialLanes: Int

  /// After a command buffer under `shortest` the next gets more lanes, after one over `longest` fewer.
  private static let shortest = 0.025
  private static let longest = 0.2
  private static let threadsPerThreadgroup = 64

  init(buffers: PoolBuffers, queue: any MTLCommandQueue, initialLanes: Int, limits: Limits) {
    self.buffers = buffers
    self.queue = queue
    self.limits = limits
    self.initialLanes = initialLanes
  }

  /// Returns the seconds on the device. Throws `ResponseError` (cancelled, device error) or `Abandoned`.
  func run(
    _ pipeline: any MTLComputePipelineState, lanes: [UInt32], fuel: Int?, request: IncomingCancellation,
    progress: (Double) -> Void
  ) throws -> Double {
    lanes.withUnsafeBytes { buffers.lanes.contents().copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    try DeviceCopies.publish(
      TiledRegion.Block(offset: 0, width: lanes.count * MemoryLayout<UInt32>.size, pitch: 0, rows: 1), of: buffers.lanes)
    var deviceSeconds = 0.0
    var first = 0
    var lanesPerCommandBuffer = initialLanes
    while first < lanes.count {
      if request.isCancelled { throw ResponseError.cancelled }
      let count = min(lanesPerCommandBuffer, lanes.count - first)
      let seconds = try autoreleasepool { try runOne(pipeline, lanes: first..<first + count, fuel: fuel, request: request) }
      deviceSeconds += seconds
      first += count
      if seconds < Self.shortest {
        lanesPerCommandBuffer = min(lanesPerCommandBuffer * 2, PoolPlan.maximumInstances)
      } else if seconds > Self.longest {
        lanesPerCommandBuffer = max(lanesPerCommandBuffer / 2, buffers.plan.status.tileWidth)
      }
      progress(Double(first) / Double(lanes.count))
    }
    return deviceSeconds
  }

  private func runOne(
    _ pipeline: any MTLComputePipelineState, lanes: Range<Int>, fuel: Int?, request: IncomingCancellation
  ) throws -> Double {
    guard let commandBuffer = queue.makeCommandBuffer(), let encoder = commandBuffer.makeComputeCommandEncoder() else {
      throw Self.deviceError("the device makes no command buffer")
    }
    encoder.setComputePipelineState(pipeline)
    let launch = launchWords(laneCount: lanes.count, fuel: fuel)
    launch.withUnsafeBytes { encoder.setBytes($0.baseAddress!, length: $0.count, index: 0) }
    encoder.setBuffer(buffers.lanes, offset: lanes.lowerBound * MemoryLayout<UInt32>.size, index: 1)
    encoder.setBuffer(buffers.status, offset: 0, index: 2)
    encoder.setBuffer(buffers.state, offset: 0, index: 3)
    encoder.setBuffer(buffers.memory, offset: 0, index: 4)
    encoder.setBuffer(buffers.tables, offset: 0, index: 5)
    encoder.setBuffer(buffers.execution, offset: 0, index: 6)
    encoder.setBuffer(buffers.image, offset: 0, index: 7)
    let width = min(pipeline.maxTotalThreadsPerThreadgroup, Self.threadsPerThreadgroup)
    // Whole threadgroups, which every device can do: threads beyond lane_count return at once.
    encoder.dispatchThreadgroups(
      MTLSize(width: (lanes.count + width - 1) / width, height: 1, depth: 1),
      threadsPerThreadgroup: MTLSize(width: width, height: 1, depth: 1))
    encoder.endEncoding()

    let done = DispatchSemaphore(value: 0)
    commandBuffer.addCompletedHandler { @Sendable _ in done.signal() }
    commandBuffer.commit()
    try wait(done, request)
    guard commandBuffer.status == .completed, commandBuffer.error == nil else {
      throw Self.deviceError(Self.reason(commandBuffer.error))
    }
    return max(0, commandBuffer.gpuEndTime - commandBuffer.gpuStartTime)
  }

  /// The kernel's `launch` struct (docs/kernel-abi.md).
  private func launchWords(laneCount: Int, fuel: Int?) -> [UInt32] {
    let plan = buffers.plan
    let fuelWord = fuel.map(UInt64.init) ?? UInt64.max
    return [
      UInt32(laneCount), UInt32(plan.memoryPages), UInt32(plan.memoryPages), UInt32(plan.valuesBytes),
      UInt32(plan.callStackBytes), UInt32(plan.scratchBytes), UInt32(truncatingIfNeeded: fuelWord), UInt32(fuelWord >> 32),
    ].map(\.littleEndian)
  }

  private func wait(_ done: DispatchSemaphore, _ request: IncomingCancellation) throws {
    let deadline = DispatchTime.now() + limits.commandBuffer
    var cancelledDeadline: DispatchTime?
    // The step is how soon a cancellation is noticed; completion itself wakes at once.
    while done.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
      if request.isCancelled, cancelledDeadline == nil { cancelledDeadline = .now() + limits.afterCancellation }
      if let cancelledDeadline, DispatchTime.now() > cancelledDeadline { throw Abandoned(reason: .cancelled) }
      if DispatchTime.now() > deadline { throw Abandoned(reason: Self.deviceError("no answer within the time limit")) }
    }
  }

  static func deviceError(_ reason: String) -> ResponseError {
    ResponseError(
      .deviceError, "A command buffer failed: \(reason).", data: try? WireEncoder.encode(DeviceErrorData(reason: reason)))
  }

  /// The error's name where Metal has one for it, so that a client can act on it.
  static func reason(_ error: (any Error)?) -> String {
    guard let error else { return "unknown" }
    guard let known = error as? MTLCommandBufferError else { return error.localizedDescription }
    return switch known.code {
    case .timeout: "timeout"
    case .pageFault: "pageFault"
    case .notPermitted: "notPermitted"
    case .outOfMemory: "outOfMemory"
    case .invalidResource: "invalidResource"
    case .deviceRemoved: "deviceRemoved"
    case .stackOverflow: "stackOverflow"
    case MTLCommandBufferError.Code.accessRevoked: "accessRevoked"
    default: error.localizedDescription
    }
  }
}

/// What long work asks between its steps.
protocol IncomingCancellation: Sendable {
  var isCancelled: Bool { get }
}
