import Foundation

extension ProcessInfo {
  /// How much the system asks work to be reduced. Raw values are Apple's.
  public enum ThermalState: Int, Sendable {
    case nominal = 0
    case fair = 1
    case serious = 2
    case critical = 3
  }

  /// Posted, with the `ProcessInfo` as object, when `thermalState` changes. As on Apple's systems it is posted only after
  /// `thermalState` has been read once.
  public static let thermalStateDidChangeNotification: NSNotification.Name = NSNotification.Name(
    "NSProcessInfoThermalStateDidChangeNotification")

  /// The state of the hottest zone under `/sys/class/thermal`, `.nominal` where there is none.
  public var thermalState: ThermalState {
    PowerStateMonitor.shared.startIfNeeded()
    return ThermalZones.system.state
  }

  /// Whether the firmware's platform profile is `low-power`.
  public var isLowPowerModeEnabled: Bool {
    PowerStateMonitor.shared.startIfNeeded()
    return PlatformProfile.system.isLowPower
  }
}

extension NSNotification.Name {
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// Posted when `isLowPowerModeEnabled` changes.
  public static let NSProcessInfoPowerStateDidChange: NSNotification.Name = NSNotification.Name(
    "NSProcessInfoPowerStateDidChangeNotification")
}
