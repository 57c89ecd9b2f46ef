/// The fuel that makes a kernel's first launch take a slice's time, learned from the launches before: so a run does not begin with small
/// slices each time. Pure.
///
/// Fuel is charged by what instructions cost, but other arguments may make each unit slower, at worst some thirty times, as by waiting for
/// memory. A first launch that aims at 20 ms is then over in 0.6 s, and the next run knows better. Where no display waits, it aims at 40.
struct LearnedFuel<Kind: Hashable & Sendable>: Sendable {
  /// Seconds that a first launch should take.
  let aim: Double
  private let longest: Double
  private var known: [Kind: UInt32] = [:]
  private var slices: [Kind: SliceTime] = [:]

  private static func firstSlice(isHeadless: Bool) -> Double { isHeadless ? 0.040 : 0.020 }
  /// Against a launch that was seen.
  private static var largestGrowth: Double { 4 }
  /// How much longer a unit of fuel takes on a full GPU than for a single lane, at most (`Device.Kind.initialSliceFuel`).
  private static var fullOverEmpty: Double { 8 }

  init(_ rules: BurstRules, isHeadless: Bool = false) {
    aim = rules.slice ?? min(Self.firstSlice(isHeadless: isHeadless), rules.burst)
    longest = SliceTime(fixed: rules.slice).longest
  }

  /// For a launch of so many seconds, `aim` at most and by default. `nil`: nothing is known yet.
  func fuel(of kind: Kind, aimingAt seconds: Double = .infinity) -> UInt32? { known[kind].map { reduced($0, to: seconds) } }

  private func reduced(_ fuel: UInt32, to seconds: Double) -> UInt32 {
    UInt32(max(Double(fuel) * min(seconds / aim, 1), Double(LaunchSize.minimumFuel)))
  }

  /// For the first launch of a run of jobs, whose lanes are filled anew between slices: one that is long beside the jobs leaves lanes idle,
  /// so it is to be as long as the last ones of the run before. `nil`: there was none.
  func refilled(_ kind: Kind) -> (fuel: UInt32?, slice: SliceTime)? {
    guard let slice = slices[kind] else { return nil }
    return (known[kind].map { reduced($0, to: slice.aim) }, slice)
  }

  /// What slices of a run of jobs aim at after a launch.
  mutating func observe(_ kind: Kind, refilled slice: SliceTime) { slices[kind] = slice }

  /// A launch of `lanes`, of which `outOfFuel` had used all of their `fuel`.
  mutating func observe(_ kind: Kind, seconds: Double, fuel: UInt32, lanes: Int, outOfFuel: Int) {
    // One that ended by itself was no shorter for its fuel; it says something only where it was too long.
    guard outOfFuel > 0 || seconds > longest else { return }
    // With other arguments all lanes may run for as long as some did.
    let fuller = outOfFuel > 0 ? min(Double(lanes) / Double(outOfFuel), Self.fullOverEmpty) : 1
    let share = min(aim / max(seconds * fuller, .leastNormalMagnitude), Self.largestGrowth)
    let wanted = min(max(Double(fuel) * share, Double(LaunchSize.minimumFuel)), Double(Int32.max))
    // Less at once, more by half of the way: runs whose arguments differ are begun for the slow ones.
    let before = known[kind].map(Double.init) ?? wanted
    known[kind] = UInt32(wanted < before ? wanted : (before + wanted) / 2)
  }
}
