import BurstProtocol
import Foundation

/// Instantiation, invocation, and going on where instances waited for imports.
extension InstancePool {
  typealias Initialization = (trap: TrapReport?, waiting: [WaitingCalls]?, failures: [HostFunctionFailures]?)

  /// Runs the instantiating kernel on fresh memory. The pool is not to be used where it traps or throws.
  func instantiate(_ request: any IncomingCancellation) throws -> Initialization {
    do {
      try check(answerFor: plan.instances, resultBytes: 0, "instances")
      return try initialize(allInstances, .instantiation, request)
    } catch {
      failInstantiation()
      throw error
    }
  }

  func reset(_ parameters: ResetPoolRequest.Parameters, _ request: any IncomingCancellation) throws -> ResetPoolRequest.Result {
    let instances = try check(instances: parameters.instances)
    try checkUsable()
    if jobRun != nil { throw invocationWaiting() }
    if let waiting {
      guard case .ready = phase, Set(waiting.waiting).isSubset(of: instances) else { throw invocationWaiting() }
      self.waiting = nil
    }
    _ = try onDevice {
      defer { dispatcher.leave() }
      return try dispatcher.clear(instances, live: instances.count, request)
    }
    let (trap, waiting, failures) = try initialize(instances, .reset, request)
    return ResetPoolRequest.Result(trap: trap, waiting: waiting, failures: failures)
  }

  private func initialize(
    _ instances: [UInt32], _ purpose: Invocation.Purpose, _ request: any IncomingCancellation
  ) throws -> Initialization {
    try buffers.write(instantiation, to: instances, numberOf: instantiation.numbers.number)
    let invocation = try instantiating(purpose)
    let failures = try advance(invocation, instances, begins: true, request) { _ in }.failures
    let trap = buffers.records.firstTrap(of: instances)
    if purpose == .instantiation { endInstantiation(trap) }
    return (trap, try waitingCalls(request), failures.ofInstances)
  }

  /// Runs the instantiating kernel on lanes of a run of jobs: on cleared ones, or, where it does not begin, on those whose calls were answered.
  func instantiate(
    _ lanes: [UInt32], begins: Bool, numberOf: (UInt32) -> Int, _ request: any IncomingCancellation
  ) throws -> Started {
    if begins { try buffers.write(instantiation, to: lanes, numberOf: numberOf) }
    var invocation = try instantiating(.reset)
    let seconds = try invocation.run(lanes, begins: begins, numberOf: numberOf, on: dispatcher, request: request) { _ in }
    let outcomes = buffers.records.outcomes
    let hasTrapped = buffers.records.firstTrap(of: lanes) != nil
    let trapped = hasTrapped ? lanes.filter { outcomes[Int($0) * 2] != 0 && outcomes[Int($0) * 2] != waitingStatus } : []
    return Started(seconds: seconds, trapped: Set(trapped), waiting: invocation.waiting, failures: invocation.failures)
  }

  struct Started {
    /// On the device.
    let seconds: Double
    let trapped: Set<UInt32>
    /// For imports that the client serves.
    let waiting: [UInt32]
    /// Of functions of the host, by lane.
    let failures: FailureTexts
  }

  private func instantiating(_ purpose: Invocation.Purpose) throws(ResponseError) -> Invocation {
    Invocation(
      purpose: purpose, kernel: module.instantiateKernel, pipeline: try kernel(module.instantiateKernel), resultBytes: 0,
      budget: InvocationBudget(sliceFuel: instantiation.sliceFuel), hostFunctions: hostFunctions)
  }

  func invoke(
    _ parameters: InvokeRequest.Parameters, _ request: any IncomingCancellation, progress: Progress
  ) throws -> InvokeRequest.Result {
    let began = DeviceScheduler.now
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
    try checkNothingWaits()
    try buffers.records.setArguments(parameters.arguments, bytesEach: parameters.argumentBytes, of: instances)
    let invocation = Invocation(
      purpose: .export, kernel: parameters.kernel, pipeline: pipeline, argumentBytes: parameters.argumentBytes,
      resultBytes: parameters.resultBytes, budget: budget, hostFunctions: hostFunctions)
    let advanced = try advance(invocation, instances, begins: true, request, progress: progress)
    return try result(of: instances, resultBytes: parameters.resultBytes, advanced, since: began, request)
  }

