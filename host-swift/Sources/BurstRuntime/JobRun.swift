import BurstProtocol
import Foundation
import Metal

/// A `pool/run` under way: refills lanes, runs slices, collects what has ended.
struct JobRun {
  private let parameters: RunJobsRequest.Parameters
  private let pool: InstancePool
  private let pipeline: any MTLComputePipelineState
  private let budget: InvocationBudget
  private var queue: JobQueue
  /// Lanes that go on, and those whose job has not begun.
  private var suspended: [Suspended] = []
  private var fresh: [UInt32] = []
  /// Lanes whose refill is not complete.
  private var filling: [UInt32] = []
  /// By lane, of its job so far; the seconds only where they are limited.
  private var fuelOf: [UInt64]
  private var secondsOf: [Double]
  private var status: [UInt32]
  private var results: Data
  private var reads: [Data]
  private var deviceSeconds = 0.0
  private let began = DeviceScheduler.now
  var failure: String?

  /// Lanes of one function and depth side by side walk together; within them by number, where memory lies side by side.
  private struct Suspended: Comparable {
    let lane: UInt32
    let function: UInt32
    let frames: UInt32

    static func < (left: Suspended, right: Suspended) -> Bool {
      (left.function, left.frames, left.lane) < (right.function, right.frames, right.lane)
    }
  }

  private var live: Int { suspended.count + fresh.count }

  /// Where lanes are threads of a SIMD-group; else an idle one leaves its processor to others.
  private var idleLanesCost: Bool { pool.plan.status.tileWidth > 1 }
  private var buffers: PoolBuffers { pool.buffers }

  init(
    _ parameters: RunJobsRequest.Parameters, pool: InstancePool, pipeline: any MTLComputePipelineState, budget: InvocationBudget
  ) {
    self.parameters = parameters
    self.pool = pool
    self.pipeline = pipeline
    self.budget = budget
    queue = JobQueue(count: parameters.jobs, lanes: pool.plan.instances)
    fuelOf = Array(repeating: 0, count: pool.plan.instances)
    secondsOf = budget.seconds == nil ? [] : Array(repeating: 0, count: pool.plan.instances)
    status = Array(repeating: 0, count: parameters.jobs * 2)
    for job in 0..<parameters.jobs { status[job * 2] = JobStatus.notRun }
    results = Data(count: parameters.jobs * parameters.resultBytes)
    reads = Array(repeating: Data(), count: parameters.reads?.count ?? 0)
  }

  var result: RunJobsRequest.Result {
    RunJobsRequest.Result(
      status: status.allSatisfy { $0 == 0 } ? Data() : status.withUnsafeBytes { Data($0) }, results: results,
      reads: parameters.reads == nil ? nil : reads, deviceSeconds: deviceSeconds, laneSlices: queue.laneSlices,
      busyLaneSlices: queue.busyLaneSlices, seconds: DeviceScheduler.now - began, failure: failure)
  }

