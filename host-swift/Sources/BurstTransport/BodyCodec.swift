import BurstProtocol
import Foundation

/// Bytes of a body to a value and back.
public protocol BodyCodec: Sendable {
  /// In parts: large fields are not copied.
  func encodeParts(_ value: WireValue) -> [Data]
  func decode(_ body: Data) throws(BodyError) -> WireValue
}

extension BodyCodec {
  public func encode(_ value: WireValue) -> Data {
    let parts = encodeParts(value)
    return parts.count == 1 ? parts[0] : parts.reduce(into: Data()) { $0 += $1 }
  }
}

/// A body that does not parse; answered with `parseError`.
public struct BodyError: Error, Equatable, Sendable {
  /// A sentence.
  public let problem: String

  public init(_ problem: String) { self.problem = problem }
}

extension Encoding {
  public var codec: any BodyCodec {
    switch self {
    case .json: JSONBodyCodec()
    case .msgpack: MessagePackBodyCodec()
    }
  }
}
