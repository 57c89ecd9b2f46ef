import BurstProtocol

/// What a pool's policy and settings mean for bursts, in seconds. Pure.
struct BurstRules: Sendable, Equatable {
  var policy = BurstPolicy.adaptive
  /// Longest run of slices without a cool-down where one is due.
  var burst = 0.5
  /// What a burst of full length is followed by where the state is serious, or always under `sustained`.
  var coolDown = 1.0
  /// `nil`: adapted.
  var slice: Double?

  static let longestBurst = 0.5
  static let longestCoolDown = 60.0
  static let longestSlice = 0.05
  private static let shortest = 0.001
  private static let fairDuty = 0.66

  init() {}

  /// Throws `invalidParams` naming the field.
  init(_ settings: ScheduleSettings?) throws(ResponseError) {
    policy = settings?.policy ?? .adaptive
    burst = try Self.seconds(settings?.burst, "burst", Self.shortest...Self.longestBurst) ?? Self.longestBurst
    // Twice the burst: the duty does not depend on how long bursts are.
    coolDown = try Self.seconds(settings?.coolDown, "coolDown", 0...Self.longestCoolDown) ?? burst * 2
    slice = try Self.seconds(settings?.slice, "slice", Self.shortest...min(Self.longestSlice, burst))
  }

  private static func seconds(_ milliseconds: Double?, _ field: String, _ range: ClosedRange<Double>) throws(ResponseError) -> Double? {
    guard let milliseconds else { return nil }
    guard range.contains(milliseconds / 1000) else {
      let bounds = [range.lowerBound, range.upperBound].map { String(Int(($0 * 1000).rounded())) }
      throw ResponseError(.invalidParams, "`schedule.\(field)`: must be \(bounds[0]) to \(bounds[1]) milliseconds.")
    }
    return milliseconds / 1000
  }

  /// Share of the time that the device may be busy; 0: it must not be used at all.
  func duty(_ state: ThermalState) -> Double {
    switch (policy, state) {
    case (.unthrottled, _), (.adaptive, .nominal): 1
    case (.adaptive, .fair): Self.fairDuty
    case (.sustained, _), (.adaptive, .serious): burst / (burst + coolDown)
    case (.adaptive, .critical): 0
    }
  }
}
