import BurstProtocol
import Foundation

/// Calls of imports: functions of the host are served after the slice, those of the client when enough of them wait.
extension JobRun {
  /// The number that a lane goes by: its job's, since which lane a job gets depends on time.
  var numberOf: (UInt32) -> Int {
    let (queue, numbers) = (queue, parameters.numbers)
    return { lane in
      let job = queue.job(in: lane)
      return numbers?[job] ?? job
    }
  }

  /// Those whose call succeeded go on; the jobs of the others have ended.
  mutating func serve(_ calling: BoundFunctions.Calling, _ request: any IncomingCancellation) throws {
    if calling.isEmpty { return }
    let lanes = calling.values.flatMap(\.self)
    atRisk = lanes
    var failures = FailureTexts()
    let served = try pool.hostFunctions.serve(calling, numberOf: numberOf, on: pool.dispatcher, request, failures: &failures)
    add(failures)
    for lane in served { goOn(lane) }
    if served.count < lanes.count { endTrapped(Set(lanes).subtracting(served)) }
    atRisk = []
  }

  /// Of lanes, all of which still have their jobs.
  mutating func add(_ failures: FailureTexts) {
    let queue = queue
    outcomes.addReasons(failures) { queue.job(in: UInt32($0)) }
  }

  // MARK: The client

  var clientIsNeeded: Bool {
    guard !waiting.isEmpty, answers.isEmpty, failed.isEmpty, starts.isEmpty else { return false }
    let others = live + arguments.jobsThatCanBegin - queue.next
    return patience.isOver(waiting: waiting.count, of: min(pool.plan.instances, waiting.count + others))
  }

  /// All that waits, by import, in the order of the jobs.
  mutating func waitingCalls(_ request: any IncomingCancellation) throws -> [WaitingCalls] {
    let queue = queue
    let lanes = waiting.sorted { queue.job(in: $0) < queue.job(in: $1) }
    var lanesOf: [Int: [UInt32]] = [:]
    for (lane, number) in zip(lanes, buffers.records.importsWaitedFor(by: lanes)) { lanesOf[number, default: []].append(lane) }
    var calls: [WaitingCalls] = []
    for (number, lanes) in lanesOf.sorted(by: { $0.key < $1.key }) {
      atRisk = lanes
      let arguments = try pool.dispatcher.gather(
        bytesEach: pool.argumentBytes(ofImport: number), from: lanes, address: pool.plan.argumentsAddress, request)
      calls.append(
        WaitingCalls(number: number, instances: lanes.map(Int.init), arguments: arguments, jobs: lanes.map { queue.job(in: $0) }))
    }
    atRisk = []
    askedAt = DeviceScheduler.now
    return calls
  }

  /// Throws `invalidParams` naming the field; the calls still wait then.
  func check(_ parameters: ResumeRunRequest.Parameters) throws(ResponseError) -> [UInt32] {
    let calls = AnsweredCalls(waiting: waiting, imports: buffers.records.importsWaitedFor(by: waiting))
    return try calls.check(
      parameters.answers, failed: parameters.failed ?? [], instances: pool.plan.instances, records: pool.module.imports
    ).failed
  }

  /// Checked ones. `failed`: lanes whose import failed.
  mutating func answer(_ answers: [ResumePoolRequest.Answer], failed: [UInt32]) {
    self.answers = answers
    self.failed = failed
    waiting = []
    calls = nil
    patience.isAnswered(afterSeconds: DeviceScheduler.now - askedAt)
  }

  /// What the client answered, to the lanes.
  mutating func takeAnswers(_ request: any IncomingCancellation) throws {
    if !failed.isEmpty {
      atRisk = failed
      failed = []
      try buffers.endWithTrap(.hostFunctionFailed, atRisk)
      endTrapped(atRisk)
      starting.subtract(atRisk)
    }
    while let answer = answers.popLast() {
      let lanes = answer.instances.map(UInt32.init)
      atRisk = lanes
      try pool.dispatcher.scatter(
        answer.results, bytesEach: pool.module.imports[answer.number].resultBytes, to: lanes, address: pool.plan.resultsAddress, request)
      for lane in lanes { if starting.remove(lane) == nil { goOn(lane) } else { starts.append(lane) } }
    }
    atRisk = []
  }
}
