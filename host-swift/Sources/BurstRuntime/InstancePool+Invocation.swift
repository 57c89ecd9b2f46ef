import BurstProtocol
import Foundation

/// Instantiation, invocation, and going on where instances waited for imports.
extension InstancePool {
  typealias Initialization = (trap: TrapReport?, waiting: [WaitingCalls]?)

  /// Runs the instantiating kernel on fresh memory. The pool is not to be used where it traps or throws.
  func instantiate(_ request: any IncomingCancellation) throws -> Initialization {
    do {
      try check(answerFor: plan.instances, resultBytes: 0, "instances")
      return try initialize(allInstances(), .instantiation, request)
    } catch {
      failInstantiation()
      throw error
    }
  }

  func reset(_ parameters: ResetPoolRequest.Parameters, _ request: any IncomingCancellation) throws -> ResetPoolRequest.Result {
    let instances = try check(instances: parameters.instances)
    try checkUsable()
    if let waiting {
      guard case .ready = phase, Set(waiting.waiting).isSubset(of: instances) else { throw invocationWaiting() }
      self.waiting = nil
    }
    try buffers.clear(instances)
    let (trap, waiting) = try initialize(instances, .reset, request)
    return ResetPoolRequest.Result(trap: trap, waiting: waiting)
  }

  private func initialize(
    _ instances: [UInt32], _ purpose: Invocation.Purpose, _ request: any IncomingCancellation
  ) throws -> Initialization {
    try buffers.write(instantiation.initial, to: instances)
    let invocation = try instantiating(purpose)
    try buffers.beginInvocation(of: instances)
    _ = try advance(invocation, instances, request) { _ in }
    let trap = try firstTrap(of: instances)
    if purpose == .instantiation { endInstantiation(trap) }
    return (trap, try waitingCalls())
  }

  /// Runs the instantiating kernel on lanes that were cleared. Returns the seconds on the device, and the lanes in which it trapped.
  func instantiate(
    again lanes: [UInt32], _ request: any IncomingCancellation
  ) throws -> (seconds: Double, trap: (report: TrapReport, lanes: Set<UInt32>)?) {
    try buffers.write(instantiation.initial, to: lanes)
    try buffers.beginInvocation(of: lanes)
    var invocation = try instantiating(.reset)
    let seconds = try invocation.run(lanes, on: dispatcher, request: request) { _ in }
    let outcomes = try buffers.outcomes(of: lanes)
    guard let first = outcomes.first(where: { $0.code != 0 }) else { return (seconds, nil) }
    let trapped = Set(zip(lanes, outcomes).filter { $1.code != 0 }.map(\.0))
    return (seconds, (TrapReport(code: Int(first.code), function: Int(first.function)), trapped))
  }

  private func instantiating(_ purpose: Invocation.Purpose) throws(ResponseError) -> Invocation {
    Invocation(
      purpose: purpose, kernel: module.instantiateKernel, pipeline: try kernel(module.instantiateKernel), resultBytes: 0,
      budget: InvocationBudget(sliceFuel: instantiation.sliceFuel))
  }

  func invoke(
    _ parameters: InvokeRequest.Parameters, _ request: any IncomingCancellation, progress: Progress
  ) throws -> InvokeRequest.Result {
    let pipeline = try kernel(parameters.kernel)
    let instances = try check(instances: parameters.instances)
    try check(recordBytes: parameters.argumentBytes, "argumentBytes")
    try check(recordBytes: parameters.resultBytes, "resultBytes")
    // Records are at most half of scratch and instances at most 2^31, so the products fit.
    guard parameters.arguments.count == instances.count * parameters.argumentBytes else {
      throw invalid(
        "arguments",
        "\(instances.count) records of \(parameters.argumentBytes) bytes were expected, got \(parameters.arguments.count) bytes")
    }
    try check(answerFor: instances.count, resultBytes: parameters.resultBytes, "resultBytes")
    let budget = try InvocationBudget(parameters)

    try checkUsable()
    if waiting != nil { throw invocationWaiting() }
    try buffers.scatterRecords(parameters.arguments, bytesEach: parameters.argumentBytes, to: instances, address: plan.argumentsAddress)
    try buffers.beginInvocation(of: instances)
    let invocation = Invocation(
      purpose: .export, kernel: parameters.kernel, pipeline: pipeline, resultBytes: parameters.resultBytes, budget: budget)
    let done = try advance(invocation, instances, request, progress: progress)
    return try result(of: instances, resultBytes: parameters.resultBytes, done)
  }

