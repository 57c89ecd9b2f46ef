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
  static let minimumFuel: UInt32 = 1 << 10
  /// How much longer the next launch may be, at most: a guess that is off by more is met step by step.
  private static let largestGrowth = 4.0

  /// `fuel` is where adaptation starts, unless it is fixed. `expected`: seconds of the first launch; `nil`: what slices aim at.
  init(lanes: Int, minimumLanes: Int, fuel: UInt32, fuelIsFixed: Bool, slice: SliceTime = SliceTime(), expected: Double? = nil) {
    self.lanes = lanes
    self.minimumLanes = minimumLanes
    self.fuel = fuel
    self.fuelIsFixed = fuelIsFixed
    self.slice = slice
    self.expected = expected ?? slice.aim
  }

  /// After a launch of `launched` lanes, of which some ran out of fuel or none did. `overhead`: seconds since the launch before
  /// that were not spent on the device. `available`: lanes that the next launch can have at most. `longestFuel`: what the longest lane used, where lanes that end are filled anew.
  /// `endedShare`: of the lanes launched, where others take their place in the next launch; 0 where none do. `idleShare`: of the lanes' time,
  /// what those lost that ended before the last; `nil`: as where they end one by one throughout. Lanes that end together lose nothing. `isShared`: other pools wait for
  /// the ends of slices.
  mutating func adapt(
    afterSeconds seconds: Double, overhead: Double = 0, launched: Int, available: Int = .max, ranOutOfFuel: Bool,
    endedShare: Double = 0, idleShare: Double? = nil, longestFuel: UInt64? = nil, isShared: Bool = false
  ) {
    slice.isShared = isShared
    let lost = max(idleShare.map { $0 * 2 } ?? endedShare, .leastNormalMagnitude)
    slice.adapt(overhead: overhead, turnover: endedShare > 0 ? seconds / lost : nil)
    let before = (lanes: Double(lanes), fuel: Double(fuel))
    let fuelDecides = ranOutOfFuel && !fuelIsFixed
    if seconds < slice.shortest {
      let growth = min(slice.aim / max(seconds, .leastNormalMagnitude), Self.largestGrowth)
      // Lanes that there are not make nothing longer: then all growth is fuel's.
      let more = launched == lanes && available > lanes ? min(growth, 2) : 1
      lanes = min(Int(before.lanes * more), PoolPlan.maximumInstances)
      if fuelDecides { fuel = UInt32(min(before.fuel * growth / more, Double(Int32.max))) }
    } else if seconds > (endedShare > 0 ? slice.aim * 2 : slice.longest) {
      // In one step, since a first guess may be off by far. Lanes are what fills a wide device: they shrink last.
      let share = slice.aim / seconds
      // Where no lane ran out of fuel, less than the longest one used is what makes the launch shorter.
      let used = ranOutOfFuel ? before.fuel : min(before.fuel, Double(longestFuel ?? 0))
      if !fuelIsFixed, used > Double(Self.minimumFuel), fuel > Self.minimumFuel {
        fuel = max(UInt32(used * share), Self.minimumFuel)
      } else {
        lanes = max(Int(Double(min(lanes, launched)) * share), minimumLanes)
      }
    }
    expected = seconds * Double(lanes) / before.lanes * Double(fuel) / before.fuel
  }
}

/// The seconds that a launch should take: as short as keeps the time between launches small against it, from 10 ms on; never over
/// 50 ms, so that a display that shares the device does not notice. Without one 24 ms are the least: jsontree on an H100, whose
/// 131,072 instances take 20 ms together, ran 1.2 times as fast as with slices of 12 ms (docs/performance.md). But where other pools wait for
/// the end of each slice, 10 ms are the least again, and 25 the most: one with small invocations waited 40 ms for each of them there.
struct SliceTime: Sendable, Equatable {
  private(set) var shortest: Double
  private(set) var aim: Double
  /// Other pools wait for the device.
  var isShared: Bool {
    didSet {
      guard isShared, !oldValue, !isFixed else { return }
      shortest = range.lowerBound
      aim = shortest * 1.25
    }
  }
  private let fixed: Double?
  private let isHeadless: Bool

  private var isFixed: Bool { fixed != nil }
  private var range: ClosedRange<Double> { Self.range(isHeadless: isHeadless, isShared: isShared) }
  var longest: Double { fixed.map { $0 * 1.25 } ?? (isShared ? range.upperBound * 1.25 : BurstRules.longestSlice) }

  private static let overheadShare = 0.05
  private static let shortestRefilled = 0.001
  private static let longestRefilled = 0.020

  /// `fixed`: what the user wants it to be. `isHeadless`: no display shares the device.
  init(fixed: Double? = nil, isHeadless: Bool = false, isShared: Bool = false) {
    self.fixed = fixed
    self.isHeadless = isHeadless
    self.isShared = isShared
    shortest = fixed.map { $0 * 0.8 } ?? Self.range(isHeadless: isHeadless, isShared: isShared).lowerBound
    aim = fixed ?? shortest * 1.25
  }

  /// Of what is the shortest.
  private static func range(isHeadless: Bool, isShared: Bool) -> ClosedRange<Double> {
    isHeadless && !isShared ? 0.024...0.032 : 0.010...0.020
  }

  /// `turnover`: seconds in which as many lanes end as there are, where lanes that end are filled anew between launches.
  mutating func adapt(overhead: Double, turnover: Double? = nil) {
    if isFixed { return }
    if let turnover {
      // On average a lane that ends is idle for half of the launch: with launches of s seconds that costs s / 2 turnover, and launching
      // costs overhead / s. The sum is least at:
      let best = (2 * overhead * turnover).squareRoot()
      let wanted = min(max(best, Self.shortestRefilled), Self.longestRefilled)
      shortest += (wanted - shortest) / 2
      aim = shortest * 1.25
      return
    }
    // A single long pause, such as a host call's, is no reason for longer slices: half of the way each time.
    let wanted = min(max(overhead / Self.overheadShare, range.lowerBound), range.upperBound)
    shortest += (wanted - shortest) / 2
    aim = shortest * 1.25
  }
}
