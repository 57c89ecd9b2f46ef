/// How many lanes a launch gets, and how much fuel each: adapted so that a launch takes 10 to 50 ms, long enough that the
/// launch itself is nothing, short enough for a display that shares the device. Pure.
struct LaunchSize: Sendable, Equatable {
  private(set) var lanes: Int
  private(set) var fuel: UInt32
  private let minimumLanes: Int
  private let fuelIsFixed: Bool

  private static let shortest = 0.010
  private static let longest = 0.050
  /// Below it the launches themselves would be most of the work.
  private static let minimumFuel: UInt32 = 1 << 10

  /// `fuel` is where adaptation starts, unless it is fixed.
  init(lanes: Int, minimumLanes: Int, fuel: UInt32, fuelIsFixed: Bool) {
    self.lanes = lanes
    self.minimumLanes = minimumLanes
    self.fuel = fuel
    self.fuelIsFixed = fuelIsFixed
  }

  /// After a launch of `launched` lanes, of which some ran out of fuel or none did.
  mutating func adapt(afterSeconds seconds: Double, launched: Int, ranOutOfFuel: Bool) {
    let fuelDecides = ranOutOfFuel && !fuelIsFixed
    if seconds < Self.shortest {
      // At most four times as long, both together: still under `longest`.
      if launched == lanes { lanes = min(lanes * 2, PoolPlan.maximumInstances) }
      if fuelDecides { fuel = fuel > UInt32.max / 2 ? UInt32.max : fuel * 2 }
    } else if seconds > Self.longest {
      // In one step, since a first guess may be off by far. Lanes are what fills a wide device: they shrink last.
      let share = Self.longest / 2 / seconds
      if fuelDecides, fuel > Self.minimumFuel {
        fuel = max(UInt32(Double(fuel) * share), Self.minimumFuel)
      } else {
        lanes = max(Int(Double(min(lanes, launched)) * share), minimumLanes)
      }
    }
  }
}
