import BurstProtocol
import BurstTransport
import Foundation

/// Collects the events of all devices and sends them a few times a second; every other second it asks for the heat.
final class ScheduleWatch: Sendable {
  private struct State {
    var events: [ScheduleEvent] = []
    var isWatching = false
  }

  private let state = Locked(State())
  private let queue = DispatchQueue(label: "wasmburst.schedule")
  private let schedulers: [DeviceScheduler]
  private let send: @Sendable ([ScheduleEvent]) -> Void

  private static let sendInterval = DispatchTimeInterval.milliseconds(100)
  private static let heatInterval = DispatchTimeInterval.seconds(2)

  init(_ schedulers: [DeviceScheduler], send: @escaping @Sendable ([ScheduleEvent]) -> Void) {
    self.schedulers = schedulers
    self.send = send
  }

  func set(watching: Bool) {
    let changed = state.withLock { state in
      defer { state.isWatching = watching }
      return state.isWatching != watching
    }
    guard changed else { return }
    let observer: @Sendable (ScheduleEvent) -> Void = { [weak self] event in self?.add(event) }
    for scheduler in schedulers { scheduler.observe(watching ? observer : nil) }
    if watching { askForHeat() }
  }

  private func add(_ event: ScheduleEvent) {
    let isFirst = state.withLock { state in
      defer { state.events.append(event) }
      return state.events.isEmpty
    }
    if isFirst { queue.asyncAfter(deadline: .now() + Self.sendInterval) { [weak self] in self?.flush() } }
  }

  /// Sends what there is, so that what happened stands before the answer that follows.
  func flush() {
    let events = state.withLock { state in
      defer { state.events = [] }
      return state.events
    }
    if !events.isEmpty { send(events) }
  }

  private func askForHeat() {
    guard state.withLock({ $0.isWatching }) else { return }
    for scheduler in schedulers { scheduler.reportHeat() }
    queue.asyncAfter(deadline: .now() + Self.heatInterval) { [weak self] in self?.askForHeat() }
  }
}
