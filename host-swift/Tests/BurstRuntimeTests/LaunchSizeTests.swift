import Testing

@testable import BurstRuntime

@Suite("The size of launches")
struct LaunchSizeTests {
  private func size(lanes: Int = 64, fuel: UInt32 = 1 << 20, fixed: Bool = false) -> LaunchSize {
    LaunchSize(lanes: lanes, minimumLanes: 32, fuel: fuel, fuelIsFixed: fixed)
  }

  @Test(
    "the first launch has the more fuel the emptier a GPU is, up to eight times as much",
    arguments: [(1, 22), (1024, 22), (32_768, 22), (65_536, 21), (131_072, 20), (262_144, 19), (1 << 20, 19)])
  func first(lanes: Int, fuelBits: Int) {
    #expect(Device.Kind.cuda.initialSliceFuel(lanes: lanes) == 1 << fuelBits)
    #expect(Device.Kind.cpu.initialSliceFuel(lanes: lanes) == 1 << 22)
  }

  @Test("a short launch grows in what bounded it")
  func grows() {
    var bounded = size()
    bounded.adapt(afterSeconds: 0.001, launched: 64, ranOutOfFuel: true)
    #expect(bounded.lanes == 128 && bounded.fuel == 1 << 21)
    var few = size()
    few.adapt(afterSeconds: 0.001, launched: 3, ranOutOfFuel: true)
    #expect(few.lanes == 64 && few.fuel == 1 << 22)
    var all = size()
    all.adapt(afterSeconds: 0.001, launched: 64, available: 64, ranOutOfFuel: true)
    #expect(all.lanes == 64 && all.fuel == 1 << 22)
    var ended = size()
    ended.adapt(afterSeconds: 0.001, launched: 64, ranOutOfFuel: false)
    #expect(ended.lanes == 128 && ended.fuel == 1 << 20)
    var right = size()
    right.adapt(afterSeconds: 0.03, launched: 64, ranOutOfFuel: true)
    #expect(right.lanes == 64 && right.fuel == 1 << 20 && right.expected == 0.03)
  }

  @Test("a long launch shrinks in proportion, first in fuel, then in lanes, and neither below its least")
  func shrinks() {
    var long = size(lanes: 4096)
    long.adapt(afterSeconds: 10, launched: 4096, ranOutOfFuel: true)
    #expect(long.lanes == 4096 && long.fuel == 1310)
    for _ in 0..<9 { long.adapt(afterSeconds: 10, launched: long.lanes, ranOutOfFuel: true) }
    #expect(long.lanes == 32 && long.fuel == 1024)
    var unfuelled = size(lanes: 4096)
    unfuelled.adapt(afterSeconds: 0.1, launched: 4096, ranOutOfFuel: false)
    #expect(unfuelled.lanes == 512 && unfuelled.fuel == 1 << 20)
  }

  @Test("fixed fuel stays, whatever the time, and fuel does not overflow")
  func fixedFuel() {
    var fixed = size(fuel: 3, fixed: true)
    fixed.adapt(afterSeconds: 0.001, launched: 64, ranOutOfFuel: true)
    fixed.adapt(afterSeconds: 9, launched: 128, ranOutOfFuel: true)
    #expect(fixed.fuel == 3 && fixed.lanes == 32)
    var large = size(fuel: UInt32.max - 5)
    large.adapt(afterSeconds: 0, launched: 1, ranOutOfFuel: true)
    #expect(large.fuel == UInt32(Int32.max))
  }

  @Test("slices grow longer where the time between them is more than a twentieth, up to 25 ms, and shorter again")
  func overhead() {
    var slice = SliceTime()
    #expect(slice.shortest == 0.01)
    for _ in 0..<20 { slice.adapt(overhead: 0.002) }
    #expect(abs(slice.shortest - 0.02) < 1e-6 && abs(slice.aim - 0.025) < 1e-6)
    for _ in 0..<40 { slice.adapt(overhead: 0.0001) }
    #expect(abs(slice.shortest - 0.01) < 1e-6)
  }

  @Test("without a display slices are 30 to 40 ms long; while lanes are filled anew as long as elsewhere")
  func headless() {
    var slice = SliceTime(isHeadless: true)
    #expect(abs(slice.aim - 0.03) < 1e-9)
    for _ in 0..<20 { slice.adapt(overhead: 0.002) }
    #expect(abs(slice.aim - 0.04) < 1e-6 && slice.aim < slice.longest)
    var (refilled, other) = (slice, SliceTime())
    for _ in 0..<40 {
      refilled.adapt(overhead: 0.0001, turnover: 0.1)
      other.adapt(overhead: 0.0001, turnover: 0.1)
    }
    #expect(abs(refilled.aim - other.aim) < 1e-6)
  }

  @Test("while other pools wait slices are short again, also where no display does, and long when they have gone")
  func shared() {
    var size = LaunchSize(lanes: 64, minimumLanes: 32, fuel: 4_000_000, fuelIsFixed: false, slice: SliceTime(isHeadless: true))
    var seconds: Double { Double(size.fuel) * 1e-8 }
    size.adapt(afterSeconds: seconds, launched: 64, ranOutOfFuel: true)
    #expect(abs(seconds - 0.040) < 1e-6)
    size.adapt(afterSeconds: seconds, launched: 64, ranOutOfFuel: true, isShared: true)
    #expect(abs(seconds - 0.0125) < 1e-6)
    for _ in 0..<20 { size.adapt(afterSeconds: seconds, overhead: 0.002, launched: 64, ranOutOfFuel: true, isShared: true) }
    #expect((0.010...0.025).contains(seconds))
    for _ in 0..<20 { size.adapt(afterSeconds: seconds, launched: 3, ranOutOfFuel: true) }
    #expect((0.024...0.040).contains(seconds))
  }

  @Test("a slice's time that the user sets is met, whoever waits")
  func fixedAndShared() {
    var five = SliceTime(fixed: 0.030, isHeadless: true)
    five.isShared = true
    #expect(five == SliceTime(fixed: 0.030, isHeadless: true, isShared: true) && five.aim == 0.030 && five.longest == 0.0375)
  }

  @Test("a slice's time that the user sets is met within a quarter")
  func fixedTime() {
    var five = LaunchSize(lanes: 64, minimumLanes: 32, fuel: 1 << 12, fuelIsFixed: false, slice: SliceTime(fixed: 0.005))
    for _ in 0..<20 { five.adapt(afterSeconds: Double(five.fuel) * 1e-9, overhead: 0.01, launched: 3, ranOutOfFuel: true) }
    #expect((0.00375...0.00625).contains(Double(five.fuel) * 1e-9))
  }

  @Test("lanes that end together are no reason for short slices, as lanes are that end one by one", arguments: [0.0005, 0])
  func endingTogether(overhead: Double) {
    func aim(idleShare: Double) -> Double {
      var size = LaunchSize(lanes: 64, minimumLanes: 32, fuel: 1 << 20, fuelIsFixed: false)
      for _ in 0..<10 {
        size.adapt(afterSeconds: 0.011, overhead: overhead, launched: 64, ranOutOfFuel: false, endedShare: 1, idleShare: idleShare)
      }
      return size.slice.aim
    }
    if overhead > 0 { #expect(aim(idleShare: 0) > 0.011 && aim(idleShare: 0.5) < 0.006) }
    #expect((0.001...0.025).contains(aim(idleShare: 0)))
  }
}
