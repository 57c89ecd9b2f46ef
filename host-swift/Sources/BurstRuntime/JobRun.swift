import BurstProtocol
import Foundation
import Metal

/// A `pool/run` under way: refills lanes, runs slices, collects what has ended.
struct JobRun {
  private let parameters: RunJobsRequest.Parameters
  private let pool: InstancePool
  private let pipeline: any MTLComputePipelineState
  private let clear: BuiltKernels
  private let budget: InvocationBudget
  private var queue: JobQueue
  /// Lanes with a job, and where each stood when it was last suspended.
  private var live: [(lane: UInt32, point: PoolBuffers.Point)] = []
  /// Lanes whose refill is not complete.
  private var filling: [UInt32] = []
  private var fuelOf: [UInt32: UInt64] = [:]
  private var secondsOf: [UInt32: Double] = [:]
  private var status: [UInt32]
  private var results: Data
  private var reads: [Data]
  private var deviceSeconds = 0.0
  var failure: String?

  /// Where lanes are threads of a SIMD-group; else an idle one leaves its processor to others.
  private var idleLanesCost: Bool { pool.plan.status.tileWidth > 1 }
  private var buffers: PoolBuffers { pool.buffers }

  init(
    _ parameters: RunJobsRequest.Parameters, pool: InstancePool, pipeline: any MTLComputePipelineState, clear: BuiltKernels,
    budget: InvocationBudget
  ) {
    self.parameters = parameters
    self.pool = pool
    self.pipeline = pipeline
    self.clear = clear
    self.budget = budget
    queue = JobQueue(count: parameters.jobs, lanes: pool.plan.instances)
    status = (0..<parameters.jobs * 2).map { $0 % 2 == 0 ? JobStatus.notRun : 0 }
    results = Data(count: parameters.jobs * parameters.resultBytes)
    reads = Array(repeating: Data(), count: parameters.reads?.count ?? 0)
  }

  var result: RunJobsRequest.Result {
    RunJobsRequest.Result(
      status: status.map(\.littleEndian).withUnsafeBytes { Data($0) }, results: results,
      reads: parameters.reads == nil ? nil : reads, deviceSeconds: deviceSeconds, laneSlices: queue.laneSlices,
      busyLaneSlices: queue.busyLaneSlices, failure: failure)
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
        try refill(limit: size.lanes - live.count, request)
        // Lanes of one function and depth side by side walk together; within them by number, where memory lies side by side.
        live.sort { ($0.point, $0.lane) < ($1.point, $1.lane) }
        launched = live.prefix(size.lanes).map(\.lane)
        if launched.isEmpty { continue }
        let seconds = try dispatcher.slice(
          pipeline, lanes: launched, live: live.count, size: size, fuelLimit: budget.fuel, request: request)
        deviceSeconds += seconds
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
        if failures == Invocation.mostFailures { return }
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
      live.append((lane, PoolBuffers.Point()))
      fuelOf[lane] = 0
      secondsOf[lane] = 0
    }
    deviceSeconds += try pool.dispatcher.clear(lanes, with: clear, live: live.count, request)
    let (seconds, trap) = try pool.instantiate(again: lanes, request)
    deviceSeconds += seconds
    if let trap { try endTrapped(trap.lanes) }

    let remaining = trap == nil ? placed : placed.filter { !trap!.lanes.contains($0.lane) }
    let size = parameters.argumentBytes
    let first = placed[0].job
    var records = parameters.arguments.dropFirst(first * size).prefix(placed.count * size)
    if remaining.count < placed.count {
      records = remaining.reduce(into: Data()) { $0 += parameters.arguments.dropFirst($1.job * size).prefix(size) }
    }
    try buffers.scatterRecords(Data(records), bytesEach: size, to: remaining.map(\.lane), address: pool.plan.argumentsAddress)
    try write(remaining)
    try buffers.beginInvocation(of: lanes)
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
    let after = try buffers.progress(of: launched)
    let longestFuel = queue.launched(
      zip(launched, after).map { JobQueue.Progress(lane: $0, fuel: $1.fuel &- (fuelOf[$0] ?? 0)) }, of: width)
    var points: [UInt32: PoolBuffers.Point] = [:]
    var ended: [UInt32] = []
    var late: [UInt32] = []
    for (lane, state) in zip(launched, after) {
      fuelOf[lane] = state.fuel
      secondsOf[lane, default: 0] += seconds
      guard state.isSuspended else {
        ended.append(lane)
        continue
      }
      points[lane] = state.point
      if let limit = budget.seconds, secondsOf[lane, default: 0] > limit { late.append(lane) }
    }
    if !late.isEmpty { try buffers.endWithTrap(.timeLimitExceeded, late) }
    ended += late
    for index in live.indices { if let point = points[live[index].lane] { live[index].point = point } }
    if ended.isEmpty { return (0, longestFuel) }
    let outcomes = try buffers.outcomes(of: ended)
    let records = try buffers.gatherRecords(bytesEach: parameters.resultBytes, from: ended, address: pool.plan.resultsAddress) {
      outcomes[$0].code != 0
    }
    let reading = parameters.reads == nil ? [] : ended.indices.filter { outcomes[$0].code == 0 }.map { ended[$0] }
    if !reading.isEmpty { try buffers.fetchMemorySizes(of: reading) }
    let index = Dictionary(uniqueKeysWithValues: zip(ended, ended.indices))
    try endWithResults(ended) { run, lane, job in
      let position = index[lane]!
      let size = run.parameters.resultBytes
      run.results.replaceSubrange(
        job * size..<(job + 1) * size, with: records[records.startIndex + position * size..<records.startIndex + (position + 1) * size])
      let outcome = outcomes[position]
      if outcome.code == 0, try !run.read(job, from: lane) { return (JobStatus.outOfBounds, 1) }
      return (outcome.code, outcome.function)
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

  private mutating func endTrapped(_ lanes: Set<UInt32>) throws {
    let ordered = lanes.sorted()
    let outcomes = Dictionary(uniqueKeysWithValues: zip(ordered, try buffers.outcomes(of: ordered)))
    end(lanes) { lane in (outcomes[lane]!.code, outcomes[lane]!.function) }
  }

  /// The state before the slice is gone with it: nobody knows what of it was done.
  private mutating func lose(_ lanes: [UInt32]) {
    end(Set(lanes)) { _ in (JobStatus.lost, 0) }
  }

  private mutating func end(_ lanes: Set<UInt32>, _ outcome: (UInt32) -> (UInt32, UInt32)) {
    for lane in lanes.sorted() {
      let job = queue.end(lane)
      (status[job * 2], status[job * 2 + 1]) = outcome(lane)
    }
    if !lanes.isEmpty { live.removeAll { lanes.contains($0.lane) } }
  }

  private mutating func endWithResults(
    _ lanes: [UInt32], _ outcome: (inout JobRun, UInt32, Int) throws -> (UInt32, UInt32)
  ) throws {
    for lane in lanes {
      let job = queue.end(lane)
      (status[job * 2], status[job * 2 + 1]) = try outcome(&self, lane, job)
    }
    let gone = Set(lanes)
    live.removeAll { gone.contains($0.lane) }
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
