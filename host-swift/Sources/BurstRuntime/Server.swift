import BurstEnvironment
import BurstProtocol
import BurstTransport
import Foundation
import Metal

/// The host's side of the protocol: one handler for each request.
///
/// Parameters are decoded and a pool's worker is joined in the order of arrival; the work itself runs elsewhere.
public final class Server: ConnectionHandler {
  public static let identity = ProgramIdentity(name: "wasmburst-host", version: "0.1.0")

  private enum Phase {
    case created
    case running
    case shuttingDown
  }

  private struct State {
    var phase = Phase.created
    var nextNumber = 1
    var modules: [Int: LoadedModule] = [:]
    var pools: [Int: InstancePool] = [:]
    /// By token, of runs of jobs that take more of them.
    var arguments: [Int: ArrivingArguments] = [:]
  }

  private struct ArrivingArguments {
    /// The run keeps them.
    weak var of: JobArguments?
  }

  private let state = Locked(State())
  private let devices: DeviceRegistry
  private let hostFunctions: HostFunctionTable
  private let cache: PipelineCache
  private let connection: Connection
  private let watch: ScheduleWatch
  private let onExit: @Sendable () -> Void
  /// For work that belongs to no pool: building, describing devices.
  private let work = DispatchQueue(label: "wasmburst.server", attributes: .concurrent)
  private let inFlight = DispatchGroup()

  /// How long `shutdown` waits for work that was told to end.
  private static let shutdownTimeout = DispatchTimeInterval.seconds(8)

  /// `hostFunctions` are offered to modules; `onExit` is called when the client sends `exit`.
  public convenience init(
    connection: Connection, hostFunctions: HostFunctionTable = .standard,
    environment: [String: String] = ProcessInfo.processInfo.environment, onExit: @escaping @Sendable () -> Void
  ) {
    self.init(
      connection: connection, devices: DeviceRegistry(environment: HostEnvironment(environment)), hostFunctions: hostFunctions,
      cacheRoot: CacheDirectory.root(environment: environment), onExit: onExit)
  }

  init(
    connection: Connection, devices: DeviceRegistry, hostFunctions: HostFunctionTable, cacheRoot: URL,
    onExit: @escaping @Sendable () -> Void
  ) {
    self.connection = connection
    self.devices = devices
    self.hostFunctions = hostFunctions
    self.onExit = onExit
    watch = ScheduleWatch(devices.devices.map(\.scheduler)) { [weak connection] events in
      connection?.notify(ScheduleNotification.self, .init(events: events))
    }
    cache = PipelineCache(root: cacheRoot) { [weak connection] message in
      connection?.notify(LogNotification.self, .init(level: .warning, message: message))
    }
  }

  /// `shutdown` was received.
  public var isShutDown: Bool { state.withLock { $0.phase == .shuttingDown } }

  /// Returns when no request is running any more, or the time is over.
  public func waitUntilIdle(timeout: DispatchTime) -> Bool { inFlight.wait(timeout: timeout) == .success }

  // MARK: Arrival

  public func handle(_ request: IncomingRequest) {
    do {
      try checkPhase(request)
      try route(request)
    } catch {
      request.answer(.failure(Self.responseError(error)))
    }
  }

  public func handle(notification method: String, parameters: WireValue) {
    // Others have no answer and no effect (JSON-RPC 2.0, section 4.1).
    switch method {
    case ExitNotification.method: onExit()
    case JobArgumentsNotification.method:
      guard let part = try? WireDecoder.decode(JobArgumentsNotification.Parameters.self, from: parameters) else { return }
      state.withLock { $0.arguments[part.token]?.of }?.append(part.arguments)
    default: break
    }
  }

  private func checkPhase(_ request: IncomingRequest) throws(ResponseError) {
    switch (state.withLock { $0.phase }, request.method) {
    case (.created, InitializeRequest.method): break
    case (.created, _): throw ResponseError(.notInitialized, "The first request must be \"\(InitializeRequest.method)\".")
    case (.running, InitializeRequest.method): throw ResponseError(.invalidRequest, "The connection is initialized already.")
    case (.running, _): break
    case (.shuttingDown, _): throw ResponseError(.shuttingDown, "The host is shutting down.")
    }
  }

