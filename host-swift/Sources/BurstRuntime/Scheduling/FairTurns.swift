/// Which of several pools gets the device next: the one that has had the least of its time. Pure.
///
/// A pool that comes back, or is new, begins where the last one served stands: nobody saves up time by not using it.
struct FairTurns: Sendable {
  enum Turn: Sendable, Equatable {
    case pool(Int)
    /// Nobody, until then: a pool that is behind is between two slices of its own and comes back at once.
    case held(until: Double)
    case nobody
  }

  private enum Whereabouts: Equatable {
    case waits(Int)
    case runs
    case returns(since: Double)
  }

  private struct Member {
    var used: Double
    var whereabouts: Whereabouts
  }

  private var members: [Int: Member] = [:]
  private var served = 0.0
  private var arrivals = 0
  /// When more than one pool last had something to run.
  private var contended = -Double.infinity

  /// A pool with short slices would else get one for each long one of another's.
  private static let patience = 0.005
  /// Differences below are evened out by the turns themselves.
  private static let lag = 0.010

  /// Seconds for which a pool that was here is expected again: one that is called again and again is away in between.
  private static let memory = 1.0

  /// `pool` wants a slice.
  mutating func wait(_ pool: Int, at now: Double) {
    arrivals += 1
    let used = members[pool].map(\.used) ?? served
    members[pool] = Member(used: used, whereabouts: .waits(arrivals))
    noteContention(at: now)
  }

  /// Whether several pools use the device, or did a moment ago.
  func isShared(at now: Double) -> Bool { now - contended < Self.memory }

  private mutating func noteContention(at now: Double) {
    if members.count > 1 { contended = now }
  }

  func next(at now: Double) -> Turn {
    let waiting = members.compactMap { pool, member -> (pool: Int, used: Double, arrival: Int)? in
      guard case .waits(let arrival) = member.whereabouts else { return nil }
      return (pool, member.used, arrival)
    }
    guard let first = waiting.min(by: { ($0.used, $0.arrival) < ($1.used, $1.arrival) }) else { return .nobody }
    let behind = members.values.compactMap { member -> Double? in
      guard case .returns(let since) = member.whereabouts, first.used - member.used > Self.lag else { return nil }
      return since + Self.patience
    }
    if let until = behind.max(), until > now { return .held(until: until) }
    return .pool(first.pool)
  }

  mutating func begin(_ pool: Int) {
    served = max(served, members[pool]?.used ?? served)
    members[pool]?.whereabouts = .runs
  }

  /// `seconds`: on the device.
  mutating func end(_ pool: Int, seconds: Double, at now: Double) {
    members[pool]?.used += seconds
    members[pool]?.whereabouts = .returns(since: now)
    noteContention(at: now)
  }

  /// `pool` has no more to run for now.
  mutating func leave(_ pool: Int) {
    members[pool] = nil
  }
}
