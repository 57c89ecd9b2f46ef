import BurstProtocol
import Foundation
import Metal

/// What the system and the device say about heat; docs/scheduling.md has the rules.
struct ThermalSource: Sendable {
  /// The state that the source alone gives, without the detector's.
  let read: @Sendable () -> ThermalReport

  /// Of a device of this machine.
  static func system(of device: any MTLDevice) -> ThermalSource {
    #if os(Linux)
      let monitored = device as? any MonitoredDevice
      return ThermalSource {
        if let sensors = monitored?.readSensors() { return report(sensors) }
        if monitored != nil { return ThermalReport(state: .nominal, source: "none: the driver tells nothing", lowPowerMode: false) }
        return systemReport(source: hasThermalZones ? "thermal zones" : "none: the machine has no thermal zones")
      }
    #else
      return ThermalSource { systemReport(source: "system") }
    #endif
  }

  private static func systemReport(source: String) -> ThermalReport {
    let system = ProcessInfo.processInfo
    let isLowPower = system.isLowPowerModeEnabled
    let state = ThermalState(system.thermalState)
    return ThermalReport(state: isLowPower ? max(state, .fair) : state, source: source, lowPowerMode: isLowPower)
  }

  #if os(Linux)
    private static func report(_ sensors: DeviceSensors) -> ThermalReport {
      let names = sensors.throttlingNames
      return ThermalReport(
        state: ThermalState(sensors.state), source: "NVML", lowPowerMode: false, temperature: sensors.temperature.map(Double.init),
        power: sensors.power, powerLimit: sensors.powerLimit, throttling: names.isEmpty ? nil : names)
    }

    private static var hasThermalZones: Bool { FileManager.default.fileExists(atPath: "/sys/class/thermal/thermal_zone0") }
  #endif
}

extension ThermalState {
  init(_ state: ProcessInfo.ThermalState) {
    self =
      switch state {
      case .nominal: .nominal
      case .fair: .fair
      case .serious: .serious
      case .critical: .critical
      // A state that a later system may add is worse than those.
      @unknown default: .critical
      }
  }
}