  func resume(
    _ parameters: ResumePoolRequest.Parameters, _ request: any IncomingCancellation, progress: Progress
  ) throws -> ResumePoolRequest.Result {
    try checkUsable()
    guard let invocation = waiting else { throw invalid("pool", "none of its instances waits") }
    let calls = AnsweredCalls(waiting: invocation.waiting, imports: try buffers.importsWaitedFor(by: invocation.waiting))
    let (answered, failed) = try calls.check(parameters, instances: plan.instances, records: module.imports)
    do {
      for answer in parameters.answers {
        try buffers.scatterRecords(
          answer.results, bytesEach: module.imports[answer.number].resultBytes, to: answer.instances.map(UInt32.init),
          address: plan.resultsAddress)
      }
      try buffers.endWithTrap(.hostFunctionFailed, failed)
      let done = try advance(invocation, answered, request, progress: progress)
      let instances = (answered + failed).sorted()
      var trap: TrapReport?
      if invocation.purpose == .instantiation {
        trap = try firstTrap(of: instances)
        endInstantiation(trap)
      }
      let outcome = try result(of: instances, resultBytes: invocation.resultBytes, done)
      return ResumePoolRequest.Result(outcome, instances: instances.map(Int.init), trap: trap)
    } catch {
      waiting = nil
      failInstantiation()
      throw error
    }
  }

  // MARK: Steps

  private typealias Advance = (seconds: Double, failure: String?)

  /// Runs `instances` until each has ended or waits; the invocation is kept where some wait.
  private func advance(
    _ invocation: Invocation, _ instances: [UInt32], _ request: any IncomingCancellation, progress: Progress
  ) throws -> Advance {
    var invocation = invocation
    invocation.waiting = []
    invocation.failure = nil
    waiting = nil
    let seconds = try run(&invocation, instances, request, progress: progress)
    if invocation.waiting.isEmpty { return (seconds, invocation.failure) }
    invocation.waiting.sort()
    let imports = try buffers.importsWaitedFor(by: invocation.waiting)
    if let unknown = imports.first(where: { !module.imports.indices.contains($0) }) {
      throw ResponseError(
        .internalError, "An instance waits for import \(unknown), but the module was loaded with \(module.imports.count).")
    }
    waiting = invocation
    return (seconds, invocation.failure)
  }

  private func endInstantiation(_ trap: TrapReport?) {
    if trap != nil {
      waiting = nil
      phase = .failed
    } else if waiting == nil {
      phase = .ready
    }
  }

  private func failInstantiation() {
    if case .instantiating = phase { phase = .failed }
  }

  private func firstTrap(of instances: [UInt32]) throws -> TrapReport? {
    let outcome = try buffers.outcomes(of: instances).first { $0.code != 0 && $0.code != waitingStatus }
    return outcome.map { TrapReport(code: Int($0.code), function: Int($0.function)) }
  }

  private func result(of instances: [UInt32], resultBytes: Int, _ done: Advance) throws -> InvokeRequest.Result {
    let outcomes = try buffers.outcomes(of: instances)
    let results = try buffers.gatherRecords(bytesEach: resultBytes, from: instances, address: plan.resultsAddress) {
      outcomes[$0].code != 0
    }
    let words = outcomes.flatMap { [$0.code.littleEndian, $0.function.littleEndian] }
    return InvokeRequest.Result(
      status: words.withUnsafeBytes { Data($0) }, results: results, deviceSeconds: done.seconds, waiting: try waitingCalls(),
      failure: done.failure)
  }

  /// The instances that wait, by import; `nil` where none does.
  func waitingCalls() throws -> [WaitingCalls]? {
    guard let lanes = waiting?.waiting else { return nil }
    let imports = try buffers.importsWaitedFor(by: lanes)
    var lanesOf: [Int: [UInt32]] = [:]
    for (lane, number) in zip(lanes, imports) { lanesOf[number, default: []].append(lane) }
    return try lanesOf.sorted { $0.key < $1.key }.map { number, lanes in
      let arguments = try buffers.gatherRecords(
        bytesEach: module.imports[number].argumentBytes, from: lanes, address: plan.argumentsAddress)
      return WaitingCalls(number: number, instances: lanes.map(Int.init), arguments: arguments)
    }
  }

  func invocationWaiting() -> ResponseError {
    let count = waiting?.waiting.count ?? 0
    return ResponseError(.invocationWaiting, "\(count) of the pool's instances wait for imports: \"\(ResumePoolRequest.method)\" goes on.")
  }
}
