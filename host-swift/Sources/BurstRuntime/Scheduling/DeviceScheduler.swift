import BurstProtocol
import BurstTransport
import Foundation
import Metal

/// Lets one pool at a time run a slice on a device, in fair turns and in the bursts that its heat allows. Safe to use from any thread.
final class DeviceScheduler: @unchecked Sendable {
  // Unchecked because every access to the fields below holds `condition`.
  private let condition = NSCondition()
  private var bursts = BurstScheduler()
  private var turns = FairTurns()
  private var isBusy = false
  private var detector = SlowdownDetector<LaunchKind>()
  private var report: ThermalReport
  /// When the report was asked for.
  private var readAt: Double
  // A driver takes a millisecond and more to tell, which is no part of anybody's slice.
  private let reading: DispatchQueue
  private var began = (at: 0.0, pool: 0)
  /// The end of the burst that the device rests from.
  private var restsSince: Double?
  private var observer: (@Sendable (ScheduleEvent) -> Void)?

  private let device: String
  private let source: ThermalSource
  /// The system does not tell of all throttling: the detector counts too.
  private let detectsSlowdown: Bool
  private let notifications: Locked<(any NSObjectProtocol)?>

  /// Launches whose cost is compared.
  struct LaunchKind: Hashable, Sendable {
    let pipeline: ObjectIdentifier
    let magnitude: Int

    init(_ pipeline: any MTLComputePipelineState, lanes: Int) {
      self.pipeline = ObjectIdentifier(pipeline)
      magnitude = Int.bitWidth - lanes.leadingZeroBitCount
    }
  }

  /// How soon a cancellation or a change of the thermal state is noticed while nothing else happens.
  private static let attention = 0.05
  private static let readInterval = 0.25

  init(device: String, source: ThermalSource, detectsSlowdown: Bool) {
    self.device = device
    self.source = source
    self.detectsSlowdown = detectsSlowdown
    report = source.read()
    readAt = Self.now
    reading = DispatchQueue(label: "wasmburst.heat.\(device)")
    notifications = Locked(nil)
    let token = NotificationCenter.default.addObserver(
      forName: ProcessInfo.thermalStateDidChangeNotification, object: nil, queue: nil
    ) { [weak self] _ in self?.thermalStateChanged() }
    notifications.withLock { $0 = token }
  }

  deinit {
    if let token = notifications.withLock({ $0 }) { NotificationCenter.default.removeObserver(token) }
  }

  /// Seconds on a clock that does not jump, from any origin.
  static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

  // MARK: Slices

  /// Waits for the turn of `pool` and for the device to have rested, then runs `slice`, which returns the seconds on the device.
  /// `live`: lanes that have not ended; of these `lanes` run. Throws `ResponseError.cancelled`, and what `slice` throws.
  func run(
    _ pool: Int, _ rules: BurstRules, expecting seconds: Double, lanes: Int, live: Int, request: any IncomingCancellation,
    slice: () throws -> Double
  ) throws -> Double {
    try begin(pool, rules, expecting: seconds, request)
    var spent = 0.0
    defer { end(pool, seconds: spent, lanes: lanes, live: live) }
    spent = try slice()
    return spent
  }

  private func begin(_ pool: Int, _ rules: BurstRules, expecting seconds: Double, _ request: any IncomingCancellation) throws {
    condition.lock()
    defer { condition.unlock() }
    turns.wait(pool, at: Self.now)
    while true {
      if request.isCancelled {
        turns.leave(pool)
        condition.broadcast()
        throw ResponseError.cancelled
      }
      let now = Self.now
      let wake = step(pool, rules, expecting: seconds, at: now)
      guard let wake else { break }
      _ = condition.wait(until: Date(timeIntervalSinceNow: min(max(wake - now, 0), Self.attention)))
    }
    isBusy = true
    began = (Self.now, pool)
    turns.begin(pool)
  }

  /// `nil`: go; else when to ask again at the latest.
  private func step(_ pool: Int, _ rules: BurstRules, expecting seconds: Double, at now: Double) -> Double? {
    if isBusy { return .infinity }
    switch turns.next(at: now) {
    case .pool(pool): break
    case .held(let until): return until
    case .pool, .nobody: return .infinity
    }
    readThermalState(at: now)
    bursts.state = detectsSlowdown ? max(report.state, detector.state) : report.state
    let next = bursts.next(at: now, expecting: seconds, rules)
    if let burst = bursts.takeFinished() {
      observer?(.burst(device, at: burst.start, seconds: burst.end - burst.start, slices: burst.slices, busy: burst.busy))
      restsSince = burst.end
    }
    if case .rest(let until) = next { return until ?? .infinity }
    // A burst that follows at once is none that was rested for.
    if let since = restsSince, now - since > 0.005 { observer?(.coolDown(device, at: since, seconds: now - since)) }
    restsSince = nil
    return nil
  }

  private func end(_ pool: Int, seconds: Double, lanes: Int, live: Int) {
    condition.withLock {
      let now = Self.now
      isBusy = false
      bursts.sliceEnded(at: now, seconds: seconds)
      turns.end(pool, seconds: seconds, at: now)
      observer?(.slice(device, at: began.at, seconds: seconds, pool: pool, lanes: lanes, live: live))
      condition.broadcast()
    }
  }

  /// `pool` has no more to run for now.
  func leave(_ pool: Int) {
    condition.withLock {
      turns.leave(pool)
      condition.broadcast()
    }
  }

  /// Whether other pools wait for the ends of a pool's slices.
  var isShared: Bool { condition.withLock { turns.isShared(at: Self.now) } }

  /// `fuel`: what the launch's instances used together.
  func observe(seconds: Double, fuel: UInt64, of kind: LaunchKind) {
    guard detectsSlowdown else { return }
    condition.withLock { detector.observe(seconds: seconds, fuel: fuel, of: kind, at: Self.now) }
  }

  var wantsFuel: Bool { detectsSlowdown }

  // MARK: Heat

  private func thermalStateChanged() {
    condition.withLock {
      readAt = 0
      condition.broadcast()
    }
  }

  /// The report comes while the slice runs, or wakes those that rest.
  private func readThermalState(at now: Double) {
    guard now - readAt >= Self.readInterval else { return }
    readAt = now
    reading.async { [weak self, source] in self?.heatWasRead(source.read()) }
  }

  private func heatWasRead(_ new: ThermalReport) {
    condition.withLock {
      let before = report.state
      report = new
      guard new.state != before else { return }
      observer?(.thermal(device, at: Self.now, thermalReport()))
      condition.broadcast()
    }
  }

  /// Must be called with `condition` locked.
  private func thermalReport() -> ThermalReport {
    guard detectsSlowdown else { return report }
    return ThermalReport(
      state: max(report.state, detector.state), source: report.source, lowPowerMode: report.lowPowerMode,
      temperature: report.temperature, power: report.power, powerLimit: report.powerLimit, throttling: report.throttling,
      slowdown: detector.slowdown)
  }

  /// What the device says now, told to the observer as well.
  func reportHeat() {
    condition.withLock {
      readAt = Self.now
      report = source.read()
      observer?(.thermal(device, at: readAt, thermalReport()))
    }
  }

  /// `observer` is called with the lock held and must return at once. `nil`: nobody.
  func observe(_ observer: (@Sendable (ScheduleEvent) -> Void)?) {
    condition.withLock { self.observer = observer }
  }
}
