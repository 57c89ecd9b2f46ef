import BurstProtocol
import Foundation
import Metal

/// A `pool/run` under way: refills lanes, runs slices, collects what has ended, until every job has ended or the client is needed for
/// the calls of imports. `JobRun+Refill.swift` has how jobs begin, `JobRun+Calls.swift` how their calls are answered.
struct JobRun {
  let parameters: RunJobsRequest.Parameters
  let arguments: JobArguments
  /// Takes results of the next jobs before the answer; `nil`: they are all in it.
  private let onResults: (@Sendable (Data) -> Void)?
  // The pool keeps the run while its calls wait.
  unowned let pool: InstancePool
  private let pipeline: any MTLComputePipelineState
  let budget: InvocationBudget
  var queue: JobQueue
  var outcomes: JobOutcomes

  // Every lane with a job stands in one of these, or is at risk.
  /// Those that go on, and those whose job has not begun.
  private var suspended: [Suspended] = []
  var fresh: [UInt32] = []
  /// Those that wait for imports which the client serves; of these, those whose instantiating kernel waits.
  var waiting: [UInt32] = []
  var starting: Set<UInt32> = []
  /// Whose instantiating kernel goes on.
  var starts: [UInt32] = []
  /// What the client has answered, until the lanes have it.
  var answers: [ResumePoolRequest.Answer] = []
  var failed: [UInt32] = []
  /// Of a step that is not complete: where a command buffer fails in it nobody knows what they are.
  var atRisk: [UInt32] = []

  /// The calls that the client has to answer before the run can go on; `nil`: it has ended.
  var calls: [WaitingCalls]?
  var patience: ClientPatience
  var askedAt = 0.0
  /// By lane, of its job so far; the seconds only where they are limited.
  var fuelOf: [UInt64]
  var secondsOf: [Double]
  private var size: LaunchSize
  /// One after the other.
  private var failures = 0
  var failure: String?
  var deviceSeconds = 0.0
  private var seconds = 0.0
  /// Seconds of `advance` in which arguments were awaited.
  var starved = 0.0

  /// Lanes of one function and depth side by side walk together; within them by number, where memory lies side by side.
  private struct Suspended: Comparable {
    let lane: UInt32
    let function: UInt32
    let frames: UInt32

    static func < (left: Suspended, right: Suspended) -> Bool {
      (left.function, left.frames, left.lane) < (right.function, right.frames, right.lane)
    }
  }

  /// Where lanes are threads of a SIMD-group; else an idle one leaves its processor to others.
  private let idleLanesCost: Bool
  var live: Int { suspended.count + fresh.count }
  var buffers: PoolBuffers { pool.buffers }

  init(
    _ parameters: RunJobsRequest.Parameters, arguments: JobArguments, pool: InstancePool, pipeline: any MTLComputePipelineState,
    budget: InvocationBudget, since began: Double, onResults: (@Sendable (Data) -> Void)?
  ) {
    self.parameters = parameters
    self.arguments = arguments
    self.onResults = onResults
    self.pool = pool
    self.pipeline = pipeline
    self.budget = budget
    queue = JobQueue(count: parameters.jobs, lanes: pool.plan.instances)
    outcomes = JobOutcomes(parameters)
    fuelOf = Array(repeating: 0, count: pool.plan.instances)
    secondsOf = budget.seconds == nil ? [] : Array(repeating: 0, count: pool.plan.instances)
    size = pool.dispatcher.firstRefilledLaunch(pipeline, fuel: budget.sliceFuel, jobs: parameters.jobs)
    idleLanesCost = pool.plan.status.tileWidth > 1
    patience = ClientPatience(idleLanesCost: idleLanesCost)
    seconds = DeviceScheduler.now - began
  }

