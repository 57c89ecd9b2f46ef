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
  /// What functions of the host take the pool's instance 0 for.
  private let firstInstance: Int
  private let log: @Sendable (String) -> Void

  private init() {
    functions = [:]
    records = []
    firstInstance = 0
    log = { @Sendable _ in }
  }

  /// All imports are the client's.
  static let none = BoundFunctions()

  /// Throws `invalidParams` naming the field, and the function where it is not offered or has another signature.
  init(
    _ bindings: [HostFunctionBinding]?, of offered: HostFunctionTable, records: [RecordSizes], firstInstance: Int,
    log: @escaping @Sendable (String) -> Void
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
    self.firstInstance = firstInstance
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

  /// Those whose call failed have ended. Returns the others, which can go on. Throws as `Dispatcher.run`.
  func serve(
    _ calling: Calling, on dispatcher: Dispatcher, _ request: any IncomingCancellation, failures: inout HostFailures
  ) throws -> [UInt32] {
    var served: [UInt32] = []
    for (number, lanes) in calling.sorted(by: { $0.key < $1.key }) {
      guard let bound = functions[number] else { preconditionFailure("no function of the host serves import \(number)") }
      let failed = try call(bound, number, lanes.sorted(), dispatcher, request)
      for (lane, text) in failed { failures.add(text, import: number, lane: lane) }
      try dispatcher.buffers.endWithTrap(.hostFunctionFailed, failed.keys.sorted())
      served += failed.isEmpty ? lanes : lanes.filter { failed[$0] == nil }
    }
    return served
  }

  /// The texts of those that failed.
  private func call(
    _ bound: Bound, _ number: Int, _ lanes: [UInt32], _ dispatcher: Dispatcher, _ request: any IncomingCancellation
  ) throws -> [UInt32: String] {
    let buffers = dispatcher.buffers
    let plan = buffers.plan
    let sizes = records[number]
    let arguments = try dispatcher.gather(bytesEach: sizes.argumentBytes, from: lanes, address: plan.argumentsAddress, request)
    let calls = HostCalls(
      name: bound.name, lanes: lanes, firstInstance: firstInstance, arguments: arguments, records: sizes, buffers: buffers, log: log)
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

/// Why instances ended with the trap `host function failed`, since a request began.
struct HostFailures {
  private struct Reason: Hashable {
    let number: Int
    let text: String
  }

  private var instances: [Reason: [Int]] = [:]

  /// Bounds of what an answer has of them: instances choose the texts.
  private static let longestText = 1000
  private static let mostTexts = 10_000

  mutating func add(_ text: String, import number: Int, lane: UInt32) {
    var reason = Reason(number: number, text: String(text.unicodeScalars.prefix(Self.longestText)))
    if instances[reason] == nil, instances.count >= Self.mostTexts {
      reason = Reason(number: number, text: "one of more than \(Self.mostTexts) different texts, too many to keep")
    }
    instances[reason, default: []].append(Int(lane))
  }

  /// `nil` where there are none.
  var report: [HostFunctionFailures]? {
    if instances.isEmpty { return nil }
    return instances.map { HostFunctionFailures(number: $0.key.number, message: $0.key.text, instances: $0.value.sorted()) }
      .sorted { ($0.number, $0.instances[0]) < ($1.number, $1.instances[0]) }
  }
}
