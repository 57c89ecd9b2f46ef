import BurstProtocol
import Testing

@testable import BurstRuntime

@Suite("The fuel of first launches")
struct LearnedFuelTests {
  /// Seconds of the slices of a run whose lanes each need `work` units of `cost` seconds.
  private func run(_ learned: inout LearnedFuel<Int>, work: Double, cost: Double) -> [Double] {
    let first = learned.fuel(of: 0)
    var size = LaunchSize(
      lanes: 1024, minimumLanes: 32, fuel: first ?? 1 << 19, fuelIsFixed: false, expected: first == nil ? nil : learned.aim)
    var left = work
    var slices: [Double] = []
    while left > 0 {
      let fuel = size.fuel
      let seconds = min(left, Double(fuel)) * cost
      left -= Double(fuel)
      slices.append(seconds)
      learned.observe(0, seconds: seconds, fuel: fuel, lanes: 1024, outOfFuel: left > 0 ? 1024 : 0)
      size.adapt(
        afterSeconds: seconds, overhead: 0.0005, launched: 1024, available: left > 0 ? 1024 : 0, ranOutOfFuel: left > 0)
    }
    return slices
  }

  @Test("a kernel of 11 ms becomes one slice, one of 49 ms three")
  func fewSlices() {
    let unit = 0.00228 / Double(1 << 19)
    for (seconds, count) in [(0.0113, 1), (0.0494, 3)] {
      var learned = LearnedFuel<Int>(BurstRules())
      let first = run(&learned, work: seconds / unit, cost: unit)
      for _ in 0..<4 { _ = run(&learned, work: seconds / unit, cost: unit) }
      let last = run(&learned, work: seconds / unit, cost: unit)
      #expect(first.count > count && last.count == count)
    }
  }

  @Test("where each unit of fuel suddenly takes thirty times as long, the first slice is over in 0.6 s, and the next run's first in 20 ms")
  func wrongGuess() {
    var learned = LearnedFuel<Int>(BurstRules())
    for _ in 0..<20 { _ = run(&learned, work: 1e8, cost: 1e-9) }
    let slow = run(&learned, work: 1e9, cost: 3e-8)
    #expect(slow[0] < 0.61)
    #expect(slow[1...].allSatisfy { $0 < 0.05 })
    #expect(run(&learned, work: 1e9, cost: 3e-8)[0] < 0.0201)
  }

  @Test("a lower guess counts at once, a higher one by half, and at most four times what was seen")
  func smoothing() {
    var learned = LearnedFuel<Int>(BurstRules())
    learned.observe(0, seconds: 0.001, fuel: 10_000, lanes: 8, outOfFuel: 8)
    #expect(learned.fuel(of: 0) == 40_000)
    learned.observe(0, seconds: 0.040, fuel: 20_000, lanes: 8, outOfFuel: 8)
    #expect(learned.fuel(of: 0) == 10_000)
    learned.observe(0, seconds: 0.020, fuel: 30_000, lanes: 8, outOfFuel: 8)
    #expect(learned.fuel(of: 0) == 20_000)
    #expect(learned.fuel(of: 1) == nil)
  }

  @Test("where few of the lanes ran for as long, all may the next time")
  func fewRan() {
    var learned = LearnedFuel<Int>(BurstRules())
    learned.observe(0, seconds: 0.010, fuel: 80_000, lanes: 1024, outOfFuel: 1)
    #expect(learned.fuel(of: 0) == 20_000)
    learned.observe(1, seconds: 0.010, fuel: 80_000, lanes: 1024, outOfFuel: 512)
    #expect(learned.fuel(of: 1) == 80_000)
  }

  @Test("a launch that ended by itself says nothing, unless it was too long")
  func ended() {
    var learned = LearnedFuel<Int>(BurstRules())
    learned.observe(0, seconds: 0.030, fuel: 1 << 20, lanes: 8, outOfFuel: 0)
    #expect(learned.fuel(of: 0) == nil)
    learned.observe(0, seconds: 0.200, fuel: 1 << 20, lanes: 8, outOfFuel: 0)
    #expect(learned.fuel(of: 0) == 104_857)
  }

