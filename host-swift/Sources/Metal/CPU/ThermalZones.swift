import Foundation

/// The kernel's thermal zones: each has a temperature and the trip points at which the system itself reacts.
struct ThermalZones: Sendable {
  let directory: String

  static let system = ThermalZones(directory: "/sys/class/thermal")

  /// The worst of the zones: past a critical trip point critical, past a hot one serious, past a passive one fair.
  var state: ProcessInfo.ThermalState {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let states = names.filter { $0.hasPrefix("thermal_zone") }.map { state(ofZone: "\(directory)/\($0)") }
    return states.max { $0.rawValue < $1.rawValue } ?? .nominal
  }

  private func state(ofZone zone: String) -> ProcessInfo.ThermalState {
    guard let temperature = number("\(zone)/temp") else { return .nominal }
    var worst = ProcessInfo.ThermalState.nominal
    var index = 0
    while case let kind = word("\(zone)/trip_point_\(index)_type"), !kind.isEmpty {
      // Zones without a sensor, or with an unset trip point, report 0 or less.
      if let trip = number("\(zone)/trip_point_\(index)_temp"), trip > 0, temperature >= trip {
        let state = Self.state(pastTripPoint: kind)
        if state.rawValue > worst.rawValue { worst = state }
      }
      index += 1
    }
    return worst
  }

  private static func state(pastTripPoint kind: String) -> ProcessInfo.ThermalState {
    switch kind {
    case "critical": .critical
    case "hot": .serious
    case "passive": .fair
    default: .nominal
    }
  }

  private func word(_ path: String) -> String {
    Machine.text(of: path).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func number(_ path: String) -> Int? {
    Int(word(path))
  }
}

/// The firmware's power profile.
struct PlatformProfile: Sendable {
  let path: String

  static let system = PlatformProfile(path: "/sys/firmware/acpi/platform_profile")

  var isLowPower: Bool {
    Machine.text(of: path).trimmingCharacters(in: .whitespacesAndNewlines) == "low-power"
  }
}
