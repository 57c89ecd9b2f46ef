import BurstProtocol

/// When a device may run its next slice: bursts of at most `BurstRules.burst`, each followed by the cool-down that brings its time to
/// the duty of the thermal state. Pure: time, in seconds from any origin, and thermal state are given to it.
///
/// The rules are those of the pool whose turn it is, and may differ from call to call.
struct BurstScheduler: Sendable {
  enum Step: Sendable, Equatable {
    case launch
    /// `nil`: until the state falls.
    case rest(until: Double?)
  }

  struct Burst: Sendable, Equatable {
    let start: Double
    /// Of its last slice.
    fileprivate(set) var end: Double
    /// Seconds on the device.
    fileprivate(set) var busy = 0.0
    fileprivate(set) var slices = 0
    fileprivate var state: ThermalState
    fileprivate var isOver = false
  }

  var state = ThermalState.nominal
  /// The burst that runs, or the last one.
  private(set) var burst: Burst?
  private var finished: Burst?

  /// A device that begins to throttle within a slice takes about twice as long for it.
  private static let slack = 2.0

  /// `expecting`: seconds that the next slice is likely to take.
  mutating func next(at now: Double, expecting seconds: Double, _ rules: BurstRules) -> Step {
    let duty = rules.duty(state)
    if let current = burst, !current.isOver {
      let isFull = now - current.start + seconds * Self.slack > rules.burst
      // A rise is answered at once; a burst that goes on while it gets cooler is one of the cooler state.
      if duty == 0 || isFull || duty < rules.duty(current.state) { endBurst() } else { burst?.state = state }
    }
    if duty == 0 { return .rest(until: nil) }
    if let current = burst {
      if !current.isOver { return .launch }
      // Time without work within the burst, as for host calls, has cooled the device as well.
      let until = current.start + current.busy / duty
      if now < until, until > current.end { return .rest(until: until) }
    }
    burst = Burst(start: now, end: now, state: state)
    return .launch
  }

  /// `seconds`: on the device.
  mutating func sliceEnded(at now: Double, seconds: Double) {
    burst?.end = now
    burst?.busy += seconds
    burst?.slices += 1
  }

  /// The burst that ended since the last call, for reports.
  mutating func takeFinished() -> Burst? {
    defer { finished = nil }
    return finished
  }

  private mutating func endBurst() {
    burst?.isOver = true
    if burst?.slices ?? 0 > 0 { finished = burst }
  }
}
