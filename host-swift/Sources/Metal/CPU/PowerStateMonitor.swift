import Foundation
import Synchronization

/// Turns the files of `ThermalZones` and `PlatformProfile`, which only can be polled, into notifications.
final class PowerStateMonitor: Sendable {
  static let shared = PowerStateMonitor()

  private static let interval = DispatchTimeInterval.seconds(2)

  private struct State {
    var isRunning = false
    var thermalState = ProcessInfo.ThermalState.nominal
    var isLowPower = false
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "wasmburst.power-state", qos: .utility)

  func startIfNeeded() {
    let starts = state.withLock { state in
      if state.isRunning { return false }
      state = State(isRunning: true, thermalState: ThermalZones.system.state, isLowPower: PlatformProfile.system.isLowPower)
      return true
    }
    if starts { schedulePoll() }
  }

  private func schedulePoll() {
    queue.asyncAfter(deadline: .now() + Self.interval) { [self] in
      poll()
      schedulePoll()
    }
  }

  private func poll() {
    let thermalState = ThermalZones.system.state
    let isLowPower = PlatformProfile.system.isLowPower
    let changed = state.withLock { state in
      defer { (state.thermalState, state.isLowPower) = (thermalState, isLowPower) }
      return (thermal: state.thermalState != thermalState, power: state.isLowPower != isLowPower)
    }
    let processInfo = ProcessInfo.processInfo
    if changed.thermal {
      NotificationCenter.default.post(name: ProcessInfo.thermalStateDidChangeNotification, object: processInfo)
    }
    if changed.power {
      NotificationCenter.default.post(name: .NSProcessInfoPowerStateDidChange, object: processInfo)
    }
  }
}
