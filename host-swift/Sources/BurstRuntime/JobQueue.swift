import BurstProtocol
import Foundation

/// The jobs of a `pool/run`: which of them stand in which lane, which have ended, and how well the lanes were used. Pure.
struct JobQueue: Sendable {
  let count: Int
  private(set) var next = 0
  private(set) var ended = 0
  private(set) var laneSlices = 0.0
  private(set) var busyLaneSlices = 0.0
  /// By lane; negative: none.
  private var jobOf: [Int]
  private var idle: [UInt32]

  /// What is known of a lane after a launch.
  struct Progress: Sendable {
    let lane: UInt32
    /// Used in this launch.
    let fuel: UInt64
  }

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

  /// Puts the next jobs in idle lanes, at most `limit`; the lanes ascend.
  mutating func begin(limit: Int) -> [(lane: UInt32, job: Int)] {
    let wanted = min(limit, idle.count, count - next)
    guard wanted > 0 else { return [] }
    let lanes = idle.suffix(wanted).sorted()
    idle.removeLast(wanted)
    defer { next += wanted }
    return lanes.enumerated().map { index, lane in
      jobOf[Int(lane)] = next + index
      return (lane, next + index)
    }
  }

  /// The job of a lane that has ended with it; the lane is idle.
  mutating func end(_ lane: UInt32) -> Int {
    let job = jobOf[Int(lane)]
    precondition(job >= 0, "no job stands in a lane that ends")
    jobOf[Int(lane)] = -1
    idle.append(lane)
    ended += 1
    return job
  }

  /// Of a lane that is not idle.
  func job(in lane: UInt32) -> Int { jobOf[Int(lane)] }

  func isIdle(_ lane: UInt32) -> Bool { jobOf[Int(lane)] < 0 }

  /// A launch of as many lanes as could have run. A lane counts as busy for the share of it that its fuel is of the longest lane's;
  /// after the last job has begun nothing counts, since there is nothing to fill lanes with.
  /// Returns the longest lane's fuel.
  @discardableResult
  mutating func launched(_ progress: [Progress], of lanes: Int) -> UInt64 {
    let most = progress.reduce(0) { max($0, $1.fuel) }
    guard !isEmpty else { return most }
    laneSlices += Double(lanes)
    busyLaneSlices += most == 0 ? Double(progress.count) : progress.reduce(0) { $0 + Double($1.fuel) / Double(most) }
    return most
  }
}