  func resume(
    _ parameters: ResumePoolRequest.Parameters, _ request: any IncomingCancellation, progress: Progress
  ) throws -> ResumePoolRequest.Result {
    let began = DeviceScheduler.now
    try checkUsable()
    guard var invocation = waiting else { throw invalid("pool", "none of its instances waits") }
    // A restored pool's instances may wait for what the host serves now; the client can end them all the same.
    let ended = Set(parameters.failed ?? [])
    let calling = invocation.hostFunctions.split(invocation.waiting, in: buffers.records).calling
      .mapValues { lanes in lanes.filter { !ended.contains(Int($0)) } }.filter { !$0.value.isEmpty }
    let bound = calling.values.flatMap(\.self)
    let toAnswer = bound.isEmpty ? invocation.waiting : Set(invocation.waiting).subtracting(bound).sorted()
    let calls = AnsweredCalls(waiting: toAnswer, imports: buffers.records.importsWaitedFor(by: toAnswer))
    let (answered, failed) = try calls.check(
      parameters.answers, failed: parameters.failed ?? [], instances: plan.instances, records: module.imports)
    do {
      for answer in parameters.answers {
        try onDevice {
          try dispatcher.scatter(
            answer.results, bytesEach: module.imports[answer.number].resultBytes, to: answer.instances.map(UInt32.init),
            address: plan.resultsAddress, request)
        }
      }
      try buffers.endWithTrap(.hostFunctionFailed, failed)
      invocation.failures = FailureTexts()
      let served = try onDevice {
        try invocation.hostFunctions.serve(
          calling, numberOf: instantiation.numbers.number, on: dispatcher, request, failures: &invocation.failures)
      }
      let advanced = try advance(invocation, answered + served, begins: false, request, progress: progress)
      let instances = (answered + failed + bound).sorted()
      var trap: TrapReport?
      if invocation.purpose == .instantiation {
        trap = buffers.records.firstTrap(of: instances)
        endInstantiation(trap)
      }
      let outcome = try result(of: instances, resultBytes: invocation.resultBytes, advanced, since: began, request)
      return ResumePoolRequest.Result(outcome, instances: instances.map(Int.init), trap: trap)
    } catch {
      waiting = nil
      failInstantiation()
      throw error
    }
  }

  // MARK: Steps

  private typealias Advanced = (seconds: Double, failures: FailureTexts, failure: String?)

  /// Runs `instances` until each has ended or waits; the invocation is kept where some wait.
  private func advance(
    _ invocation: Invocation, _ instances: [UInt32], begins: Bool, _ request: any IncomingCancellation, progress: Progress
  ) throws -> Advanced {
    var invocation = invocation
    invocation.waiting = []
    invocation.failure = nil
    waiting = nil
    let seconds = try onDevice {
      try instances.isEmpty
        ? 0
        : invocation.run(
          instances, begins: begins, numberOf: instantiation.numbers.number, on: dispatcher, request: request, progress: progress)
    }
    if invocation.waiting.isEmpty { return (seconds, invocation.failures, invocation.failure) }
    invocation.waiting.sort()
    for number in buffers.records.importsWaitedFor(by: invocation.waiting) { _ = try argumentBytes(ofImport: number) }
    waiting = invocation
    return (seconds, invocation.failures, invocation.failure)
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

  private func result(
    of instances: [UInt32], resultBytes: Int, _ advanced: Advanced, since began: Double, _ request: any IncomingCancellation
  ) throws -> InvokeRequest.Result {
    let records = buffers.records
    let (status, results) = try records.ended(resultBytes: resultBytes, of: instances)
    let waiting = try waitingCalls(request)
    return InvokeRequest.Result(
      status: status, results: results, deviceSeconds: advanced.seconds, seconds: DeviceScheduler.now - began, waiting: waiting,
      failures: advanced.failures.ofInstances, failure: advanced.failure)
  }

  /// The instances that wait, by import; `nil` where none does.
  func waitingCalls(_ request: any IncomingCancellation) throws -> [WaitingCalls]? {
    guard let lanes = waiting?.waiting else { return nil }
    let imports = buffers.records.importsWaitedFor(by: lanes)
    var lanesOf: [Int: [UInt32]] = [:]
    for (lane, number) in zip(lanes, imports) { lanesOf[number, default: []].append(lane) }
    return try lanesOf.sorted { $0.key < $1.key }.map { number, lanes in
      let arguments = try onDevice {
        try dispatcher.gather(bytesEach: module.imports[number].argumentBytes, from: lanes, address: plan.argumentsAddress, request)
      }
      return WaitingCalls(number: number, instances: lanes.map(Int.init), arguments: arguments)
    }
  }

  func checkNothingWaits() throws(ResponseError) {
    if waiting != nil || jobRun != nil { throw invocationWaiting() }
  }

  func invocationWaiting() -> ResponseError {
    let count = jobRun?.waiting.count ?? waiting?.waiting.count ?? 0
    let method = jobRun == nil ? ResumePoolRequest.method : ResumeRunRequest.method
    return ResponseError(.invocationWaiting, "\(count) of the pool's instances wait for imports: \"\(method)\" goes on.")
  }
}
