import Foundation

/// A device whose temperature and power can be read. Apple's devices have no such thing.
public protocol MonitoredDevice: MTLDevice {
  /// `nil` where the driver does not tell.
  func readSensors() -> DeviceSensors?
}

/// Celsius and watts; `nil` where the device does not tell.
public struct DeviceSensors: Sendable, Equatable {
  /// Why the clocks are lower than they could be: the bits of NVML that heat or power cause.
  public struct Throttling: OptionSet, Sendable, Equatable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let powerCap = Throttling(rawValue: 0x4)
    public static let hardware = Throttling(rawValue: 0x8)
    public static let thermal = Throttling(rawValue: 0x20)
    public static let hardwareThermal = Throttling(rawValue: 0x40)
    public static let powerBrake = Throttling(rawValue: 0x80)

    static let names: [(Throttling, String)] = [
      (.powerCap, "power cap"), (.hardware, "hardware slowdown"), (.thermal, "thermal slowdown"),
      (.hardwareThermal, "hardware thermal slowdown"), (.powerBrake, "power brake"),
    ]
  }

  public let temperature: Int?
  public let shutdownTemperature: Int?
  public let slowdownTemperature: Int?
  public let power: Double?
  public let powerLimit: Double?
  public let throttling: Throttling

  public init(
    temperature: Int?, shutdownTemperature: Int?, slowdownTemperature: Int?, power: Double?, powerLimit: Double?, throttling: Throttling
  ) {
    self.temperature = temperature
    self.shutdownTemperature = shutdownTemperature
    self.slowdownTemperature = slowdownTemperature
    self.power = power
    self.powerLimit = powerLimit
    self.throttling = throttling
  }

  /// The names of the reasons for throttling.
  public var throttlingNames: [String] { Throttling.names.filter { throttling.contains($0.0) }.map(\.1) }

  /// Power over this share of the limit is fair, where it makes the device hot: see docs/scheduling.md.
  private static let fairPowerShare = 0.8
  /// Kelvin below the temperature where throttling begins.
  private static let warmth = 10

  /// Within 3 K of shutting down critical; throttled by heat, or as hot as that would be, serious; held by the power cap, or warm with much power, fair.
  public var state: ProcessInfo.ThermalState {
    if let temperature, let shutdownTemperature, temperature >= shutdownTemperature - 3 { return .critical }
    if !throttling.isDisjoint(with: [.thermal, .hardwareThermal, .hardware, .powerBrake]) { return .serious }
    if let temperature, let slowdownTemperature, temperature >= slowdownTemperature { return .serious }
    if throttling.contains(.powerCap) { return .fair }
    if let power, let powerLimit, powerLimit > 0, power > Self.fairPowerShare * powerLimit, isWarm { return .fair }
    return .nominal
  }

  /// Also where the device does not tell.
  private var isWarm: Bool {
    guard let temperature, let slowdownTemperature else { return true }
    return temperature >= slowdownTemperature - Self.warmth
  }
}

extension CUDADevice: MonitoredDevice {
  func readSensors() -> DeviceSensors? {
    busIdentifier.flatMap { NVML.shared?.sensors(bus: $0) }
  }
}
