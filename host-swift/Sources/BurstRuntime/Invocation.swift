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

/// One kernel's run over some instances: launched again until every one has ended or waits for an import.
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
  let resultBytes: Int
  let budget: InvocationBudget
  /// Lanes that wait for imports; a run adds to them.
  var waiting: [UInt32] = []
  /// Seconds so far of lanes that are suspended; kept only where they are limited.
  var secondsOf: [UInt32: Double] = [:]
  /// Why instances ended with the trap `device failed`.
  var failure: String?

  /// Failures one after the other after which the device is taken for gone.
  static let mostFailures = 3

  /// A command buffer that fails ends the instances in it, since nobody knows how far they came; the others go on. Instantiation needs all.
  /// Returns the seconds on the device. Throws `ResponseError` (cancelled, device error) or `Dispatcher.Abandoned`.
  mutating func run(
    _ lanes: [UInt32], on dispatcher: Dispatcher, request: any IncomingCancellation, progress: (Double) -> Void
  ) throws -> Double {
    var size = dispatcher.firstLaunch(fuel: budget.sliceFuel)
    var outOfFuel: [UInt32] = []
    var begun = 0
    var deviceSeconds = 0.0
    var fuelUsed: UInt64 = 0
    var failures = 0
    defer { dispatcher.leave() }
    while begun < lanes.count || !outOfFuel.isEmpty {
      if request.isCancelled { throw ResponseError.cancelled }
      let again = outOfFuel.prefix(size.lanes)
      let fresh = lanes[begun...].prefix(size.lanes - again.count)
      let launched = Array(again) + fresh
      let seconds: Double
      do {
        seconds = try dispatcher.slice(
          pipeline, lanes: launched, live: lanes.count - begun + outOfFuel.count, size: size, fuelLimit: budget.fuel, request: request)
        failures = 0
      } catch let error as ResponseError where error.code == .deviceError && purpose == .export {
        failures += 1
        if failures == Self.mostFailures { throw error }
        failure = error.message
        try dispatcher.buffers.endWithTrap(.deviceFailed, launched)
        begun += fresh.count
        outOfFuel.removeFirst(again.count)
        continue
      }
      let ended = DeviceScheduler.now
      deviceSeconds += seconds
      begun += fresh.count
      let suspended = try dispatcher.buffers.suspended(launched)
      waiting += suspended.waiting
      add(seconds, to: suspended.outOfFuel + suspended.waiting)
      outOfFuel = try outOfFuel.dropFirst(again.count) + endingThoseOverTime(suspended.outOfFuel, in: dispatcher.buffers)
      if dispatcher.wantsFuel {
        let before = fuelUsed
        fuelUsed = try dispatcher.buffers.fuelUsed(by: lanes)
        dispatcher.observe(pipeline, lanes: launched.count, seconds: seconds, fuel: fuelUsed &- before)
      }
      progress(Double(begun - outOfFuel.count) / Double(lanes.count))
      size.adapt(
        afterSeconds: seconds, overhead: DeviceScheduler.now - ended, launched: launched.count,
        ranOutOfFuel: !suspended.outOfFuel.isEmpty)
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
