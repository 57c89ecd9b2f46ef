import Foundation

/// The environment variables of the host that have a form. What each is good for says docs/environment.md.
///
/// One that is empty counts as not set. One whose value has not its form is as if it were not set, and is named in `problems`.
public struct HostEnvironment: Sendable {
  /// Of this process.
  public static let current = HostEnvironment(ProcessInfo.processInfo.environment)

  public struct Fault: Sendable, Equatable {
    /// Counted from 0.
    public let commandBuffer: Int
    public let file: String?
  }

  public let cpuThreads: Int?
  public let threadgroupWidth: Int?
  public let residentThreads: Int?
  public let fault: Fault?
  public let tracesRequests: Bool
  public let checksKernels: Bool
  public let buildsInUnits: Bool
  /// One for each value that has not its form: which variable, what it is, and what was expected. No device is used while there are any.
  public let problems: [String]

  /// The most threads that a threadgroup may have: texts lay out threadgroup memory for as many (docs/kernel-abi.md).
  public static let widestThreadgroup = 64

  public init(_ variables: [String: String]) {
    var reader = VariableReader(variables: variables)
    cpuThreads = reader.number("WASMBURST_CPU_THREADS", in: 1...1024)
    threadgroupWidth = reader.number("WASMBURST_THREADGROUP", in: 1...Self.widestThreadgroup)
    residentThreads = reader.number("WASMBURST_RESIDENT", in: 0...65_536)
    fault = reader.value("WASMBURST_TEST_FAULT", expected: "NUMBER or NUMBER:FILE") { text in
      let parts = text.split(separator: ":", maxSplits: 1)
      guard let first = parts.first, let number = Int(first), number >= 0 else { return nil }
      return Fault(commandBuffer: number, file: parts.count > 1 ? String(parts[1]) : nil)
    }
    tracesRequests = reader.flag("WASMBURST_TRACE")
    checksKernels = reader.flag("WASMBURST_CPU_CHECKS")
    buildsInUnits = reader.flag("WASMBURST_NVRTC_UNITS", unset: true)
    problems = reader.problems
  }
}

private struct VariableReader {
  let variables: [String: String]
  var problems: [String] = []

  mutating func value<Value>(_ name: String, expected: String, _ parse: (String) -> Value?) -> Value? {
    guard let text = variables[name], !text.isEmpty else { return nil }
    let value = parse(text)
    if value == nil { problems.append("\(name) is '\(text)': expected \(expected)") }
    return value
  }

  mutating func number(_ name: String, in range: ClosedRange<Int>) -> Int? {
    value(name, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  mutating func flag(_ name: String, unset: Bool = false) -> Bool {
    value(name, expected: "1 or 0") { ["0": false, "1": true][$0] } ?? unset
  }
}
