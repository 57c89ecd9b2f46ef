import BurstProtocol
import Foundation

/// The jobs of a `pool/run`: which of them stand in which lane, which have ended, and how well the lanes were used. Pure.
struct JobQueue: Sendable {
  let count: Int
  private(set) var next = 0
  private(set) var ended = 0
  private(set) var laneSlices = 0.0
  private(set) var busyLaneSlices = 0.0
  /// By lane; negative: none. In 32 bits, and in runs below, since a million jobs are looked up a few times each.
  private var jobOf: [Int32]
  private var idle: [UInt32]

  /// Jobs that begin: number `firstJob` in the first of the lanes, and so on.
  struct Placed: Sendable, Equatable {
    let lanes: [UInt32]
    let firstJob: Int
  }

  /// The fuel that lanes used in a launch.
  struct FuelUse: Sendable, Equatable {
    var lanes = 0
    var together: UInt64 = 0
    var longest: UInt64 = 0

    /// Of the time of all lanes, taken to be their fuel.
    var busyShare: Double { longest == 0 ? 1 : Double(together) / Double(longest) / Double(lanes) }
  }

  /// `count`: at most `PoolPlan.maximumInstances`.
  init(count: Int, lanes: Int) {
    self.count = count
    jobOf = Array(repeating: -1, count: lanes)
    // The last is taken first.
    idle = (0..<UInt32(lanes)).reversed()
  }

  var isEmpty: Bool { next == count }
  /// Jobs that have not begun.
  var left: Int { count - next }
  var hasEnded: Bool { ended == count }

  /// How many can begin in idle lanes, at most `limit`.
  func room(limit: Int) -> Int { max(0, min(limit, idle.count, count - next)) }

  /// Puts the next jobs in idle lanes, at most `limit`; the lanes ascend. `nil`: none.
  mutating func begin(limit: Int) -> Placed? {
    let wanted = room(limit: limit)
    guard wanted > 0 else { return nil }
    let placed = Placed(lanes: idle.suffix(wanted).sorted(), firstJob: next)
    idle.removeLast(wanted)
    jobOf.withUnsafeMutableBufferPointer { jobOf in
      var job = Int32(placed.firstJob)
      for lane in placed.lanes {
        jobOf[Int(lane)] = job
        job &+= 1
      }
    }
    next += wanted
    return placed
  }

  /// The job of a lane that has ended with it; the lane is idle.
  mutating func end(_ lane: UInt32) -> Int { Int(end([lane])[0]) }

  /// The jobs of lanes that have ended with them, in the order of the lanes, which are idle.
  mutating func end(_ lanes: [UInt32]) -> [Int32] {
    let jobs = [Int32](unsafeUninitializedCapacity: lanes.count) { jobs, count in
      jobOf.withUnsafeMutableBufferPointer { jobOf in
        for (index, lane) in lanes.enumerated() {
          jobs[index] = jobOf[Int(lane)]
          jobOf[Int(lane)] = -1
        }
      }
      count = lanes.count
    }
    precondition(jobs.allSatisfy { $0 >= 0 }, "no job stands in a lane that ends")
    idle += lanes
    ended += lanes.count
    return jobs
  }

  /// Of a lane that is not idle.
  func job(in lane: UInt32) -> Int { Int(jobOf[Int(lane)]) }

  func isIdle(_ lane: UInt32) -> Bool { jobOf[Int(lane)] < 0 }

  /// The jobs that have begun and not ended; none from `next` on has begun.
  var underway: [Int] { jobOf.lazy.filter { $0 >= 0 }.map(Int.init) }

  /// The number of the first job that has not ended.
  var firstNotEnded: Int {
    // As unsigned numbers, those of no job are the largest.
    Int(jobOf.reduce(UInt32(next)) { min($0, UInt32(bitPattern: $1)) })
  }

  /// A launch of as many lanes as could have run. A lane counts as busy for the share of it that its fuel is of the longest lane's;
  /// after the last job has begun nothing counts, since there is nothing to fill lanes with.
  mutating func launched(_ use: FuelUse, of lanes: Int) {
    guard !isEmpty else { return }
    laneSlices += Double(lanes)
    busyLaneSlices += use.busyShare * Double(use.lanes)
  }
}
