import BurstProtocol
import Foundation

/// How jobs begin: each in the initial state, with its arguments and what is to be written.
extension JobRun {
  /// The next jobs into idle lanes. Their arguments may still be on their way while the device brings the lanes to the initial state.
  mutating func refill(limit: Int, _ request: any IncomingCancellation) throws {
    guard let placed = queue.begin(limit: begins(atMost: limit)) else { return }
    let lanes = placed.lanes
    atRisk = lanes
    fuelOf.withUnsafeMutableBufferPointer { fuelOf in
      for lane in lanes { fuelOf[Int(lane)] = 0 }
    }
    if budget.seconds != nil { for lane in lanes { secondsOf[Int(lane)] = 0 } }
    deviceSeconds += try pool.dispatcher.clear(lanes, live: live + lanes.count, request)
    try start(lanes, begins: true, request)
    try takeArguments(of: placed, request)
  }

  /// How many jobs begin now. Where nothing else runs, all that have room: a launch takes no longer with all lanes than with those whose
  /// arguments came first.
  private func begins(atMost limit: Int) -> Int {
    let wanted = queue.room(limit: limit)
    return live == 0 && waiting.isEmpty ? wanted : min(wanted, arguments.jobsThatCanBegin - queue.next)
  }

  /// Waits for them where they have not all come.
  private mutating func takeArguments(of placed: JobQueue.Placed, _ request: any IncomingCancellation) throws {
    let jobs = placed.firstJob..<placed.firstJob + placed.lanes.count
    while arguments.jobsThatCanBegin < jobs.upperBound {
      let began = DeviceScheduler.now
      arguments.wait(for: jobs.upperBound, seconds: Self.attention)
      starved += DeviceScheduler.now - began
      if request.isCancelled { throw ResponseError.cancelled }
    }
    try buffers.records.setArguments(arguments.records(of: jobs), bytesEach: parameters.argumentBytes, of: placed.lanes)
  }

  /// Seconds in which a cancellation is noticed.
  private static let attention = 0.05

  /// Lanes whose start function has got the answers that it waited for.
  mutating func goOnStarting(_ request: any IncomingCancellation) throws {
    if starts.isEmpty { return }
    let lanes = starts.sorted()
    starts = []
    try start(lanes, begins: false, request)
  }

  /// A start function may trap, which ends the job, or call imports: then the job begins when it has returned.
  private mutating func start(_ lanes: [UInt32], begins: Bool, _ request: any IncomingCancellation) throws {
    atRisk = lanes
    let started = try pool.instantiate(lanes, begins: begins, numberOf: numberOf, request)
    deviceSeconds += started.seconds
    add(started.failures)
    endTrapped(started.trapped)
    waiting += started.waiting
    starting.formUnion(started.waiting)
    let ready = started.waiting.isEmpty && started.trapped.isEmpty ? lanes : lanes.filter { !queue.isIdle($0) && !starting.contains($0) }
    let outside = try write(ready)
    for lane in outside.sorted() { outcomes.end(queue.end(lane), code: JobStatus.outOfBounds, detail: 0) }
    fresh += outside.isEmpty ? ready : ready.filter { !outside.contains($0) }
    atRisk = []
  }

  /// Returns the lanes of jobs that were to write outside of their memory.
  private func write(_ lanes: [UInt32]) throws -> Set<UInt32> {
    guard let writes = parameters.writes, !lanes.isEmpty else { return [] }
    try buffers.fetchMemorySizes(of: lanes)
    var outside = Set<UInt32>()
    for lane in lanes {
      let bytes = buffers.memoryBytes(of: Int(lane))
      for write in writes[writes.range(of: queue.job(in: lane), by: \.job)] {
        if write.address <= bytes, write.bytes.count <= bytes - write.address {
          try buffers.writeMemory(write.bytes, instance: Int(lane), address: write.address)
        } else {
          outside.insert(lane)
        }
      }
    }
    return outside
  }
}
