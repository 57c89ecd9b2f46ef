import BurstProtocol
import BurstTransport
import Foundation

extension InstancePool {
  /// The pool as bytes (protocol/README.md, Snapshots).
  func snapshot(_ request: any IncomingCancellation) throws -> Data {
    try checkUsable()
    // Its jobs are with the run, and no instance's.
    if jobRun != nil { throw invocationWaiting() }
    let suspended = Set(waiting?.waiting ?? [])
    try buffers.fetchInstances(suspended: waiting?.waiting ?? [])
    var bytes = try Snapshot.begin(header())
    for instance in 0..<plan.instances {
      if request.isCancelled { throw ResponseError.cancelled }
      let content = try buffers.instance(instance, isSuspended: suspended.contains(UInt32(instance)))
      content.append(to: &bytes, plan: plan)
      guard bytes.count <= FrameDecoder.maximumBodyBytes / 2 else {
        throw invalid(
          "pool",
          "the snapshot does not fit in one message: after \(instance + 1) of \(plan.instances) instances it has \(bytes.count) bytes")
      }
    }
    Snapshot.seal(&bytes)
    return bytes
  }

  private func header() -> Snapshot.Header {
    Snapshot.Header(
      module: module.identity, instances: plan.instances, memoryPages: plan.memoryPages, valuesBytes: plan.valuesBytes,
      callStackBytes: plan.callStackBytes, scratchBytes: plan.scratchBytes, sliceFuel: instantiation.sliceFuel.map(Int.init),
      initial: instantiation.initial, firstInstance: instantiation.numbers.first, allInstances: instantiation.numbers.count,
      invocation: waiting.map(Snapshot.WaitingInvocation.init))
  }

  /// A pool with a snapshot's instances. Throws `ResponseError`: `invalidSnapshot`, `poolTooLarge`, `deviceError`.
  static func restored(
    _ snapshot: Data, module: LoadedModule, hostFunctions: BoundFunctions, worker: SerialWorker, number: Int, rules: BurstRules,
    _ request: any IncomingCancellation
  ) throws -> InstancePool {
    let (header, range) = try Snapshot.open(snapshot)
    guard header.module == module.identity else {
      throw Snapshot.invalid("it is of another module, or of one that was compiled in another way")
    }
    let (plan, instantiation) = try header.checked(for: module)
    var reader = SnapshotReader(snapshot, range: range)
    // Before anything is allocated for them.
    let least = SnapshotInstance.statusBytes + plan.state.bytesPerInstance + plan.tables.bytesPerInstance
    guard plan.instances <= reader.remaining / least else { throw Snapshot.invalid("it ends too early") }

    let waiting = try header.invocation?.checked(for: module, plan: plan, hostFunctions)
    let suspended = Set(waiting?.waiting ?? [])
    let pool = try InstancePool(
      plan, module: module, instantiation: instantiation, hostFunctions: hostFunctions, worker: worker, number: number, rules: rules)
    for instance in 0..<plan.instances {
      if request.isCancelled { throw ResponseError.cancelled }
      let content = try SnapshotInstance(
        from: &reader, isSuspended: suspended.contains(UInt32(instance)), plan: plan, layout: module.layout, imports: module.imports.count)
      pool.buffers.set(instance, to: content)
    }
    guard reader.remaining == 0 else { throw Snapshot.invalid("\(reader.remaining) bytes follow its last instance") }
    try pool.buffers.publishInstances(areSuspended: !suspended.isEmpty)
    pool.buffers.reportSuspensions(of: waiting?.waiting ?? [])
    pool.waiting = waiting
    pool.phase = waiting?.purpose == .instantiation ? .instantiating : .ready
    return pool
  }
}

extension Snapshot.Header {
  fileprivate func checked(for module: LoadedModule) throws(ResponseError) -> (PoolPlan, Instantiation) {
    let parameters = CreatePoolRequest.Parameters(
      module: 0, instances: instances, memoryPages: memoryPages,
      execution: .init(values: valuesBytes, callStack: callStackBytes, scratch: scratchBytes), initial: initial, sliceFuel: sliceFuel,
      firstInstance: firstInstance, allInstances: allInstances)
    do throws(ResponseError) {
      let plan = try PoolPlan(parameters, layout: module.layout, recordBytes: module.recordBytes)
      guard plan.instances <= PoolPlan.maximumInstances else { throw Snapshot.invalid("it has \(plan.instances) instances") }
      try plan.check(module.imports)
      return (plan, try Instantiation(parameters, plan: plan, layout: module.layout))
    } catch {
      throw Snapshot.invalid("its header does not fit the module: \(error.message)")
    }
  }
}

extension Snapshot.WaitingInvocation {
  fileprivate init(_ invocation: Invocation) {
    let budget = invocation.budget
    purpose = invocation.purpose
    kernel = invocation.kernel
    resultBytes = invocation.resultBytes
    fuel = budget.fuel == .max ? nil : Int(budget.fuel)
    sliceFuel = budget.sliceFuel.map(Int.init)
    timeLimit = budget.seconds
    instances = invocation.waiting.map(Int.init)
    seconds = budget.seconds == nil ? nil : invocation.waiting.map { invocation.secondsOf[$0] ?? 0 }
  }

  fileprivate func checked(
    for module: LoadedModule, plan: PoolPlan, _ hostFunctions: BoundFunctions
  ) throws(ResponseError) -> Invocation {
    func require(_ condition: Bool, _ problem: String) throws(ResponseError) {
      if !condition { throw Snapshot.invalid("of the invocation in progress, \(problem)") }
    }
    guard let pipeline = module.kernels.pipelines[kernel], purpose == .export || kernel == module.instantiateKernel else {
      throw Snapshot.invalid("of the invocation in progress, the kernel \"\(kernel)\" is not the module's")
    }
    try require(resultBytes >= 0 && resultBytes % 4 == 0 && resultBytes <= plan.scratchBytes / 2, "results do not fit in scratch")
    try require(!instances.isEmpty && instances.allSatisfy((0..<plan.instances).contains), "an instance is none of the pool's")
    try require(zip(instances, instances.dropFirst()).allSatisfy(<), "the instances are not in order")
    try require(timeLimit == nil ? seconds == nil : seconds?.count == instances.count, "the times are not those of its instances")
    let budget: InvocationBudget
    do throws(ResponseError) {
      budget = try InvocationBudget(
        .init(
          pool: 0, kernel: kernel, arguments: Data(), argumentBytes: 0, resultBytes: 0, fuel: fuel, timeLimit: timeLimit,
          sliceFuel: sliceFuel))
    } catch {
      throw Snapshot.invalid("of the invocation in progress, \(error.message)")
    }
    let lanes = instances.map(UInt32.init)
    return Invocation(
      purpose: purpose, kernel: kernel, pipeline: pipeline, resultBytes: resultBytes, budget: budget,
      hostFunctions: hostFunctions, waiting: lanes,
      secondsOf: Dictionary(uniqueKeysWithValues: zip(lanes, seconds ?? [])))
  }
}
