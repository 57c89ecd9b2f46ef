/// How many lanes a launch gets, and how much fuel each: adapted so that it takes a slice's time. Pure.
struct LaunchSize: Sendable, Equatable {
  private(set) var lanes: Int
  private(set) var fuel: UInt32
  /// Seconds that the next launch is likely to take.
  private(set) var expected: Double
  private(set) var slice: SliceTime
  private let minimumLanes: Int
  private let fuelIsFixed: Bool

  /// Below it the launches themselves would be most of the work.
  private static let minimumFuel: UInt32 = 1 << 10
  /// How much longer the next launch may be, at most: a guess that is off by more is met step by step.
  private static let largestGrowth = 4.0

  /// `fuel` is where adaptation starts, unless it is fixed.
  init(lanes: Int, minimumLanes: Int, fuel: UInt32, fuelIsFixed: Bool, slice: SliceTime = SliceTime()) {
    self.lanes = lanes
    self.minimumLanes = minimumLanes
    self.fuel = fuel
    self.fuelIsFixed = fuelIsFixed
    self.slice = slice
    expected = slice.aim
  }

  /// After a launch of `launched` lanes, of which some ran out of fuel or none did. `overhead`: seconds since the launch before
  /// that were not spent on the device.
  mutating func adapt(afterSeconds seconds: Double, overhead: Double = 0, launched: Int, ranOutOfFuel: Bool) {
    slice.adapt(overhead: overhead)
    let before = (lanes: Double(lanes), fuel: Double(fuel))
    let fuelDecides = ranOutOfFuel && !fuelIsFixed
    if seconds < slice.shortest {
      let growth = min(slice.aim / max(seconds, .leastNormalMagnitude), Self.largestGrowth)
      let more = launched == lanes ? min(growth, 2) : 1
      lanes = min(Int(before.lanes * more), PoolPlan.maximumInstances)
      if fuelDecides { fuel = UInt32(min(before.fuel * min(growth / more, 2), Double(UInt32.max))) }
    } else if seconds > slice.longest {
      // In one step, since a first guess may be off by far. Lanes are what fills a wide device: they shrink last.
      let share = slice.aim / seconds
      if fuelDecides, fuel > Self.minimumFuel {
        fuel = max(UInt32(before.fuel * share), Self.minimumFuel)
      } else {
        lanes = max(Int(Double(min(lanes, launched)) * share), minimumLanes)
      }
    }
    expected = seconds * Double(lanes) / before.lanes * Double(fuel) / before.fuel
  }
}

/// The seconds that a launch should take: as short as keeps the time between launches small against it, from 10 ms on; never over
/// 50 ms, so that a display that shares the device does not notice.
struct SliceTime: Sendable, Equatable {
  private(set) var shortest: Double
  private(set) var aim: Double
  let longest: Double
  private let isFixed: Bool

  private static let range = 0.010...0.020
  private static let overheadShare = 0.05

  /// `fixed`: what the user wants it to be.
  init(fixed: Double? = nil) {
    isFixed = fixed != nil
    shortest = fixed.map { $0 * 0.8 } ?? Self.range.lowerBound
    // A device that throttles by half does not pass `longest` before this adapts.
    aim = fixed ?? Self.range.lowerBound * 1.25
    longest = fixed.map { $0 * 1.25 } ?? BurstRules.longestSlice
  }

  mutating func adapt(overhead: Double) {
    if isFixed { return }
    // A single long pause, such as a host call's, is no reason for longer slices: half of the way each time.
    let wanted = min(max(overhead / Self.overheadShare, Self.range.lowerBound), Self.range.upperBound)
    shortest += (wanted - shortest) / 2
    aim = shortest * 1.25
  }
}