  private func route(_ request: IncomingRequest) throws {
    switch request.method {
    case InitializeRequest.method: try initialize(request)
    case ListDevicesRequest.method: try answer(ListDevicesRequest.self, request) { server, _ in server.listDevices() }
    case ListHostFunctionsRequest.method:
      try answer(ListHostFunctionsRequest.self, request) { server, _ in .init(functions: server.hostFunctions.descriptions) }
    case LoadModuleRequest.method: try answer(LoadModuleRequest.self, request) { try $0.loadModule($1) }
    case UnloadModuleRequest.method: try answer(UnloadModuleRequest.self, request) { try $0.unloadModule($1) }
    case CreatePoolRequest.method: try createPool(request)
    case ReleasePoolRequest.method: try releasePool(request)
    case InvokeRequest.method:
      try answer(InvokeRequest.self, request) { server, pool, parameters in
        try pool.invoke(parameters, request, progress: server.progress(parameters.progressToken, parameters.kernel))
      }
    case RunJobsRequest.method: try runJobs(request)
    case ResumeRunRequest.method:
      try answer(ResumeRunRequest.self, request) { server, pool, parameters in
        try pool.resumeRun(parameters, request, progress: server.progress(parameters.progressToken, "Going on"))
      }
    case ResetPoolRequest.method:
      try answer(ResetPoolRequest.self, request) { _, pool, parameters in try pool.reset(parameters, request) }
    case ResumePoolRequest.method: try resumePool(request)
    case SnapshotPoolRequest.method:
      try answer(SnapshotPoolRequest.self, request) { _, pool, _ in .init(bytes: try pool.snapshot(request)) }
    case RestorePoolRequest.method: try restorePool(request)
    case WriteMemoryRequest.method:
      try answer(WriteMemoryRequest.self, request) { _, pool, parameters in
        try pool.write(parameters)
        return NoResult()
      }
    case ReadMemoryRequest.method:
      try answer(ReadMemoryRequest.self, request) { _, pool, parameters in .init(bytes: try pool.read(parameters)) }
    case ReadStateRequest.method:
      try answer(ReadStateRequest.self, request) { _, pool, parameters in .init(bytes: try pool.readState(parameters)) }
    case WriteStateRequest.method:
      try answer(WriteStateRequest.self, request) { _, pool, parameters in
        try pool.writeState(parameters)
        return NoResult()
      }
    case WatchScheduleRequest.method: try watchSchedule(request)
    case ShutdownRequest.method: try shutdown(request)
    default: throw ResponseError(.methodNotFound, "There is no method \"\(request.method)\".")
    }
  }

  // MARK: Decoding and answering

  private func decode<R: RequestType>(_ type: R.Type, _ request: IncomingRequest) throws(ResponseError) -> R.Parameters {
    do {
      return try WireDecoder.decode(R.Parameters.self, from: request.parameters)
    } catch {
      let problem = (error as? DecodingError)?.sentence ?? "\(error)"
      throw ResponseError(.invalidParams, "\(request.method): \(problem).")
    }
  }

  /// Work for some other thread: runs `body` when the request's turn comes and answers with what it returns or throws.
  private func job<Result: Encodable>(
    _ request: IncomingRequest, _ body: @escaping @Sendable (Server) throws -> Result
  ) -> @Sendable () -> Void {
    inFlight.enter()
    return { [self] in
      defer { inFlight.leave() }
      guard request.begin() else { return }
      do {
        try request.checkCancellation()
        let value = try WireEncoder.encode(try body(self))
        watch.flush()
        request.answer(.success(value))
      } catch {
        request.answer(.failure(Self.responseError(error)))
      }
    }
  }

  private func answer<R: RequestType>(
    _ type: R.Type, _ request: IncomingRequest, _ body: @escaping @Sendable (Server, R.Parameters) throws -> R.Result
  ) throws(ResponseError) {
    let parameters = try decode(type, request)
    work.async(execute: job(request) { server in try body(server, parameters) })
  }

  private func answer<R: RequestType>(
    _ type: R.Type, _ request: IncomingRequest, _ body: @escaping @Sendable (Server, InstancePool, R.Parameters) throws -> R.Result
  ) throws(ResponseError) where R.Parameters: NamesPool {
    let parameters = try decode(type, request)
    let pool = try pool(parameters.pool)
    pool.worker.async(job(request) { server in try body(server, pool, parameters) })
  }

