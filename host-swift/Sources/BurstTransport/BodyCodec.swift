import BurstProtocol
import Foundation

/// Bytes of a body to a value and back.
public protocol BodyCodec: Sendable {
  func encode(_ value: WireValue) -> Data
  func decode(_ body: Data) throws(BodyError) -> WireValue
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
