import BurstProtocol

/// How the instances of a pool are brought to their initial state, when the pool is made and at each reset.
struct Instantiation: Sendable, Equatable {
  let sliceFuel: UInt32?

  /// Throws `invalidParams` naming the field.
  init(_ parameters: CreatePoolRequest.Parameters) throws(ResponseError) {
    sliceFuel = try InvocationBudget.check(sliceFuel: parameters.sliceFuel)
  }
}