  /// Every error becomes an answer; what is none of ours is our bug.
  private static func responseError(_ error: any Error) -> ResponseError {
    error as? ResponseError ?? ResponseError(.internalError, "\(error)")
  }

  /// Sends `$/progress`, at most ten times a second.
  private func progress(_ token: Int?, _ message: String) -> InstancePool.Progress {
    guard let token else { return { _ in } }
    var last = DispatchTime(uptimeNanoseconds: 0)
    return { [connection] fraction in
      let now = DispatchTime.now()
      guard fraction == 1 || now.uptimeNanoseconds - last.uptimeNanoseconds >= 100_000_000 else { return }
      last = now
      connection.notify(ProgressNotification.self, .init(token: token, message: message, fraction: fraction))
    }
  }

  private func pool(_ number: Int) throws(ResponseError) -> InstancePool {
    guard let pool = state.withLock({ $0.pools[number] }) else {
      throw ResponseError(.unknownPool, "There is no pool \(number).")
    }
    return pool
  }

  private func module(_ number: Int) throws(ResponseError) -> LoadedModule {
    guard let module = state.withLock({ $0.modules[number] }) else {
      throw ResponseError(.unknownModule, "There is no module \(number).")
    }
    return module
  }

  private func nextNumber() -> Int {
    state.withLock { state in
      defer { state.nextNumber += 1 }
      return state.nextNumber
    }
  }

  // MARK: Lifecycle

  private func initialize(_ request: IncomingRequest) throws {
    let parameters = try decode(InitializeRequest.self, request)
    let encoding = try Handshake.agree(parameters)
    let result = InitializeRequest.Result(protocolVersion: protocolVersion, host: Self.identity, encoding: encoding)
    let value = try WireEncoder.encode(result)
    state.withLock { $0.phase = .running }
    request.answer(.success(value), switchingTo: encoding)
  }

  private func shutdown(_ request: IncomingRequest) throws {
    _ = try decode(ShutdownRequest.self, request)
    state.withLock { $0.phase = .shuttingDown }
    connection.cancelAll(except: request.id)
    // Not part of `inFlight`, which it waits for.
    work.async { [self] in
      guard request.begin() else { return }
      _ = inFlight.wait(timeout: .now() + Self.shutdownTimeout)
      state.withLock { state in
        state.modules = [:]
        state.pools = [:]
      }
      request.answer(.success(.null))
    }
  }

  /// Answered at once, before the first event.
  private func watchSchedule(_ request: IncomingRequest) throws {
    let parameters = try decode(WatchScheduleRequest.self, request)
    guard request.begin() else { return }
    let value = try WireEncoder.encode(WatchScheduleRequest.Result(now: DeviceScheduler.now))
    request.answer(.success(value))
    watch.set(watching: parameters.watching)
  }

  // MARK: Modules

  private func listDevices() -> ListDevicesRequest.Result {
    .init(devices: devices.devices.map(\.description))
  }

  private func loadModule(_ parameters: LoadModuleRequest.Parameters) throws -> LoadModuleRequest.Result {
    let start = DispatchTime.now()
    let device = try devices.device(parameters.device)
    try device.checkEnvironment()
    try device.checkNotLost()
    try parameters.layout.validate()
    try parameters.validateRecords()
    let progress = progress(parameters.progressToken, "Building for \(device.metal.name)")
    progress(0)
    // The set makes each pipeline once; sorted, so that the order in which a client lists kernels makes no difference.
    let names = Set(parameters.kernels + [parameters.instantiateKernel]).sorted()
    let (kernels, cached) = try cache.kernels(names, of: parameters.text, for: device)
    let hostKernels = try cache.kernels(HostKernels.names, of: HostKernels.text, for: device).kernels
    let module = LoadedModule(
      device: device, layout: parameters.layout, image: parameters.image, kernels: kernels, hostKernels: hostKernels,
      instantiateKernel: parameters.instantiateKernel, imports: parameters.imports ?? [],
      records: parameters.records ?? RecordSizes(argumentBytes: 0, resultBytes: 0), identity: ModuleIdentity(parameters))
    let number = nextNumber()
    state.withLock { $0.modules[number] = module }
    progress(1)
    let nanoseconds = DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds
    return .init(module: number, cached: cached, buildSeconds: Double(nanoseconds) / 1e9)
  }

