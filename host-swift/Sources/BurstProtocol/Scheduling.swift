/// How much a device has to be spared, in the words of Apple's `ProcessInfo.ThermalState`.
public enum ThermalState: String, Codable, Sendable, CaseIterable, Comparable {
  case nominal, fair, serious, critical

  private var rank: Int { Self.allCases.firstIndex(of: self)! }

  public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// When a pool's instances may use the device; docs/scheduling.md.
public enum BurstPolicy: String, Codable, Sendable, CaseIterable {
  /// By the thermal state.
  case adaptive
  /// A burst and a cool-down in turn, whatever the thermal state.
  case sustained
  /// No cool-downs.
  case unthrottled
}

/// Milliseconds, of which those that are absent have the defaults of docs/scheduling.md.
public struct ScheduleSettings: Codable, Sendable, Equatable {
  public let policy: BurstPolicy?
  public let burst: Double?
  public let coolDown: Double?
  public let slice: Double?

  public init(policy: BurstPolicy? = nil, burst: Double? = nil, coolDown: Double? = nil, slice: Double? = nil) {
    self.policy = policy
    self.burst = burst
    self.coolDown = coolDown
    self.slice = slice
  }
}