  @Test("a slice's time that the user sets, and a short burst, are what the first launch aims at")
  func rules() throws {
    #expect(LearnedFuel<Int>(BurstRules()).aim == 0.020)
    #expect(LearnedFuel<Int>(BurstRules(), isHeadless: true).aim == 0.040)
    var short = try BurstRules(ScheduleSettings(slice: 2))
    #expect(LearnedFuel<Int>(short).aim == 0.002)
    short = try BurstRules(ScheduleSettings(burst: 15))
    #expect(LearnedFuel<Int>(short).aim == 0.015)
  }

  @Test("no time that is measured makes fuel overflow or vanish")
  func extremes() {
    var learned = LearnedFuel<Int>(BurstRules())
    learned.observe(0, seconds: 0, fuel: UInt32(Int32.max), lanes: 8, outOfFuel: 8)
    #expect(learned.fuel(of: 0) == UInt32(Int32.max))
    learned.observe(0, seconds: 100, fuel: 1 << 10, lanes: 8, outOfFuel: 8)
    #expect(learned.fuel(of: 0) == 1024)
  }

  /// Seconds of the slices of a run of jobs over 64 lanes; `work`: units of each, all of a launch as slow as its longest lane.
  private func refilledRun(_ learned: inout LearnedFuel<Int>, work: [Double], cost: Double) -> [Double] {
    let lanes = 64
    let first = learned.refilled(0)
    var size = LaunchSize(
      lanes: lanes, minimumLanes: 32, fuel: first?.fuel ?? 1 << 19, fuelIsFixed: false, slice: first?.slice ?? SliceTime())
    var jobs = work[...]
    var left: [Double] = []
    var slices: [Double] = []
    while !jobs.isEmpty || !left.isEmpty {
      while left.count < lanes, let job = jobs.popFirst() { left.append(job) }
      let fuel = size.fuel
      let used = left.map { UInt64(min($0, Double(fuel))) }
      let use = JobQueue.FuelUse(lanes: used.count, together: used.reduce(0, +), longest: used.max() ?? 0)
      let longest = Double(use.longest)
      let launched = left.count
      left = left.map { $0 - Double(fuel) }.filter { $0 > 0 }
      slices.append(longest * cost)
      size.adapt(
        afterSeconds: longest * cost, overhead: 0.0005, launched: launched, available: lanes, ranOutOfFuel: !left.isEmpty,
        endedShare: Double(launched - left.count) / Double(launched), idleShare: 1 - use.busyShare, longestFuel: use.longest)
      learned.observe(0, seconds: longest * cost, fuel: fuel, lanes: launched, outOfFuel: left.count)
      learned.observe(0, refilled: size.slice)
    }
    return slices
  }

  @Test("a run of jobs of 11 ms becomes a slice for each time that they fill the lanes")
  func equalJobs() {
    let unit = 0.00228 / Double(1 << 19)
    var learned = LearnedFuel<Int>(BurstRules())
    let work = Array(repeating: 0.0113 / unit, count: 256)
    let first = refilledRun(&learned, work: work, cost: unit)
    for _ in 0..<4 { _ = refilledRun(&learned, work: work, cost: unit) }
    #expect(first.count > 4)
    #expect(refilledRun(&learned, work: work, cost: unit).count == 4)
  }

  @Test("where jobs are of unlike lengths, no slice of a later run is longer than slices came to be in the first")
  func unlikeJobs() {
    let unit = 0.00228 / Double(1 << 19)
    var learned = LearnedFuel<Int>(BurstRules())
    let work = (0..<4_000).map { Double(1 + $0 * 37 % 100) * 0.00004 / unit }
    let first = refilledRun(&learned, work: work, cost: unit)
    for _ in 0..<4 {
      let next = refilledRun(&learned, work: work, cost: unit)
      #expect(next[0] <= first[first.count / 2] * 1.5)
    }
  }

  @Test("where each unit of fuel suddenly takes thirty times as long, the first slice of a run of jobs is over in 0.6 s")
  func wrongGuessOfJobs() {
    var learned = LearnedFuel<Int>(BurstRules())
    for _ in 0..<20 { _ = refilledRun(&learned, work: Array(repeating: 1e8, count: 256), cost: 1e-9) }
    #expect(refilledRun(&learned, work: Array(repeating: 1e9, count: 64), cost: 3e-8)[0] < 0.61)
  }
}