  /// Throws `ResponseError` (cancelled, or what is no device's failure) or `Dispatcher.Abandoned`; `result` has what ended before.
  mutating func all(_ request: any IncomingCancellation, progress: InstancePool.Progress) throws {
    let dispatcher = pool.dispatcher
    var size = dispatcher.firstLaunch(fuel: budget.sliceFuel)
    var failures = 0
    defer { dispatcher.leave() }
    while !queue.hasEnded {
      if request.isCancelled { throw ResponseError.cancelled }
      let began = DispatchTime.now()
      let before = deviceSeconds
      var launched: [UInt32] = []
      do {
        try refill(limit: size.lanes - live, request)
        suspended.sort()
        let again = suspended.prefix(size.lanes).map(\.lane)
        launched = again + fresh.prefix(size.lanes - again.count)
        if launched.isEmpty { continue }
        let slice = Dispatcher.Slice(
          pipeline: pipeline, lanes: launched, beginning: again.count, argumentBytes: parameters.argumentBytes,
          resultBytes: parameters.resultBytes, fuel: size.fuel, fuelLimit: budget.fuel, isDetailed: true)
        let seconds = try dispatcher.run(slice, live: live, expecting: size.expected, request: request)
        deviceSeconds += seconds
        suspended.removeFirst(again.count)
        fresh.removeFirst(launched.count - again.count)
        let (ended, longestFuel) = try collect(launched, seconds: seconds, width: min(size.lanes, pool.plan.instances))
        let elapsed = Double(DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1e9
        size.adapt(
          afterSeconds: seconds, overhead: max(0, elapsed - (deviceSeconds - before) - dispatcher.takeWaited()),
          launched: launched.count, ranOutOfFuel: ended < launched.count,
          endedShare: idleLanesCost ? Double(ended) / Double(launched.count) : 0,
          longestFuel: idleLanesCost ? longestFuel : nil)
        failures = 0
      } catch let error as ResponseError where error.code == .deviceError {
        failures += 1
        failure = error.message
        lose(launched.isEmpty ? filling : launched)
        if failures == Invocation.mostFailures || dispatcher.deviceIsLost { return }
      } catch let error as Dispatcher.Abandoned where error.reason.code == .deviceError {
        // The jobs of the other lanes can be run in another pool, these would hang there as well.
        lose(launched.isEmpty ? filling : launched)
        throw error
      }
      progress(Double(queue.ended) / Double(queue.count))
    }
  }

  // MARK: Steps

  /// The next jobs into idle lanes, each in the initial state with its arguments and what is to be written.
  private mutating func refill(limit: Int, _ request: any IncomingCancellation) throws {
    let placed = queue.begin(limit: limit)
    if placed.isEmpty { return }
    let lanes = placed.map(\.lane)
    filling = lanes
    for lane in lanes {
      fuelOf[Int(lane)] = 0
      if budget.seconds != nil { secondsOf[Int(lane)] = 0 }
    }
    fresh += lanes
    deviceSeconds += try pool.dispatcher.clear(lanes, live: live, request)
    let (seconds, trapped) = try pool.instantiate(again: lanes, request)
    deviceSeconds += seconds
    if !trapped.isEmpty { endTrapped(trapped) }

    let size = parameters.argumentBytes
    let first = placed[0].job
    let records = parameters.arguments.dropFirst(first * size).prefix(placed.count * size)
    try buffers.records.setArguments(records, bytesEach: size, of: lanes)
    try write(trapped.isEmpty ? placed : placed.filter { !trapped.contains($0.lane) })
    filling = []
  }

  private mutating func write(_ placed: [(lane: UInt32, job: Int)]) throws {
    guard let writes = parameters.writes, let first = placed.first?.job, let last = placed.last?.job else { return }
    var index = Self.firstIndex(in: writes.count) { writes[$0].job >= first }
    guard index < writes.count, writes[index].job <= last else { return }
    try buffers.fetchMemorySizes(of: placed.map(\.lane))
    let laneOf = Dictionary(uniqueKeysWithValues: placed.map { ($0.job, $0.lane) })
    var outside = Set<UInt32>()
    while index < writes.count, writes[index].job <= last {
      let write = writes[index]
      index += 1
      guard let lane = laneOf[write.job] else { continue }
      let bytes = buffers.memoryBytes(of: Int(lane))
      if write.address <= bytes, write.bytes.count <= bytes - write.address {
        try buffers.writeMemory(write.bytes, instance: Int(lane), address: write.address)
      } else {
        outside.insert(lane)
      }
    }
    end(outside) { _ in (JobStatus.outOfBounds, 0) }
  }

  /// Takes what ended in the launch; returns how many, and what the longest lane used.
  private mutating func collect(_ launched: [UInt32], seconds: Double, width: Int) throws -> (ended: Int, longestFuel: UInt64) {
    let records = buffers.records
    let (fuelUsed, suspensions, outcomes, frames) = (records.fuelUsed, records.suspensions, records.outcomes, records.frames)
    var progress: [JobQueue.Progress] = []
    progress.reserveCapacity(launched.count)
    var ended: [UInt32] = []
    ended.reserveCapacity(launched.count)
    var late: [UInt32] = []
    for lane in launched {
      let index = Int(lane)
      progress.append(JobQueue.Progress(lane: lane, fuel: fuelUsed[index] &- fuelOf[index]))
      fuelOf[index] = fuelUsed[index]
      if let limit = budget.seconds {
        secondsOf[index] += seconds
        if suspensions[index] != 0, secondsOf[index] > limit {
          late.append(lane)
          continue
        }
      }
      if suspensions[index] == 0 {
        ended.append(lane)
      } else {
        suspended.append(Suspended(lane: lane, function: outcomes[index * 2 + 1], frames: frames[index]))
      }
    }
    let longestFuel = queue.launched(progress, of: width)
    if !late.isEmpty { try buffers.endWithTrap(.timeLimitExceeded, late) }
    ended += late
    if ended.isEmpty { return (0, longestFuel) }

    let size = parameters.resultBytes
    let found = try records.resultBuffer(bytesEach: size).contents()
    if parameters.reads != nil { try buffers.fetchMemorySizes(of: ended) }
    for lane in ended {
      let job = queue.end(lane)
      var outcome = (code: outcomes[Int(lane) * 2], function: outcomes[Int(lane) * 2 + 1])
      if outcome.code == 0 {
        results.withUnsafeMutableBytes { bytes in
          if size == 4 {
            let word = found.load(fromByteOffset: Int(lane) * 4, as: UInt32.self)
            bytes.storeBytes(of: word, toByteOffset: job * 4, as: UInt32.self)
          } else if size > 0 {
            (bytes.baseAddress! + job * size).copyMemory(from: found + Int(lane) * size, byteCount: size)
          }
        }
        if try !read(job, from: lane) { outcome = (JobStatus.outOfBounds, 1) }
      }
      (status[job * 2], status[job * 2 + 1]) = (outcome.code, outcome.function)
    }
    return (ended.count, longestFuel)
  }

  /// False where something lies outside of the memory.
  private mutating func read(_ job: Int, from lane: UInt32) throws -> Bool {
    guard let wanted = parameters.reads else { return true }
    let first = Self.firstIndex(in: wanted.count) { wanted[$0].job >= job }
    let mine = first..<(wanted[first...].firstIndex { $0.job != job } ?? wanted.count)
    let bytes = buffers.memoryBytes(of: Int(lane))
    guard mine.allSatisfy({ wanted[$0].address <= bytes && wanted[$0].length <= bytes - wanted[$0].address }) else { return false }
    for index in mine {
      reads[index] = try buffers.readMemory(length: wanted[index].length, instance: Int(lane), address: wanted[index].address)
    }
    return true
  }

  // MARK: Ends

  private mutating func endTrapped(_ lanes: Set<UInt32>) {
    let outcomes = buffers.records.outcomes
    end(lanes) { (outcomes[Int($0) * 2], outcomes[Int($0) * 2 + 1]) }
  }

  /// The state before the slice is gone with it: nobody knows what of it was done.
  private mutating func lose(_ lanes: [UInt32]) {
    end(Set(lanes.filter { !queue.isIdle($0) })) { _ in (JobStatus.lost, 0) }
  }

  private mutating func end(_ lanes: Set<UInt32>, _ outcome: (UInt32) -> (UInt32, UInt32)) {
    if lanes.isEmpty { return }
    for lane in lanes.sorted() {
      let job = queue.end(lane)
      (status[job * 2], status[job * 2 + 1]) = outcome(lane)
    }
    suspended.removeAll { queue.isIdle($0.lane) }
    fresh.removeAll { queue.isIdle($0) }
  }

  private static func firstIndex(in count: Int, where isBehind: (Int) -> Bool) -> Int {
    var range = 0..<count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = isBehind(middle) ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    return range.lowerBound
  }
}
