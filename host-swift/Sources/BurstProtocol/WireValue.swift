import Foundation

/// A message body between the bytes of an encoding and the typed messages: what JSON and MessagePack have in common.
///
/// `bytes` comes from MessagePack's `bin`; in JSON the same field is a base64 `string`, which `WireDecoder` accepts
/// wherever `Data` is asked for.
public enum WireValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case double(Double)
  case string(String)
  case bytes(Data)
  case array([WireValue])
  /// In the order in which the fields are written.
  case map([WireField])

  /// Deepest nesting that a decoder of either encoding accepts.
  public static let maximumDepth = 64

  /// Largest magnitude of an integer: what a JSON number of any language holds exactly.
  public static let maximumInteger = (1 << 53) - 1

  /// A map's field, or `nil` where this is not a map or has no such field.
  public subscript(name: String) -> WireValue? {
    guard case .map(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }

  /// The kind in words, for errors.
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .double: "a number"
    case .string: "a string"
    case .bytes: "bytes"
    case .array: "an array"
    case .map: "an object"
    }
  }

  /// A number as the wire has it: integral values are integers (protocol/README.md, Encoding).
  public static func number(_ value: Double) -> WireValue {
    if let integer = Int(exactly: value), integer.magnitude <= UInt(maximumInteger) { return .integer(integer) }
    return .double(value)
  }
}

public struct WireField: Sendable, Equatable {
  public let name: String
  public let value: WireValue

  public init(_ name: String, _ value: WireValue) {
    self.name = name
    self.value = value
  }
}
