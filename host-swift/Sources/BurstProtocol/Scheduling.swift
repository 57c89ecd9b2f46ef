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

/// What a device says about its heat.
public struct ThermalReport: Codable, Sendable, Equatable {
  public let state: ThermalState
  /// Where the state comes from; docs/scheduling.md.
  public let source: String
  public let lowPowerMode: Bool
  /// Celsius, watts; `nil` where the device does not tell.
  public let temperature: Double?
  public let power: Double?
  public let powerLimit: Double?
  /// Why the clocks are lower than they could be; `nil`: the device does not tell, or they are not.
  public let throttling: [String]?
  /// Device time per unit of fuel against its own baseline; `nil` where nothing was measured.
  public let slowdown: Double?

  public init(
    state: ThermalState, source: String, lowPowerMode: Bool, temperature: Double? = nil, power: Double? = nil,
    powerLimit: Double? = nil, throttling: [String]? = nil, slowdown: Double? = nil
  ) {
    self.state = state
    self.source = source
    self.lowPowerMode = lowPowerMode
    self.temperature = temperature
    self.power = power
    self.powerLimit = powerLimit
    self.throttling = throttling
    self.slowdown = slowdown
  }
}

/// Something that a device did or said. Which fields it has depends on `kind`: the catalogue's union.
public struct ScheduleEvent: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable {
    case slice, burst, coolDown, thermal
  }

  public let kind: Kind
  public let device: String
  /// Seconds on the host's clock.
  public let at: Double
  public let seconds: Double?
  public let pool: Int?
  public let lanes: Int?
  public let live: Int?
  public let slices: Int?
  public let busy: Double?
  public let thermal: ThermalReport?

  private init(
    _ kind: Kind, _ device: String, at: Double, seconds: Double? = nil, pool: Int? = nil, lanes: Int? = nil, live: Int? = nil,
    slices: Int? = nil, busy: Double? = nil, thermal: ThermalReport? = nil
  ) {
    self.kind = kind
    self.device = device
    self.at = at
    self.seconds = seconds
    self.pool = pool
    self.lanes = lanes
    self.live = live
    self.slices = slices
    self.busy = busy
    self.thermal = thermal
  }

  /// `lanes` of `live` that had not ended were launched.
  public static func slice(_ device: String, at: Double, seconds: Double, pool: Int, lanes: Int, live: Int) -> Self {
    Self(.slice, device, at: at, seconds: seconds, pool: pool, lanes: lanes, live: live)
  }

  public static func burst(_ device: String, at: Double, seconds: Double, slices: Int, busy: Double) -> Self {
    Self(.burst, device, at: at, seconds: seconds, slices: slices, busy: busy)
  }

  public static func coolDown(_ device: String, at: Double, seconds: Double) -> Self { Self(.coolDown, device, at: at, seconds: seconds) }

  public static func thermal(_ device: String, at: Double, _ report: ThermalReport) -> Self {
    Self(.thermal, device, at: at, thermal: report)
  }
}

/// Asks for `ScheduleNotification`s, or for no more of them. Starts with the thermal state of every device.
public enum WatchScheduleRequest: RequestType {
  public static let method = "schedule/watch"

  public struct Parameters: Codable, Sendable, Equatable {
    public let watching: Bool

    public init(watching: Bool) { self.watching = watching }
  }

  public struct Result: Codable, Sendable, Equatable {
    /// Seconds on the host's clock, that of the events.
    public let now: Double

    public init(now: Double) { self.now = now }
  }
}

/// Host to client, a few times a second while there are events.
public enum ScheduleNotification: NotificationType {
  public static let method = "$/schedule"

  public struct Parameters: Codable, Sendable, Equatable {
    public let events: [ScheduleEvent]

    public init(events: [ScheduleEvent]) { self.events = events }
  }
}
