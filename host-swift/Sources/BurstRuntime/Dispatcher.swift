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
  private let hostKernels: BuiltKernels
  private let queue: any MTLCommandQueue
  private let limits: Limits
  private let device: Device
  private let pool: Int
  private var waited = 0.0
  private let rules: BurstRules
  private var learnedFuel: LearnedFuel<DeviceScheduler.LaunchKind>

  /// `pool`: its number, for the device's turns.
  init(
    buffers: PoolBuffers, hostKernels: BuiltKernels, queue: any MTLCommandQueue, device: Device, pool: Int, rules: BurstRules,
    limits: Limits
  ) {
    self.hostKernels = hostKernels
    self.pool = pool
    self.rules = rules
    learnedFuel = LearnedFuel(rules, isHeadless: device.isHeadless)
    self.buffers = buffers
    self.queue = queue
    self.device = device
    self.limits = limits
  }

  /// Where nothing is known of the kernel all begin with the same: what one did in a millisecond may take another a minute. `lanes` run
  /// to their end.
  func firstLaunch(_ pipeline: any MTLComputePipelineState, fuel: UInt32?, lanes: Int) -> LaunchSize {
    let most = device.kind.initialLanes
    let slice = SliceTime(fixed: rules.slice, isHeadless: device.isHeadless, isShared: deviceIsShared)
    let aim = slice.isShared ? slice.aim : learnedFuel.aim
    let learned = learnedFuel.fuel(of: DeviceScheduler.LaunchKind(pipeline, lanes: min(lanes, most)), aimingAt: aim)
    return LaunchSize(
      lanes: most, minimumLanes: buffers.plan.status.tileWidth,
      fuel: fuel ?? learned ?? device.kind.initialSliceFuel(lanes: lanes), fuelIsFixed: fuel != nil,
      slice: slice, expected: fuel == nil && learned != nil ? aim : nil)
  }

  /// Of a run of `jobs`, where those that end are filled anew.
  func firstRefilledLaunch(_ pipeline: any MTLComputePipelineState, fuel: UInt32?, jobs: Int) -> LaunchSize {
    let lanes = device.kind.initialLanes
    let learned = learnedFuel.refilled(DeviceScheduler.LaunchKind(pipeline, lanes: min(lanes, buffers.plan.instances, jobs)))
    return LaunchSize(
      lanes: lanes, minimumLanes: buffers.plan.status.tileWidth,
      fuel: fuel ?? learned?.fuel ?? device.kind.initialSliceFuel(lanes: lanes), fuelIsFixed: fuel != nil,
      slice: learned?.slice ?? SliceTime(fixed: rules.slice, isHeadless: device.isHeadless, isShared: deviceIsShared))
  }

  /// What a launch whose fuel nobody fixed took, for first launches to come. `refilled`: in a run of jobs, what slices aim at after it.
  func learn(from slice: Slice, seconds: Double, outOfFuel: Int, refilled: SliceTime? = nil) {
    let lanes = slice.lanes.count
    let kind = DeviceScheduler.LaunchKind(slice.pipeline, lanes: lanes)
    learnedFuel.observe(kind, seconds: seconds, fuel: slice.fuel, lanes: lanes, outOfFuel: outOfFuel)
    if let refilled { learnedFuel.observe(kind, refilled: refilled) }
  }

  /// A kernel's launch, with the records that go in before it and come out after it.
  struct Slice {
    let pipeline: any MTLComputePipelineState
    let lanes: [UInt32]
    /// Index of the first lane that begins: those before it go on.
    let beginning: Int
    let argumentBytes: Int
    let resultBytes: Int
    let fuel: UInt32
    let fuelLimit: UInt64
    /// With fuel and frames of every lane.
    let isDetailed: Bool
  }

  /// Runs a slice when the device is free for this pool; `live` counts the lanes that have not ended. Then `LaunchRecords` has the
  /// reports of all lanes and the results of those that ended. Returns the seconds on the device. Throws `ResponseError` (cancelled,
  /// device error) or `Abandoned`.
  func run(_ slice: Slice, live: Int, expecting seconds: Double, request: any IncomingCancellation) throws -> Double {
    let plan = buffers.plan
    let records = buffers.records
    let arguments = try records.argumentBuffer(bytesEach: slice.argumentBytes)
    let results = try records.resultBuffer(bytesEach: slice.resultBytes)
    let all = 0..<slice.lanes.count
    let fresh = slice.beginning..<slice.lanes.count
    let nearWords = nearWords(of: slice.pipeline.device)
    let launch = launchWords(laneCount: slice.lanes.count, fuel: slice.fuel, fuelLimit: slice.fuelLimit, nearWords: nearWords)
    buffers.poisonRemains(of: slice.lanes[fresh])
    return try turn(expecting: seconds, lanes: slice.lanes.count, live: live, request) {
      try submit(slice.lanes, request) { encoder in
        move(encoder, RecordKernels.begin, RecordKernels.Grid(fresh, plan))
        if slice.argumentBytes > 0 {
          let grid = RecordKernels.Grid(fresh, plan, record: (plan.argumentsAddress, slice.argumentBytes))
          move(encoder, RecordKernels.scatter, grid, arguments)
        }
        encoder.setComputePipelineState(slice.pipeline)
        launch.withUnsafeBytes { encoder.setBytes($0.baseAddress!, length: $0.count, index: 0) }
        let memory = nearWords * Self.wordOfThreadgroup
        if memory > 0 { encoder.setThreadgroupMemoryLength(memory, index: 0) }
        // Threadgroup memory that is used limits them already.
        let resident = memory > 0 ? 0 : device.residence.most(cacheBytes: plan.cacheBytes)
        let most = resident > 0 ? ResidentThreads.group : ThreadgroupWidth.most
        let width = device.threadgroups.threads(lanes: slice.lanes.count, memory: memory, most: most)
        limitResidence(encoder, resident) { dispatch(encoder, threads: slice.lanes.count, slice.pipeline, width: width) }
        move(encoder, RecordKernels.report, RecordKernels.Grid(all, plan, isDetailed: slice.isDetailed), records.report)
        if slice.resultBytes > 0 {
          let grid = RecordKernels.Grid(all, plan, record: (plan.resultsAddress, slice.resultBytes), endedOnly: true)
          move(encoder, RecordKernels.gather, grid, results)
        }
      }
    }
  }

  /// Records in the order of `lanes` to `address` of each lane's execution buffer. Throws as `run`.
  func scatter(_ data: Data, bytesEach: Int, to lanes: [UInt32], address: Int, _ request: any IncomingCancellation) throws {
    guard bytesEach > 0, !lanes.isEmpty else { return }
    try buffers.records.setCalls(data, bytesEach: bytesEach, of: lanes)
    let calls = try buffers.records.callBuffer(bytesEach: bytesEach)
    let grid = RecordKernels.Grid(0..<lanes.count, buffers.plan, record: (address, bytesEach))
    _ = try submit(lanes, request) { encoder in move(encoder, RecordKernels.scatter, grid, calls) }
  }

  /// Records at `address` of the lanes' execution buffers, in the order of `lanes`. Throws as `run`.
  func gather(bytesEach: Int, from lanes: [UInt32], address: Int, _ request: any IncomingCancellation) throws -> Data {
    guard bytesEach > 0, !lanes.isEmpty else { return Data() }
    let calls = try buffers.records.callBuffer(bytesEach: bytesEach)
    let grid = RecordKernels.Grid(0..<lanes.count, buffers.plan, record: (address, bytesEach))
    _ = try submit(lanes, request) { encoder in move(encoder, RecordKernels.gather, grid, calls) }
    return try buffers.records.calls(bytesEach: bytesEach, of: lanes)
  }

  private func move(
    _ encoder: any MTLComputeCommandEncoder, _ kernel: String, _ grid: RecordKernels.Grid, _ records: (any MTLBuffer)? = nil
  ) {
    if let records { encoder.setBuffer(records, offset: 0, index: RecordKernels.recordsIndex) }
    hostKernel(encoder, kernel, grid.words, threads: grid.threads)
  }

  /// `sizes`: what the kernel takes as buffer 0.
  private func hostKernel(_ encoder: any MTLComputeCommandEncoder, _ kernel: String, _ sizes: [UInt32], threads: Int) {
    guard threads > 0, let pipeline = hostKernels.pipelines[kernel] else { return }
    encoder.setComputePipelineState(pipeline)
    sizes.withUnsafeBytes { encoder.setBytes($0.baseAddress!, length: $0.count, index: 0) }
    dispatch(encoder, threads: threads, pipeline)
  }

  /// Zeroes memory, state and tables of `lanes`, on the device. Throws as `run`.
  func clear(_ lanes: [UInt32], live: Int, _ request: any IncomingCancellation) throws -> Double {
    if lanes.isEmpty { return 0 }
    let stages = ClearKernels.stages(lanes: lanes.count, buffers.plan)
    return try turn(expecting: Self.clearSeconds, lanes: lanes.count, live: live, request) {
      try submit(lanes, request) { encoder in
        for stage in stages { hostKernel(encoder, stage.kernel, stage.words, threads: stage.threads) }
      }
    }
  }

  private static let clearSeconds = 0.001

  private func turn(
    expecting seconds: Double, lanes: Int, live: Int, _ request: any IncomingCancellation, _ body: () throws -> Double
  ) throws -> Double {
    let asked = DeviceScheduler.now
    return try device.scheduler.run(pool, rules, expecting: seconds, lanes: lanes, live: live, request: request) {
      waited += DeviceScheduler.now - asked
      return try autoreleasepool { try body() }
    }
  }

  /// Seconds for which slices had to wait for the device since the last call.
  func takeWaited() -> Double {
    defer { waited = 0 }
    return waited
  }

  /// This pool has no more to run for now.
  func leave() { device.scheduler.leave(pool) }

  /// What the lanes of a launch used together, for devices that throttle without saying so.
  func observe(_ pipeline: any MTLComputePipelineState, lanes: Int, seconds: Double, fuel: UInt64) {
    device.scheduler.observe(seconds: seconds, fuel: fuel, of: DeviceScheduler.LaunchKind(pipeline, lanes: lanes))
  }

  var deviceIsLost: Bool { device.isLost }

  var deviceIsShared: Bool { device.scheduler.isShared }

  var wantsFuel: Bool { device.scheduler.wantsFuel }

  /// Bytes of a word of all threads.
  private static let wordOfThreadgroup = ThreadgroupWidth.most * 4

  /// Words of threadgroup memory for each thread.
  private func nearWords(of device: any MTLDevice) -> Int {
    min(buffers.plan.nearWords, device.maxThreadgroupMemoryLength / Self.wordOfThreadgroup)
  }

  /// For what `body` dispatches. Metal has no word for it.
  private func limitResidence(_ encoder: any MTLComputeCommandEncoder, _ threads: Int, _ body: () -> Void) {
    #if os(Linux)
      let limiting = threads > 0 ? encoder as? any MultiprocessorEncoder : nil
      limiting?.setResidentThreads(threads)
      defer { limiting?.setResidentThreads(0) }
    #endif
    body()
  }

  /// Whole threadgroups, of `width` threads where the kernel can, which every device can do: threads beyond the count return at once.
  private func dispatch(
    _ encoder: any MTLComputeCommandEncoder, threads: Int, _ pipeline: any MTLComputePipelineState, width: Int = ThreadgroupWidth.most
  ) {
    let width = min(pipeline.maxTotalThreadsPerThreadgroup, width)
    encoder.dispatchThreadgroups(
      MTLSize(width: (threads + width - 1) / width, height: 1, depth: 1),
      threadsPerThreadgroup: MTLSize(width: width, height: 1, depth: 1))
  }

  /// A command buffer that failed before the device began with it: all state is what it was.
  private struct NotBegun: Error {
    let reason: String
  }

  /// One that failed later: nobody knows how far it came.
  private struct Failed: Error {
    let reason: String
  }

  /// Seconds before one that never began is tried again: memory that was short, or a permission, may come back.
  private static let pauses = [0.01, 0.1, 0.5]

  /// One command buffer, to its end; `encode` gets an encoder that has the pool's buffers.
  private func submit(
    _ lanes: [UInt32], _ request: any IncomingCancellation, encode: (any MTLComputeCommandEncoder) -> Void
  ) throws -> Double {
    var pauses = Self.pauses[...]
    while true {
      do {
        return try attempt(lanes, request, encode: encode)
      } catch let error as NotBegun {
        guard let pause = pauses.popFirst() else {
          // Memory that is short is no loss.
          if error.reason != "outOfMemory" { try checkDevice(after: error.reason) }
          throw Self.deviceError(error.reason)
        }
        Thread.sleep(forTimeInterval: pause)
        if request.isCancelled { throw ResponseError.cancelled }
      } catch let error as Failed {
        try checkDevice(after: error.reason)
        throw Self.deviceError(error.reason)
      }
    }
  }

  /// What a fault leaves behind a driver tells with the next command buffer: one that does nothing fails, too, where the device is lost.
  private func checkDevice(after reason: String) throws {
    do {
      _ = try attempt([0], StandingRequest()) { encoder in
        hostKernel(encoder, RecordKernels.begin, RecordKernels.Grid(0..<0, buffers.plan).words, threads: 1)
      }
    } catch let error as Abandoned {
      throw error
    } catch {
      device.setLost(reason: reason)
      try device.checkNotLost()
    }
  }

  private struct StandingRequest: IncomingCancellation {
    let isCancelled = false
  }

  private func attempt(
    _ lanes: [UInt32], _ request: any IncomingCancellation, encode: (any MTLComputeCommandEncoder) -> Void
  ) throws -> Double {
    guard
      let commandBuffer = queue.makeCommandBuffer(), buffers.records.setLanes(lanes, in: commandBuffer),
      let encoder = commandBuffer.makeComputeCommandEncoder()
    else {
      buffers.records.forgetLanes()
      throw NotBegun(reason: "the device makes no command buffer")
    }
    encoder.setBuffer(buffers.records.lanes, offset: 0, index: 1)
    encoder.setBuffer(buffers.status, offset: 0, index: 2)
    encoder.setBuffer(buffers.state, offset: 0, index: 3)
    encoder.setBuffer(buffers.memory, offset: 0, index: 4)
    encoder.setBuffer(buffers.tables, offset: 0, index: 5)
    encoder.setBuffer(buffers.execution, offset: 0, index: 6)
    encoder.setBuffer(buffers.image, offset: 0, index: 7)
    encode(encoder)
    encoder.endEncoding()

    let done = DispatchSemaphore(value: 0)
    commandBuffer.addCompletedHandler { @Sendable _ in done.signal() }
    commandBuffer.commit()
    try wait(done, request)
    guard commandBuffer.status == .completed, commandBuffer.error == nil else {
      buffers.records.forgetLanes()
      let reason = Self.reason(commandBuffer.error)
      // Only the times tell: a code as outOfMemory may come before a launch and in the midst of one.
      throw commandBuffer.gpuStartTime == 0 ? NotBegun(reason: reason) : Failed(reason: reason)
    }
    return max(0, commandBuffer.gpuEndTime - commandBuffer.gpuStartTime)
  }

  /// The kernel's `launch` struct (docs/kernel-abi.md).
  private func launchWords(laneCount: Int, fuel: UInt32, fuelLimit: UInt64, nearWords: Int) -> [UInt32] {
    let plan = buffers.plan
    return [
      UInt32(laneCount), UInt32(plan.memoryPages), UInt32(plan.memoryPages), UInt32(plan.valuesBytes),
      UInt32(plan.callStackBytes), UInt32(plan.scratchBytes), fuel, UInt32(truncatingIfNeeded: fuelLimit), UInt32(fuelLimit >> 32),
      UInt32(nearWords), 0, 0,
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
    case .internal: "internal"
    case .timeout: "timeout"
    case .pageFault: "pageFault"
    case .notPermitted: "notPermitted"
    case .outOfMemory: "outOfMemory"
    case .invalidResource: "invalidResource"
    case .memoryless: "memoryless"
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
