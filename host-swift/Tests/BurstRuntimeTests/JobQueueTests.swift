import Testing

@testable import BurstRuntime

@Suite("Jobs in lanes")
struct JobQueueTests {
  @Test("every job stands in one lane, lanes that end get the next")
  func turnover() {
    var queue = JobQueue(count: 5, lanes: 3)
    #expect(queue.begin(limit: 10) == .init(lanes: [0, 1, 2], firstJob: 0))
    #expect(queue.begin(limit: 10) == nil)
    #expect(queue.end(1) == 1)
    #expect(queue.begin(limit: 0) == nil)
    #expect(queue.begin(limit: 10) == .init(lanes: [1], firstJob: 3))
    #expect(queue.underway == [0, 3, 2] && queue.next == 4 && queue.firstNotEnded == 0)
    #expect(queue.room(limit: 10) == 0)
    #expect(queue.end([0, 2]) == [0, 2])
    #expect(queue.firstNotEnded == 3 && queue.room(limit: 10) == 1)
    #expect(queue.begin(limit: 10) == .init(lanes: [2], firstJob: 4))
    #expect(queue.isEmpty && !queue.hasEnded)
    #expect(queue.end(2) == 4 && queue.end(1) == 3)
    #expect(queue.hasEnded && queue.firstNotEnded == 5)
  }

  @Test("a lane is used for its share of the longest lane's fuel, until the last job has begun")
  func laneUse() {
    var queue = JobQueue(count: 5, lanes: 4)
    _ = queue.begin(limit: 4)
    queue.launched(.init(lanes: 3, together: 150, longest: 100), of: 4)
    #expect(queue.laneSlices == 4 && queue.busyLaneSlices == 1.5)
    queue.launched(.init(lanes: 2), of: 4)
    #expect(queue.laneSlices == 8 && queue.busyLaneSlices == 3.5)
    _ = queue.end(0)
    _ = queue.begin(limit: 4)
    queue.launched(.init(lanes: 1, together: 1, longest: 1), of: 4)
    #expect(queue.laneSlices == 8)
  }

  @Test("100,000 jobs with lengths spread 1 to 1000 over 1,024 lanes: over 80 % of the lanes are used; in rounds a third of that")
  func unequalJobs() {
    var random = UInt64(12345)
    let lengths = (0..<100_000).map { _ -> Double in
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(1 + Int(random >> 33) % 1000)
    }
    // A unit takes a tenth of a millisecond, a refill and a launch half of one.
    let unit = 0.0001
    let overhead = 0.0005
    var queue = JobQueue(count: lengths.count, lanes: 1024)
    var left: [UInt32: Double] = [:]
    var size = LaunchSize(lanes: 1024, minimumLanes: 32, fuel: 1000, fuelIsFixed: false)
    var time = 0.0
    while !queue.hasEnded {
      if let placed = queue.begin(limit: size.lanes - left.count) {
        for (index, lane) in placed.lanes.enumerated() { left[lane] = lengths[placed.firstJob + index] }
      }
      let slice = Double(size.fuel) / 10
      let used = left.mapValues { min($0, slice) }
      let fuel = used.values.map { UInt64($0 * 1000) }
      let use = JobQueue.FuelUse(lanes: fuel.count, together: fuel.reduce(0, +), longest: fuel.max() ?? 0)
      queue.launched(use, of: 1024)
      let launched = left.count
      for (lane, spent) in used {
        left[lane]! -= spent
        if left[lane]! <= 0 {
          left[lane] = nil
          _ = queue.end(lane)
        }
      }
      let seconds = (used.values.max() ?? 0) * unit
      time += seconds + overhead
      size.adapt(
        afterSeconds: seconds, overhead: overhead, launched: launched, ranOutOfFuel: !left.isEmpty,
        endedShare: Double(launched - left.count) / Double(launched), idleShare: 1 - use.busyShare)
    }
    let use = queue.busyLaneSlices / queue.laneSlices
    #expect(use > 0.8)
    let rounds = stride(from: 0, to: lengths.count, by: 1024).reduce(0.0) { sum, start in
      sum + (lengths[start..<min(start + 1024, lengths.count)].max() ?? 0) * unit + overhead
    }
    #expect(rounds / time > 1.5)
  }
}
