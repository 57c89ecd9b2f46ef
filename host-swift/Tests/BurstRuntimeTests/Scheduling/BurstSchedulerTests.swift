import BurstProtocol
import Testing

@testable import BurstRuntime

@Suite("Bursts and cool-downs in virtual time")
struct BurstSchedulerTests {
  private static func rules(_ policy: BurstPolicy) -> BurstRules {
    var rules = BurstRules()
    rules.policy = policy
    return rules
  }

  private static func twoHours(_ policy: BurstPolicy, _ laptop: SimulatedLaptop = SimulatedLaptop()) -> SimulatedRun {
    var run = SimulatedRun(rules(policy), laptop: laptop)
    run.run()
    return run
  }

  private static let runs = BurstPolicy.allCases.map { (policy: $0, run: twoHours($0)) }

  private static func run(_ policy: BurstPolicy) -> SimulatedRun { runs.first { $0.policy == policy }!.run }

  private static func forced(_ state: ThermalState, _ rules: BurstRules = BurstRules(), seconds: Double = 600) -> SimulatedRun {
    var run = SimulatedRun(rules)
    run.run(until: seconds, force: { _ in state })
    return run
  }

  @Test("two hours: no burst over 500 ms, and no slice over 50 ms once the first are adapted", arguments: BurstPolicy.allCases)
  func bounds(policy: BurstPolicy) {
    let run = Self.run(policy)
    #expect(run.bursts.count > 1000)
    #expect(run.bursts.allSatisfy { $0.length <= 0.5 })
    #expect(run.slices.dropFirst(10).allSatisfy { $0.seconds <= 0.05 })
    // Long enough that launching is a small part of it.
    #expect(run.slices.dropFirst(10).allSatisfy { $0.seconds >= 0.01 })
  }

  @Test("the duty is the table's", arguments: zip(ThermalState.allCases, [0.96...1.0, 0.65...0.67, 0.323...0.343, 0...0]))
  func duty(state: ThermalState, expected: ClosedRange<Double>) {
    #expect(expected.contains(Self.forced(state).duty))
  }

  @Test("while it is cool nothing rests")
  func noIdling() {
    let run = Self.forced(.nominal)
    #expect(run.bursts.allSatisfy { $0.rest < 0.001 })
  }

  @Test("a serious state: a second of rest after each burst of half a second")
  func serious() {
    let run = Self.forced(.serious)
    #expect(run.bursts.dropFirst().dropLast().allSatisfy { (0.45...0.5).contains($0.length) && (0.9...1.01).contains($0.rest) })
  }

  @Test("`sustained` is one burst and one cool-down in turn in every state", arguments: ThermalState.allCases)
  func sustained(state: ThermalState) {
    let run = Self.forced(state, Self.rules(.sustained), seconds: 60)
    #expect((0.313...0.353).contains(run.duty))
    #expect(run.bursts.dropFirst().dropLast().allSatisfy { (0.45...0.5).contains($0.length) && (0.9...1.01).contains($0.rest) })
  }

  @Test("`unthrottled` never rests, whatever the state", arguments: ThermalState.allCases)
  func unthrottled(state: ThermalState) {
    #expect(Self.forced(state, Self.rules(.unthrottled), seconds: 60).duty > 0.96)
  }

  @Test(
    "a rise of the state ends the burst with the slice in flight, a fall ends the cool-down", arguments: [ThermalState.serious, .critical])
  func reaction(state: ThermalState) throws {
    // Off the beat of bursts, so that a change falls within one.
    let hot = 3.2...7.9
    var run = SimulatedRun(BurstRules())
    run.run(until: 12, force: { hot.contains($0) ? state : .nominal })
    let inFlight = try #require(run.slices.last { $0.start < hot.lowerBound })
    let next = try #require(run.slices.first { $0.start >= inFlight.start + inFlight.seconds })
    // The burst before was cut short: it rests by its length.
    #expect(next.start - inFlight.start - inFlight.seconds > 0.05)
    let resumed = try #require(run.slices.first { $0.start > hot.upperBound })
    #expect(resumed.start - hot.upperBound < 0.02)
    if state == .critical { #expect(!run.slices.contains { hot.contains($0.start) }) }
  }

  @Test("time in which the host served calls counts as rest")
  func hostCalls() {
    var run = SimulatedRun(BurstRules())
    run.run(until: 120, force: { _ in .fair }, pause: { $0 % 10 == 0 ? 0.1 : 0 })
    #expect(run.bursts.allSatisfy { $0.length <= 0.5 + 0.1 })
    // About 12 slices of 12 ms, then a tenth of a second: rest enough without any other.
    #expect(run.duty > 0.5 && run.duty < 0.67)
  }

  @Test("all work is done, through every state in turn", arguments: BurstPolicy.allCases)
  func allWork(policy: BurstPolicy) {
    var run = SimulatedRun(Self.rules(policy))
    run.run(work: 300, force: { ThermalState.allCases[Int($0 / 20) % 4] })
    #expect(run.laptop.work >= 300 && run.laptop.work < 300.1)
  }

  @Test("in two hours `adaptive` does more work than `unthrottled`, which throttles, and than `sustained`")
  func comparison() throws {
    let work = Self.run(.adaptive).laptop.work
    #expect(work > 1.15 * Self.run(.unthrottled).laptop.work)
    #expect(work > 1.8 * Self.run(.sustained).laptop.work)
    #expect(Self.run(.unthrottled).laptop.isThrottled)
    try PolicyPicture(runs: Self.runs).check()
  }

  @Test("a laptop that throttles without saying so is noticed by its fuel, and does better than one that is not spared")
  func hiddenThrottling() throws {
    let run = Self.twoHours(.adaptive, SimulatedLaptop(reportsState: false))
    let unthrottled = Self.run(.unthrottled)
    let first = try #require(run.slices.first { $0.state > .nominal })
    #expect(run.detected.first.map { $0.state } == .fair)
    // Until the throttling begins nothing was taken for it.
    #expect(first.start > 100)
    #expect(run.laptop.work > 1.1 * unthrottled.laptop.work)
  }

  @Test("settings out of range are refused by field, and a shorter burst keeps the duty")
  func settings() throws {
    #expect(try BurstRules(nil) == BurstRules())
    let short = try BurstRules(ScheduleSettings(policy: .sustained, burst: 100))
    #expect(short.coolDown == 0.2)
    #expect((0.31...0.35).contains(Self.forced(.nominal, short, seconds: 60).duty))
    let own = try BurstRules(ScheduleSettings(policy: .sustained, burst: 200, coolDown: 50, slice: 5))
    let run = Self.forced(.critical, own, seconds: 60)
    #expect((0.75...0.81).contains(run.duty))
    #expect(run.slices.dropFirst(20).allSatisfy { (0.0035...0.0065).contains($0.seconds) })
    for (settings, field) in [
      (ScheduleSettings(burst: 501), "burst"), (ScheduleSettings(burst: 0), "burst"), (ScheduleSettings(coolDown: -1), "coolDown"),
      (ScheduleSettings(coolDown: 60_001), "coolDown"), (ScheduleSettings(slice: 51), "slice"), (ScheduleSettings(slice: .nan), "slice"),
      (ScheduleSettings(burst: 20, slice: 30), "slice"),
    ] {
      #expect {
        try BurstRules(settings)
      } throws: { error in
        (error as? ResponseError)?.message.contains("`schedule.\(field)`") == true
      }
    }
  }
}
