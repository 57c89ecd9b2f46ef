import BurstProtocol
import Foundation

/// MessagePack as protocol/README.md narrows it: maps with string keys, `bin`, integers of at most 53 bits, no extensions.
public struct MessagePackBodyCodec: BodyCodec {
  public init() {}

  public func encodeParts(_ value: WireValue) -> [Data] {
    var writer = MessagePackWriter()
    writer.write(value)
    return writer.parts
  }

  public func decode(_ body: Data) throws(BodyError) -> WireValue {
    var reader = MessagePackReader(body)
    let value = try reader.value(depth: 0)
    guard reader.isAtEnd else { throw BodyError("The body is not valid MessagePack: bytes follow the value.") }
    return value
  }
}
