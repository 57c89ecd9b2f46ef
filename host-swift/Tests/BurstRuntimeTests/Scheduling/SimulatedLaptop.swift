import BurstProtocol

@testable import BurstRuntime

/// A passively cooled laptop in virtual time: heat comes in while the GPU is busy and is lost in proportion to the difference to the
/// room; beyond a temperature the clock halves until it has fallen well below. The numbers are a model, not a measurement.
struct SimulatedLaptop {
  private(set) var now = 0.0
  private(set) var temperature = room
  private(set) var isThrottled = false
  /// Seconds that the work done would take at full speed.
  private(set) var work = 0.0
  private(set) var busy = 0.0
  private(set) var reported = ThermalState.nominal
  /// Where it is false the system says "nominal" whatever the temperature.
  let reportsState: Bool

  private static let room = 25.0
  /// Kelvin above the room at full load in the end.
  private static let rise = 80.0
  private static let timeConstant = 240.0
  private static let throttle = (begins: 95.0, ends: 88.0)
  private static let throttledSpeed = 0.5
  /// Memory, leakage and a voltage that falls no further: half the speed is not half the heat.
  private static let throttledPower = 0.8
  private static let limits: [(state: ThermalState, above: Double)] = [(.fair, 75), (.serious, 85), (.critical, 98)]
  private static let hysteresis = 2.0
  private static let step = 0.010

  init(reportsState: Bool = true) { self.reportsState = reportsState }

  var speed: Double { isThrottled ? Self.throttledSpeed : 1 }

  /// Runs what takes `seconds` at full speed; returns the seconds that it took.
  mutating func run(_ seconds: Double) -> Double {
    let start = now
    var left = seconds
    while left > 0 {
      let step = min(Self.step, left / speed)
      left -= step * speed
      if left < 1e-12 { left = 0 }
      pass(step, load: isThrottled ? Self.throttledPower : 1)
    }
    work += seconds
    busy += now - start
    return now - start
  }

  mutating func idle(_ seconds: Double) {
    var left = seconds
    while left > 0 {
      pass(min(Self.step, left), load: 0)
      left -= Self.step
    }
  }

  private mutating func pass(_ seconds: Double, load: Double) {
    now += seconds
    temperature += (Self.rise * load - (temperature - Self.room)) * seconds / Self.timeConstant
    isThrottled = temperature > (isThrottled ? Self.throttle.ends : Self.throttle.begins)
    guard reportsState else { return }
    reported =
      Self.limits.last { temperature > $0.above - ($0.state <= reported ? Self.hysteresis : 0) }?.state ?? .nominal
  }
}
