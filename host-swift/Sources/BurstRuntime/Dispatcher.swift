import BurstProtocol
import Foundation
import Metal

/// Launches kernels over the lanes of a pool, one command buffer at a time. Not Sendable: `InstancePool` keeps it on its worker.
final class Dispatcher {
  /// The pool's memory may still be in use by the device and must not be touched any more.
  struct Abandoned: Error {
    let reason: ResponseError
  }

  struct Limits: Sendable {
    /// Longest wait for one command buffer. Fuel bounds a launch to well under a second, save for bulk operations on large memories.
    var commandBuffer: DispatchTimeInterval = .seconds(120)
    /// Longest wait after the request was cancelled.
    var afterCancellation: DispatchTimeInterval = .seconds(5)
  }

  let buffers: PoolBuffers
  private let queue: any MTLCommandQueue
  private let limits: Limits
  private let device: Device
  private let pool: Int
  private let rules: BurstRules

  private static let threadsPerThreadgroup = 64

  /// `pool`: its number, for the device's turns.
  init(buffers: PoolBuffers, queue: any MTLCommandQueue, device: Device, pool: Int, rules: BurstRules, limits: Limits) {
    self.pool = pool
    self.rules = rules
    self.buffers = buffers
    self.queue = queue
    self.device = device
    self.limits = limits
  }

  /// Every run starts anew with as much: what one kernel did in a millisecond may take another, or the same with other arguments,
  /// a minute.
  func firstLaunch(fuel: UInt32?) -> LaunchSize {
    LaunchSize(
      lanes: device.initialLanes, minimumLanes: buffers.plan.status.tileWidth, fuel: fuel ?? device.initialSliceFuel,
      fuelIsFixed: fuel != nil, slice: SliceTime(fixed: rules.slice))
  }

  /// Runs a slice when the device is free for this pool; `live` counts the lanes that have not ended. Returns the seconds on the
  /// device. Throws `ResponseError` (cancelled, device error) or `Abandoned`.
  func slice(
    _ pipeline: any MTLComputePipelineState, lanes: [UInt32], live: Int, size: LaunchSize, fuelLimit: UInt64,
    request: any IncomingCancellation
  ) throws -> Double {
    try device.scheduler.run(pool, rules, expecting: size.expected, lanes: lanes.count, live: live, request: request) {
      try autoreleasepool { try launch(pipeline, lanes: lanes, fuel: size.fuel, fuelLimit: fuelLimit, request: request) }
    }
  }

  /// This pool has no more to run for now.
  func leave() { device.scheduler.leave(pool) }

  /// What the lanes of a launch used together, for devices that throttle without saying so.
  func observe(_ pipeline: any MTLComputePipelineState, lanes: Int, seconds: Double, fuel: UInt64) {
    device.scheduler.observe(seconds: seconds, fuel: fuel, of: DeviceScheduler.LaunchKind(pipeline, lanes: lanes))
  }

  var wantsFuel: Bool { device.scheduler.wantsFuel }

  private func launch(
    _ pipeline: any MTLComputePipelineState, lanes: [UInt32], fuel: UInt32, fuelLimit: UInt64, request: any IncomingCancellation
  ) throws -> Double {
    lanes.withUnsafeBytes { buffers.lanes.contents().copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    try DeviceCopies.publish(
      TiledRegion.Block(offset: 0, width: lanes.count * MemoryLayout<UInt32>.size, pitch: 0, rows: 1), of: buffers.lanes)
    guard let commandBuffer = queue.makeCommandBuffer(), let encoder = commandBuffer.makeComputeCommandEncoder() else {
      throw Self.deviceError("the device makes no command buffer")
    }
    encoder.setComputePipelineState(pipeline)
    let launch = launchWords(laneCount: lanes.count, fuel: fuel, fuelLimit: fuelLimit)
    launch.withUnsafeBytes { encoder.setBytes($0.baseAddress!, length: $0.count, index: 0) }
    encoder.setBuffer(buffers.lanes, offset: 0, index: 1)
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
  private func launchWords(laneCount: Int, fuel: UInt32, fuelLimit: UInt64) -> [UInt32] {
    let plan = buffers.plan
    return [
      UInt32(laneCount), UInt32(plan.memoryPages), UInt32(plan.memoryPages), UInt32(plan.valuesBytes),
      UInt32(plan.callStackBytes), UInt32(plan.scratchBytes), fuel, UInt32(truncatingIfNeeded: fuelLimit), UInt32(fuelLimit >> 32),
      0, 0, 0,
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
