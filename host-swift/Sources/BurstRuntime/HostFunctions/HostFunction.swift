import BurstProtocol

/// A function of the host that instances import. Its signature is that of its body: `UInt32` and `Int32` are an i32, `UInt64` and
/// `Int64` an i64, `Float` an f32, `Double` an f64, a tuple several results.
///
/// A body is called on a thread of its pool, between launches on the device, for all instances that wait for it; different pools call
/// it at the same time. Nothing but itself ends it: the pool stands still until it returns. What it throws is the trap of its instance.
public struct HostFunction: Sendable {
  let parameters: [ValueType]
  let results: [ValueType]
  let serve: @Sendable (HostCalls) throws -> Void

  /// Called once for each call.
  public init<each Parameter: WasmValue, each Result: WasmValue>(
    _ body: @escaping @Sendable (HostCall, repeat each Parameter) throws -> (repeat each Result)
  ) {
    parameters = Self.types(repeat (each Parameter).self)
    results = Self.types(repeat (each Result).self)
    serve = { calls in
      for position in 0..<calls.count {
        do {
          var argument = RecordReader(calls.arguments(of: position))
          let values = try body(HostCall(calls, position), repeat argument.next((each Parameter).self))
          var result = RecordWriter(calls.results(of: position))
          repeat result.add(each values)
        } catch {
          calls.fail(position, error)
        }
      }
    }
  }

  /// Called once for all calls that wait: a column for each parameter in, one for each result out, in the order of `HostCalls.instances`.
  /// What it throws is the trap of all of them.
  public init<each Parameter: WasmValue, each Result: WasmValue>(
    batched body: @escaping @Sendable (HostCalls, repeat [each Parameter]) throws -> (repeat [each Result])
  ) {
    parameters = Self.types(repeat (each Parameter).self)
    results = Self.types(repeat (each Result).self)
    serve = { calls in
      var arguments = ColumnReader(calls)
      let columns = try body(calls, repeat arguments.next((each Parameter).self))
      var results = ColumnWriter(calls)
      repeat try results.add(each columns)
    }
  }

  private static func types<each Value: WasmValue>(_ values: repeat (each Value).Type) -> [ValueType] {
    var types: [ValueType] = []
    repeat types.append((each values).wasmType)
    return types
  }
}

/// One call of a function of the host.
public struct HostCall {
  private let calls: HostCalls
  private let position: Int

  init(_ calls: HostCalls, _ position: Int) {
    self.calls = calls
    self.position = position
  }

  /// Number of the calling instance in its pool; in a run of jobs that of its job.
  public var instance: Int { calls.instances[position] }
  public var memory: HostMemory { calls.memory(of: position) }
}

/// Ends the instance that called with a trap that has this text.
public struct HostFunctionError: Error, CustomStringConvertible, Equatable {
  public let description: String

  public init(_ description: String) { self.description = description }
}

// MARK: Records

private struct RecordReader {
  private var record: UnsafeRawPointer

  init(_ record: UnsafeRawPointer) { self.record = record }

  mutating func next<Value: WasmValue>(_ type: Value.Type) -> Value {
    defer { record += Value.size }
    return Value.load(from: record)
  }
}

private struct RecordWriter {
  private var record: UnsafeMutableRawPointer

  init(_ record: UnsafeMutableRawPointer) { self.record = record }

  mutating func add<Value: WasmValue>(_ value: Value) {
    value.store(to: record)
    record += Value.size
  }
}

private struct ColumnReader {
  private let calls: HostCalls
  private var offset = 0

  init(_ calls: HostCalls) { self.calls = calls }

  mutating func next<Value: WasmValue>(_ type: Value.Type) -> [Value] {
    defer { offset += Value.size }
    return (0..<calls.count).map { Value.load(from: calls.arguments(of: $0) + offset) }
  }
}

private struct ColumnWriter {
  private let calls: HostCalls
  private var offset = 0

  init(_ calls: HostCalls) { self.calls = calls }

  mutating func add<Value: WasmValue>(_ column: [Value]) throws(HostFunctionError) {
    guard column.count == calls.count else {
      throw HostFunctionError(
        "\(calls.name) (batched) returned \(column.count) values of type \(Value.wasmType.rawValue) for \(calls.count) calls")
    }
    for (position, value) in column.enumerated() { value.store(to: calls.results(of: position) + offset) }
    offset += Value.size
  }
}
