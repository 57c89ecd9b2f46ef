import BurstProtocol

/// How the instances of a pool are brought to their initial state, when the pool is made and at each reset.
struct Instantiation: Sendable, Equatable {
  let sliceFuel: UInt32?
  /// Checked; written before the instantiating kernel runs.
  let initial: [InitialBytes]
  let numbers: InstanceNumbers

  /// Throws `invalidParams` naming the field.
  init(_ parameters: CreatePoolRequest.Parameters, plan: PoolPlan, layout: Layout) throws(ResponseError) {
    sliceFuel = try InvocationBudget.check(sliceFuel: parameters.sliceFuel)
    initial = parameters.initial ?? []
    numbers = try InstanceNumbers(parameters)
    try Self.check(initial, of: numbers.count, plan: plan, layout: layout)
  }
}
