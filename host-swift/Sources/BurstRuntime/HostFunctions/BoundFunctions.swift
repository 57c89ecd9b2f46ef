import BurstProtocol
import Foundation

/// The imports of a pool that functions of the host serve, and how.
struct BoundFunctions: Sendable {
  private struct Bound: Sendable {
    let name: String
    let function: HostFunction
  }

  private let functions: [Int: Bound]
  private let records: [RecordSizes]
  private let log: @Sendable (String) -> Void

  private init() {
    functions = [:]
    records = []
    log = { @Sendable _ in }
  }

  /// All imports are the client's.
  static let none = BoundFunctions()

  /// Throws `invalidParams` naming the field, and the function where it is not offered or has another signature.
  init(
    _ bindings: [HostFunctionBinding]?, of offered: HostFunctionTable, records: [RecordSizes], log: @escaping @Sendable (String) -> Void
  ) throws(ResponseError) {
    var functions: [Int: Bound] = [:]
    for (index, binding) in (bindings ?? []).enumerated() {
      func invalid(_ problem: String) -> ResponseError {
        ResponseError(.invalidParams, "`hostFunctions[\(index)]`: \(problem).")
      }
      let name = "\(binding.module).\(binding.name)"
      guard records.indices.contains(binding.number), functions[binding.number] == nil else {
        throw invalid("\(name) is bound to import \(binding.number), which the module does not have, or twice")
      }
      guard let function = offered.function(binding.module, binding.name) else {
        throw invalid("this host has no function \(name)")
      }
      guard function.parameters == binding.parameters, function.results == binding.results else {
        let wanted = Self.text(binding.parameters, binding.results)
        throw invalid("the host's function \(name) is \(Self.text(function.parameters, function.results)), not \(wanted)")
      }
      guard records[binding.number] == function.records else {
        throw invalid("the records of import \(binding.number) are not those of \(name)")
      }
      functions[binding.number] = Bound(name: name, function: function)
    }
    self.functions = functions
    self.records = records
    self.log = log
  }

  /// Lanes that wait for functions of the host, by the import's number.
  typealias Calling = [Int: [UInt32]]

  /// Those of `lanes`, which all wait, that a function of the host serves, and the others; each in order.
  func split(_ lanes: [UInt32], in records: LaunchRecords) -> (calling: Calling, others: [UInt32]) {
    if functions.isEmpty || lanes.isEmpty { return ([:], lanes) }
    var calling: Calling = [:]
    var others: [UInt32] = []
    for (lane, number) in zip(lanes, records.importsWaitedFor(by: lanes)) {
      if functions[number] == nil { others.append(lane) } else { calling[number, default: []].append(lane) }
    }
    return (calling, others)
  }

  /// Those whose call failed have ended. Returns the others, which can go on. `numberOf`: the number that functions know a lane by; the
  /// failures are those of lanes. Throws as `Dispatcher.run`.
  func serve(
    _ calling: Calling, numberOf: (UInt32) -> Int, on dispatcher: Dispatcher, _ request: any IncomingCancellation,
    failures: inout FailureTexts
  ) throws -> [UInt32] {
    var served: [UInt32] = []
    for (number, lanes) in calling.sorted(by: { $0.key < $1.key }) {
      guard let bound = functions[number] else { preconditionFailure("no function of the host serves import \(number)") }
      let callers = lanes.map { (number: numberOf($0), lane: $0) }.sorted { $0.number < $1.number }
      let failed = try call(bound, number, callers.map(\.lane), callers.map(\.number), dispatcher, request)
      for (lane, text) in failed { failures.add(text, import: number, of: Int(lane)) }
      try dispatcher.buffers.endWithTrap(.hostFunctionFailed, failed.keys.sorted())
      served += failed.isEmpty ? lanes : lanes.filter { failed[$0] == nil }
    }
    return served
  }

  /// The texts of those that failed.
  private func call(
    _ bound: Bound, _ number: Int, _ lanes: [UInt32], _ instances: [Int], _ dispatcher: Dispatcher,
    _ request: any IncomingCancellation
  ) throws -> [UInt32: String] {
    let buffers = dispatcher.buffers
    let plan = buffers.plan
    let sizes = records[number]
    let arguments = try dispatcher.gather(bytesEach: sizes.argumentBytes, from: lanes, address: plan.argumentsAddress, request)
    let calls = HostCalls(
      name: bound.name, instances: instances, lanes: lanes, arguments: arguments, records: sizes, buffers: buffers, log: log)
    do {
      try bound.function.serve(calls)
    } catch {
      for position in 0..<calls.count { calls.fail(position, error) }
    }
    if let error = calls.deviceError { throw error }
    // Of those that failed nobody reads the results.
    try dispatcher.scatter(calls.results, bytesEach: sizes.resultBytes, to: lanes, address: plan.resultsAddress, request)
    return Dictionary(uniqueKeysWithValues: calls.failures.map { (lanes[$0.key], $0.value) })
  }

  private static func text(_ parameters: [ValueType], _ results: [ValueType]) -> String {
    func list(_ types: [ValueType]) -> String { "(\(types.map(\.rawValue).joined(separator: ", ")))" }
    return "\(list(parameters)) -> \(list(results))"
  }
}

extension HostFunction {
  fileprivate var records: RecordSizes {
    func bytes(_ types: [ValueType]) -> Int { types.reduce(0) { $0 + ($1 == .i64 || $1 == .f64 ? 8 : 4) } }
    return RecordSizes(argumentBytes: bytes(parameters), resultBytes: bytes(results))
  }
}
