import BurstProtocol

@testable import BurstRuntime

/// The scheduler over a simulated laptop with work for ever, or as much as `work` says.
struct SimulatedRun {
  struct Burst {
    let state: ThermalState
    let start: Double
    let length: Double
    let busy: Double
    /// Until the next one.
    var rest = 0.0
  }

  private(set) var laptop: SimulatedLaptop
  private(set) var bursts: [Burst] = []
  private(set) var slices: [(start: Double, seconds: Double, state: ThermalState)] = []
  /// Once a minute.
  private(set) var samples: [(minute: Int, work: Double, temperature: Double)] = []
  private(set) var detected: [(at: Double, state: ThermalState)] = []
  private var scheduler = BurstScheduler()
  private var detector = SlowdownDetector<Int>()
  private var size: LaunchSize
  let rules: BurstRules

  static let twoHours = 7200.0
  /// Seconds of a unit of fuel in one lane at full speed, and of the host's between two slices.
  private static let cost = 1e-9
  private static let overhead = 0.0004
  private static let lanes = 1024

  init(_ rules: BurstRules, laptop: SimulatedLaptop = SimulatedLaptop()) {
    self.rules = rules
    self.laptop = laptop
    // Far too small a guess, as it may be.
    size = LaunchSize(lanes: Self.lanes, minimumLanes: 32, fuel: 1 << 10, fuelIsFixed: false, slice: SliceTime(fixed: rules.slice))
  }

  /// `force`: a state by time instead of the laptop's own. `pause`: seconds of host calls after a slice.
  mutating func run(
    until end: Double = twoHours, work: Double = .infinity, force: ((Double) -> ThermalState)? = nil, pause: (Int) -> Double = { _ in 0 }
  ) {
    while laptop.now < end, laptop.work < work {
      if laptop.now >= Double(samples.count) * 60 { samples.append((samples.count, laptop.work, laptop.temperature)) }
      scheduler.state = force?(laptop.now) ?? max(laptop.reported, detector.state)
      let step = scheduler.next(at: laptop.now, expecting: size.expected, rules)
      note(scheduler.takeFinished())
      switch step {
      case .rest(let until):
        // The state may change at any time.
        let seconds = min((until ?? .infinity) - laptop.now, 0.010)
        laptop.idle(seconds)
      case .launch:
        slice()
        laptop.idle(Self.overhead + pause(slices.count))
      }
    }
  }

  private mutating func slice() {
    let start = laptop.now
    let fuel = UInt64(size.fuel) * UInt64(Self.lanes)
    let seconds = laptop.run(Double(fuel) * Self.cost)
    scheduler.sliceEnded(at: laptop.now, seconds: seconds)
    slices.append((start, seconds, scheduler.state))
    size.adapt(afterSeconds: seconds, overhead: Self.overhead, launched: Self.lanes / 2, ranOutOfFuel: true)
    detector.observe(seconds: seconds, fuel: fuel, of: 0, at: laptop.now)
    if detector.state != detected.last?.state ?? .nominal { detected.append((laptop.now, detector.state)) }
  }

  private mutating func note(_ finished: BurstScheduler.Burst?) {
    if let finished {
      bursts.append(Burst(state: scheduler.state, start: finished.start, length: finished.end - finished.start, busy: finished.busy))
    }
    if let last = bursts.last, let current = scheduler.burst, current.start > last.start, current.slices == 0 {
      bursts[bursts.count - 1].rest = current.start - last.start - last.length
    }
  }

  var duty: Double { laptop.busy / laptop.now }
}
