import BurstProtocol

/// Throttling that the system does not report, seen as device time per unit of fuel above its own baseline. Pure.
///
/// Costs are compared among launches of one key only (a kernel and about as many lanes): others differ for reasons of their own. The
/// baseline follows a lower cost at once and a higher one slowly, so that work which has become more expensive for good is taken
/// for heat for a few minutes at most.
struct SlowdownDetector<Key: Hashable & Sendable>: Sendable {
  private struct Baseline {
    var cost: Double
    var smoothed: Double
    var at: Double
    var observations = 1
  }

  private var baselines: [Key: Baseline] = [:]
  /// Smoothed ratio to the baseline, over all keys.
  private(set) var slowdown = 1.0
  private(set) var state = ThermalState.nominal

  /// Growth of a baseline a second: a cost that doubles is the new normal after 140 s. A laptop cools in less.
  private static var drift: Double { 0.005 }
  /// Slices before a baseline is one.
  private static var learning: Int { 4 }
  private static var maximumKeys: Int { 256 }
  /// Where a state begins and, smaller so that it does not flicker, ends.
  private static var fair: (begin: Double, end: Double) { (1.25, 1.12) }
  private static var serious: (begin: Double, end: Double) { (1.6, 1.4) }

  mutating func observe(seconds: Double, fuel: UInt64, of key: Key, at now: Double) {
    guard fuel > 0, seconds > 0 else { return }
    let cost = seconds / Double(fuel)
    guard var baseline = baselines[key] else {
      if baselines.count >= Self.maximumKeys { baselines = [:] }
      baselines[key] = Baseline(cost: cost, smoothed: cost, at: now)
      return
    }
    // One slice may be off by far.
    baseline.smoothed += (cost - baseline.smoothed) / 4
    let drifted = baseline.cost * (1 + Self.drift * (now - baseline.at))
    baseline.cost = min(baseline.smoothed, baseline.observations < Self.learning ? baseline.smoothed : drifted)
    baseline.at = now
    baseline.observations += 1
    baselines[key] = baseline
    slowdown += (baseline.smoothed / baseline.cost - slowdown) / 4
    let limit = state == .serious ? Self.serious.end : Self.serious.begin
    let lowerLimit = state == .nominal ? Self.fair.begin : Self.fair.end
    state = slowdown > limit ? .serious : slowdown > lowerLimit ? .fair : .nominal
  }
}