  var result: RunJobsRequest.Result {
    let records = calls == nil ? outcomes.records(queue) : (status: Data(), results: Data(), reads: nil)
    return RunJobsRequest.Result(
      status: records.status, results: records.results, reads: records.reads, deviceSeconds: deviceSeconds,
      laneSlices: queue.laneSlices, busyLaneSlices: queue.busyLaneSlices, seconds: seconds, failure: failure,
      reasons: calls == nil ? outcomes.reasons.ofJobs : nil, waiting: calls)
  }

  /// Until all jobs have ended, or `calls` wait. Throws `ResponseError` (cancelled, or what is no device's failure) or
  /// `Dispatcher.Abandoned`; `result` has what ended before.
  mutating func advance(_ request: any IncomingCancellation, progress: InstancePool.Progress) throws {
    let began = DeviceScheduler.now
    defer {
      seconds += DeviceScheduler.now - began - starved
      starved = 0
      pool.dispatcher.leave()
    }
    while !queue.hasEnded {
      if request.isCancelled { throw ResponseError.cancelled }
      do {
        if clientIsNeeded {
          calls = try waitingCalls(request)
          return
        }
        let (waited, began) = (waiting.count, DeviceScheduler.now)
        try step(request)
        patience.ran(seconds: DeviceScheduler.now - began, waiting: waited)
        sendResults()
      } catch let error as ResponseError where error.code == .deviceError {
        failures += 1
        failure = error.message
        lose(error.message, ended: true)
        if failures == Invocation.mostFailures || pool.dispatcher.deviceIsLost { return }
      } catch let error as Dispatcher.Abandoned where error.reason.code == .deviceError {
        // The jobs of the other lanes can be run in another pool, these would hang there as well.
        lose(error.reason.message, ended: false)
        throw error
      }
      progress(Double(queue.ended) / Double(queue.count))
    }
  }

  /// Bytes of results that are sent together: in smaller parts they would cost more in messages than it gains.
  private static let partOfResults = 1 << 18

  /// Those that travel while the next jobs run; and the last ones, of which the client takes a part while the next is on its way.
  private mutating func sendResults() {
    guard let onResults, outcomes.untaken(ended: queue.ended) >= Self.partOfResults else { return }
    let end = queue.firstNotEnded
    while let results = outcomes.takeResults(below: end, bytes: Self.partOfResults) { onResults(results) }
  }

