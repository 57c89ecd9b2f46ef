import BurstProtocol
import Metal

/// What the instances of an invocation may use, from its beginning to its end.
struct InvocationBudget: Sendable, Equatable {
  /// Units; beyond it the kernel traps. All ones: no limit.
  var fuel = UInt64.max
  /// Units of one launch; `nil`: adapted to the device's time.
  var sliceFuel: UInt32?
  /// Seconds on the device of the launches that an instance took part in; `nil`: no limit.
  var seconds: Double?
}

extension InvocationBudget {
  /// Throws `invalidParams` naming the field.
  init(_ parameters: InvokeRequest.Parameters) throws(ResponseError) {
    if let fuel = parameters.fuel {
      guard fuel >= 0 else { throw ResponseError(.invalidParams, "`fuel`: must not be negative.") }
      self.fuel = UInt64(fuel)
    }
    sliceFuel = try Self.check(sliceFuel: parameters.sliceFuel)
    if let seconds = parameters.timeLimit {
      guard seconds > 0 else { throw ResponseError(.invalidParams, "`timeLimit`: must be a positive number of seconds.") }
      self.seconds = seconds
    }
  }

  static func check(sliceFuel: Int?) throws(ResponseError) -> UInt32? {
    guard let sliceFuel else { return nil }
    guard sliceFuel >= 1, let units = UInt32(exactly: sliceFuel) else {
      throw ResponseError(.invalidParams, "`sliceFuel`: must be 1 to \(UInt32.max).")
    }
    return units
  }
}

/// One kernel's run over some instances: launched again until every one has ended or waits for an import that the client serves.
/// Those that wait for a function of the host are served after the launch, and go on.
///
/// Each launch takes suspended lanes first and fills up with lanes that have not begun, so that a few long ones keep a wide
/// device busy together with the rest.
struct Invocation {
  enum Purpose: String, Codable {
    case instantiation, reset, export
  }

  let purpose: Purpose
  let kernel: String
  let pipeline: any MTLComputePipelineState
  var argumentBytes = 0
  let resultBytes: Int
  let budget: InvocationBudget
  let hostFunctions: BoundFunctions
  /// Lanes that wait for imports which the client serves; a run adds to them.
  var waiting: [UInt32] = []
  /// Seconds so far of lanes that are suspended; kept only where they are limited.
  var secondsOf: [UInt32: Double] = [:]
  /// Of functions of the host, since the request began.
  var failures = FailureTexts()
  /// Why instances ended with the trap `device failed`.
  var failure: String?

  /// Failures one after the other after which the device is taken for gone.
  static let mostFailures = 3

  /// A command buffer that fails ends the instances in it, since nobody knows how far they came; the others go on, unless the device is lost.
  /// Instantiation needs all.
  /// `begins`: `lanes` are no suspended ones that go on; their arguments are in the pool's records. `numberOf`: as of `BoundFunctions.serve`.
  /// Returns the seconds on the device. Throws `ResponseError` (cancelled, device error) or `Dispatcher.Abandoned`.
  mutating func run(
    _ lanes: [UInt32], begins: Bool, numberOf: (UInt32) -> Int, on dispatcher: Dispatcher,
    request: any IncomingCancellation, progress: (Double) -> Void
  ) throws -> Double {
    var size = dispatcher.firstLaunch(pipeline, fuel: budget.sliceFuel, lanes: lanes.count)
    var ready: [UInt32] = []
    var begun = 0
    var deviceSeconds = 0.0
    var failuresInARow = 0
    let records = dispatcher.buffers.records
    defer { dispatcher.leave() }
    while begun < lanes.count || !ready.isEmpty {
      if request.isCancelled { throw ResponseError.cancelled }
      let again = ready.prefix(size.lanes)
      let fresh = lanes[begun...].prefix(size.lanes - again.count)
      // Most often all in one launch: then without a copy, which takes as long as a small kernel.
      let launched: [UInt32] =
        if fresh.count == lanes.count { lanes } else if fresh.isEmpty && again.count == ready.count { ready } else { Array(again) + fresh }
      let goingOn = begins ? again.count : launched.count
      let wantsFuel = dispatcher.wantsFuel
      let fuelBefore = wantsFuel ? records.fuelUsed(by: launched.prefix(goingOn)) : 0
      let slice = Dispatcher.Slice(
        pipeline: pipeline, lanes: launched, beginning: goingOn, argumentBytes: argumentBytes, resultBytes: resultBytes,
        fuel: size.fuel, fuelLimit: budget.fuel, isDetailed: wantsFuel)
      let seconds: Double
      do {
        seconds = try dispatcher.run(slice, live: lanes.count - begun + ready.count, expecting: size.expected, request: request)
        failuresInARow = 0
      } catch let error as ResponseError where error.code == .deviceError && purpose == .export {
        failuresInARow += 1
        if failuresInARow == Self.mostFailures || dispatcher.deviceIsLost { throw error }
        failure = error.message
        try dispatcher.buffers.endWithTrap(.deviceFailed, launched)
        begun += fresh.count
        ready.removeFirst(again.count)
        continue
      }
      let ended = DeviceScheduler.now
      deviceSeconds += seconds
      begun += fresh.count
      let suspended = records.suspended(launched)
      let (calling, others) = hostFunctions.split(suspended.waiting, in: records)
      waiting += others
      add(seconds, to: suspended.outOfFuel)
      add(seconds, to: suspended.waiting)
      let served = try hostFunctions.serve(calling, numberOf: numberOf, on: dispatcher, request, failures: &failures)
      let goingOnNext = try endingThoseOverTime(
        served.isEmpty ? suspended.outOfFuel : suspended.outOfFuel + served, in: dispatcher.buffers)
      ready = again.count == ready.count ? goingOnNext : ready.dropFirst(again.count) + goingOnNext
      if wantsFuel {
        let fuel = records.fuelUsed(by: launched[...]) &- fuelBefore
        dispatcher.observe(pipeline, lanes: launched.count, seconds: seconds, fuel: fuel)
      }
      if budget.sliceFuel == nil { dispatcher.learn(from: slice, seconds: seconds, outOfFuel: suspended.outOfFuel.count) }
      progress(Double(begun - ready.count) / Double(lanes.count))
      size.adapt(
        afterSeconds: seconds, overhead: DeviceScheduler.now - ended, launched: launched.count,
        ranOutOfFuel: !suspended.outOfFuel.isEmpty, isShared: dispatcher.deviceIsShared)
    }
    return deviceSeconds
  }

  private mutating func add(_ seconds: Double, to lanes: [UInt32]) {
    guard budget.seconds != nil else { return }
    for lane in lanes { secondsOf[lane, default: 0] += seconds }
  }

  /// Those of `lanes` that may go on.
  private func endingThoseOverTime(_ lanes: [UInt32], in buffers: PoolBuffers) throws -> [UInt32] {
    guard let limit = budget.seconds else { return lanes }
    let isOver = { (lane: UInt32) in secondsOf[lane, default: 0] > limit }
    let over = lanes.filter(isOver)
    if over.isEmpty { return lanes }
    try buffers.endWithTrap(.timeLimitExceeded, over)
    return lanes.filter { !isOver($0) }
  }
}
