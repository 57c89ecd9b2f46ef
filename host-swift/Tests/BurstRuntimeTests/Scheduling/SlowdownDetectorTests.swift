import BurstProtocol
import Testing

@testable import BurstRuntime

@Suite("Throttling seen in the time per unit of fuel")
struct SlowdownDetectorTests {
  /// A slice every 20 ms from `start` on; `cost` in nanoseconds a unit by time.
  private func feed(
    _ detector: inout SlowdownDetector<Int>, key: Int = 0, from start: Double, seconds: Double, cost: (Double) -> Double
  ) -> [ThermalState] {
    stride(from: start, to: start + seconds, by: 0.02).map { now in
      detector.observe(seconds: cost(now) * 1e-3, fuel: 1_000_000, of: key, at: now)
      return detector.state
    }
  }

  @Test("slower by a half is fair within a second, by twice serious, and as before nominal again")
  func levels() {
    var detector = SlowdownDetector<Int>()
    #expect(feed(&detector, from: 0, seconds: 10) { _ in 15 }.allSatisfy { $0 == .nominal })
    #expect(feed(&detector, from: 10, seconds: 1) { _ in 22 }.last == .fair)
    #expect(feed(&detector, from: 11, seconds: 1) { _ in 30 }.last == .serious)
    #expect(feed(&detector, from: 12, seconds: 1) { _ in 15 }.last == .nominal)
  }

  @Test("noise of a tenth, and single slices of ten times the cost, are no throttling")
  func noise() {
    var detector = SlowdownDetector<Int>()
    var number = 0
    let noisy = feed(&detector, from: 0, seconds: 60) { _ in
      number += 1
      return 15 * (0.9 + 0.2 * Double(number * 7919 % 101) / 100)
    }
    #expect(noisy.allSatisfy { $0 == .nominal })
    detector.observe(seconds: 0.02, fuel: 1_000_000, of: 0, at: 61)
    #expect(feed(&detector, from: 62, seconds: 1) { _ in 15 }.last == .nominal)
  }

  @Test("work that stays twice as expensive is the new normal after some minutes")
  func drift() {
    var detector = SlowdownDetector<Int>()
    _ = feed(&detector, from: 0, seconds: 10) { _ in 15 }
    let states = feed(&detector, from: 10, seconds: 300) { _ in 30 }
    #expect(states.contains(.serious))
    #expect(states.last == .nominal)
  }

  @Test("kernels and lane counts of different cost do not pass for a slowdown of one another")
  func keys() {
    var detector = SlowdownDetector<Int>()
    for key in 0..<600 {
      let states = feed(&detector, key: key % 300, from: Double(key), seconds: 1) { _ in Double(1 + key % 300) }
      #expect(states.allSatisfy { $0 == .nominal })
    }
  }

  @Test("launches that used no fuel say nothing")
  func noFuel() {
    var detector = SlowdownDetector<Int>()
    detector.observe(seconds: 1, fuel: 0, of: 0, at: 0)
    #expect(detector.state == .nominal && detector.slowdown == 1)
  }
}