  /// Pools of the module live on.
  private func unloadModule(_ parameters: UnloadModuleRequest.Parameters) throws -> NoResult {
    guard state.withLock({ $0.modules.removeValue(forKey: parameters.module) }) != nil else {
      throw ResponseError(.unknownModule, "There is no module \(parameters.module).")
    }
    return NoResult()
  }

  // MARK: Pools

  private func createPool(_ request: IncomingRequest) throws {
    let parameters = try decode(CreatePoolRequest.self, request)
    let module = try module(parameters.module)
    let plan = try PoolPlan(parameters, layout: module.layout, recordBytes: module.recordBytes)
    try plan.check(module.imports)
    let instantiation = try Instantiation(parameters, plan: plan, layout: module.layout)
    let rules = try BurstRules(parameters.schedule)
    let functions = try bound(parameters.hostFunctions, for: module)
    let worker = SerialWorker()
    worker.async(
      job(request) { server in
        let number = server.nextNumber()
        let pool = try InstancePool(
          plan, module: module, instantiation: instantiation, hostFunctions: functions, worker: worker, number: number, rules: rules)
        let (trap, waiting, failures) = try pool.instantiate(request)
        if trap == nil { server.state.withLock { $0.pools[number] = pool } }
        return CreatePoolRequest.Result(
          pool: number, memoryPages: plan.memoryPages, bytesPerInstance: plan.bytesPerInstance, trap: trap, waiting: waiting,
          failures: failures)
      })
  }

  /// From here on arguments that arrive have somewhere to go.
  private func runJobs(_ request: IncomingRequest) throws {
    let parameters = try decode(RunJobsRequest.self, request)
    let pool = try pool(parameters.pool)
    let arguments = JobArguments(parameters)
    var onResults: (@Sendable (Data) -> Void)?
    if let token = parameters.streamToken {
      state.withLock { state in
        state.arguments = state.arguments.filter { $0.value.of != nil }
        state.arguments[token] = ArrivingArguments(of: arguments)
      }
      onResults = { [connection] results in connection.notify(JobResultsNotification.self, .init(token: token, results: results)) }
    }
    pool.worker.async(
      job(request) { [onResults] server in
        let progress = server.progress(parameters.progressToken, parameters.kernel)
        return try pool.run(parameters, arguments, request, progress: progress, onResults: onResults)
      })
  }

  private func resumePool(_ request: IncomingRequest) throws {
    try answer(ResumePoolRequest.self, request) { server, pool, parameters in
      // A pool whose instantiation fails here was known to the client.
      defer { if case .failed = pool.phase { server.state.withLock { _ = $0.pools.removeValue(forKey: parameters.pool) } } }
      return try pool.resume(parameters, request, progress: server.progress(parameters.progressToken, "Going on"))
    }
  }

  private func restorePool(_ request: IncomingRequest) throws {
    let parameters = try decode(RestorePoolRequest.self, request)
    let module = try module(parameters.module)
    let rules = try BurstRules(parameters.schedule)
    let functions = try bound(parameters.hostFunctions, for: module)
    let worker = SerialWorker()
    worker.async(
      job(request) { server in
        let number = server.nextNumber()
        let pool = try InstancePool.restored(
          parameters.snapshot, module: module, hostFunctions: functions, worker: worker, number: number, rules: rules, request)
        let waiting = try pool.waitingCalls(request)
        server.state.withLock { $0.pools[number] = pool }
        return RestorePoolRequest.Result(
          pool: number, memoryPages: pool.plan.memoryPages, bytesPerInstance: pool.plan.bytesPerInstance, waiting: waiting,
          instances: pool.plan.instances, kernel: pool.waiting.flatMap { $0.purpose == .export ? $0.kernel : nil })
      })
  }

  private func bound(_ bindings: [HostFunctionBinding]?, for module: LoadedModule) throws(ResponseError) -> BoundFunctions {
    try BoundFunctions(bindings, of: hostFunctions, records: module.imports) { [weak connection] text in
      connection?.notify(LogNotification.self, .init(level: .output, message: text))
    }
  }

  /// The number is gone at once; the memory when what arrived earlier has ended.
  private func releasePool(_ request: IncomingRequest) throws {
    let parameters = try decode(ReleasePoolRequest.self, request)
    let pool = try pool(parameters.pool)
    state.withLock { _ = $0.pools.removeValue(forKey: parameters.pool) }
    pool.worker.async(job(request) { _ in NoResult() })
  }
}