  private mutating func step(_ request: any IncomingCancellation) throws {
    let began = DispatchTime.now()
    let before = deviceSeconds + starved
    let dispatcher = pool.dispatcher
    try takeAnswers(request)
    try goOnStarting(request)
    try refill(limit: size.lanes - live, request)
    suspended.sort()
    let again = suspended.prefix(size.lanes).map(\.lane)
    let launched = again + fresh.prefix(size.lanes - again.count)
    if launched.isEmpty { return }
    atRisk = launched
    suspended.removeFirst(again.count)
    fresh.removeFirst(launched.count - again.count)
    let slice = Dispatcher.Slice(
      pipeline: pipeline, lanes: launched, beginning: again.count, argumentBytes: parameters.argumentBytes,
      resultBytes: parameters.resultBytes, fuel: size.fuel, fuelLimit: budget.fuel, isDetailed: true)
    let seconds = try dispatcher.run(slice, live: live + launched.count, expecting: size.expected, request: request)
    deviceSeconds += seconds
    let collected = try collect(launched, seconds: seconds, width: min(size.lanes, pool.plan.instances))
    atRisk = []
    failures = 0
    try serve(collected.calling, request)
    let elapsed = Double(DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1e9
    let stopped = launched.count - collected.outOfFuel
    size.adapt(
      afterSeconds: seconds, overhead: max(0, elapsed - (deviceSeconds + starved - before) - dispatcher.takeWaited()),
      launched: launched.count, available: pool.plan.instances, ranOutOfFuel: collected.outOfFuel > 0,
      endedShare: idleLanesCost ? Double(stopped) / Double(launched.count) : 0,
      idleShare: 1 - collected.use.busyShare, longestFuel: idleLanesCost ? collected.use.longest : nil,
      isShared: dispatcher.deviceIsShared)
    if budget.sliceFuel == nil {
      dispatcher.learn(from: slice, seconds: seconds, outOfFuel: collected.outOfFuel, refilled: size.slice)
    }
  }

  // MARK: Ends

  private struct Collected {
    var outOfFuel = 0
    var use = JobQueue.FuelUse()
    /// Lanes that wait for functions of the host.
    var calling: BoundFunctions.Calling = [:]
  }

  /// Takes what ended in the launch, and sorts the other lanes by what they need.
  private mutating func collect(_ launched: [UInt32], seconds: Double, width: Int) throws -> Collected {
    let records = buffers.records
    let use = takeFuel(of: launched)
    queue.launched(use, of: width)
    var collected = Collected()
    collected.use = use
    if !records.anySuspension(of: launched) {
      try end(launched)
      return collected
    }
    var ended: [UInt32] = []
    ended.reserveCapacity(launched.count)
    var late: [UInt32] = []
    var calling: [UInt32] = []
    let suspensions = records.suspensions
    for lane in launched {
      let index = Int(lane)
      if let limit = budget.seconds {
        secondsOf[index] += seconds
        if suspensions[index] != 0, secondsOf[index] > limit {
          late.append(lane)
          continue
        }
      }
      switch suspensions[index] {
      case 0: ended.append(lane)
      case LaunchRecords.outOfFuel:
        collected.outOfFuel += 1
        goOn(lane)
      default: calling.append(lane)
      }
    }
    let others: [UInt32]
    (collected.calling, others) = pool.hostFunctions.split(calling, in: records)
    waiting += others
    if !late.isEmpty { try buffers.endWithTrap(.timeLimitExceeded, late) }
    try end(ended + late)
    return collected
  }

  /// What each used since its last launch, which the reports count from the job's beginning on.
  private mutating func takeFuel(of lanes: [UInt32]) -> JobQueue.FuelUse {
    let used = UnsafePointer(buffers.records.fuelUsed)
    var use = JobQueue.FuelUse(lanes: lanes.count)
    fuelOf.withUnsafeMutableBufferPointer { before in
      for lane in lanes {
        let fuel = used[Int(lane)] &- before[Int(lane)]
        before[Int(lane)] = used[Int(lane)]
        use.together &+= fuel
        use.longest = max(use.longest, fuel)
      }
    }
    return use
  }

  /// Jobs whose status the records have.
  private mutating func end(_ lanes: [UInt32]) throws {
    if lanes.isEmpty { return }
    let jobs = queue.end(lanes)
    try outcomes.end(jobs, in: lanes, of: buffers)
  }

  /// Jobs that trapped elsewhere than in a slice, as the records have it.
  mutating func endTrapped(_ lanes: some Sequence<UInt32>) {
    let status = buffers.records.outcomes
    for lane in lanes { outcomes.end(queue.end(lane), code: status[Int(lane) * 2], detail: status[Int(lane) * 2 + 1]) }
  }

  /// The state before the step is gone with it: nobody knows what of it was done. `ended`: the command buffer has, if only by failing.
  private mutating func lose(_ reason: String, ended: Bool) {
    for lane in atRisk.sorted() where !queue.isIdle(lane) {
      let job = queue.end(lane)
      outcomes.end(job, code: JobStatus.lost, detail: ended ? 0 : 1)
      outcomes.addReason(reason, of: job)
    }
    atRisk = []
    // A lane can have gone on, or begun to wait, before the step failed.
    suspended.removeAll { queue.isIdle($0.lane) }
    fresh.removeAll { queue.isIdle($0) }
    waiting.removeAll { queue.isIdle($0) }
    starts.removeAll { queue.isIdle($0) }
    starting = starting.filter { !queue.isIdle($0) }
  }

  /// In the next slices, from where its last launch left it.
  mutating func goOn(_ lane: UInt32) {
    let records = buffers.records
    suspended.append(Suspended(lane: lane, function: records.outcomes[Int(lane) * 2 + 1], frames: records.frames[Int(lane)]))
  }
}
