import BurstProtocol

/// The numbers that a pool's instances go by, to functions of the host and in initial content: it may be a part of a larger whole.
struct InstanceNumbers: Sendable, Equatable {
  /// Of the pool's instance 0.
  let first: Int
  /// Of the whole.
  let count: Int

  /// Throws `invalidParams` naming the field.
  init(_ parameters: CreatePoolRequest.Parameters) throws(ResponseError) {
    first = parameters.firstInstance ?? 0
    guard (0...PoolPlan.maximumInstances).contains(first) else {
      throw ResponseError(.invalidParams, "`firstInstance`: must be 0 to \(PoolPlan.maximumInstances).")
    }
    let end = first + parameters.instances
    // Of a part at the beginning the device's limits say more.
    guard first == 0 || end <= PoolPlan.maximumInstances else {
      throw ResponseError(
        .invalidParams, "`firstInstance`: the part ends at \(end), and a whole has at most \(PoolPlan.maximumInstances) instances.")
    }
    count = parameters.allInstances ?? end
    guard (end...max(end, PoolPlan.maximumInstances)).contains(count) else {
      throw ResponseError(
        .invalidParams, "`allInstances`: must be at least \(end), up to which this part goes, and at most \(PoolPlan.maximumInstances).")
    }
  }

  func number(of lane: UInt32) -> Int { first + Int(lane) }
}
