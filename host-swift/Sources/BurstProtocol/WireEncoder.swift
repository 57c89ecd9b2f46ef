import Foundation

/// Turns a typed message into a `WireValue`, its fields in the order of their declaration, which is the catalogue's.
public enum WireEncoder {
  public static func encode(_ message: some Encodable) throws -> WireValue {
    let target = Target()
    try encode(message, into: target, path: [])
    return target.value
  }

  /// `Data` and `[Int]` carry megabytes: they never go through an element-wise container.
  fileprivate static func encode<T: Encodable>(_ value: T, into target: Target, path: [any CodingKey]) throws {
    if let data = value as? Data {
      target.content = .leaf(.bytes(data))
    } else if T.self == [Int].self, let integers = value as? [Int] {
      target.content = .leaf(.array(integers.map(WireValue.integer)))
    } else {
      try value.encode(to: ValueEncoder(target: target, codingPath: path))
    }
  }
}

/// Where a container writes. Reading it back only at the end lets nested containers fill in late, as `Encoder` allows.
private final class Target {
  enum Content {
    case leaf(WireValue)
    case array([Target])
    case map([(name: String, target: Target)])
  }

  var content: Content?

  var value: WireValue {
    switch content {
    case nil: .map([])
    case .leaf(let value): value
    case .array(let items): .array(items.map(\.value))
    case .map(let fields): .map(fields.map { WireField($0.name, $0.target.value) })
    }
  }

  func appendItem() -> Target {
    guard case .array(var items) = content else { preconditionFailure("not an array") }
    // The array must not be shared while it grows, or each append copies it.
    content = nil
    let item = Target()
    items.append(item)
    content = .array(items)
    return item
  }

  func appendField(_ name: String) -> Target {
    guard case .map(var fields) = content else { preconditionFailure("not a map") }
    content = nil
    let field = Target()
    fields.append((name, field))
    content = .map(fields)
    return field
  }
}

private struct ValueEncoder: Encoder {
  let target: Target
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if target.content == nil { target.content = .map([]) }
    return KeyedEncodingContainer(KeyedContainer<Key>(target: target, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    target.content = .array([])
    return UnkeyedContainer(target: target, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    SingleContainer(target: target, codingPath: codingPath)
  }
}

private struct SingleContainer: SingleValueEncodingContainer {
  let target: Target
  let codingPath: [any CodingKey]

  func encodeNil() { target.content = .leaf(.null) }
  func encode(_ value: Bool) { target.content = .leaf(.bool(value)) }
  func encode(_ value: String) { target.content = .leaf(.string(value)) }
  func encode(_ value: Double) { target.content = .leaf(.number(value)) }
  func encode(_ value: Int) { target.content = .leaf(.integer(value)) }
  func encode<T: Encodable>(_ value: T) throws {
    try WireEncoder.encode(value, into: target, path: codingPath)
  }
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let target: Target
  let codingPath: [any CodingKey]

  func field(_ key: Key) -> SingleContainer {
    SingleContainer(target: target.appendField(key.stringValue), codingPath: codingPath + [key])
  }

  func encodeNil(forKey key: Key) { field(key).encodeNil() }
  func encode(_ value: Bool, forKey key: Key) { field(key).encode(value) }
  func encode(_ value: String, forKey key: Key) { field(key).encode(value) }
  func encode(_ value: Double, forKey key: Key) { field(key).encode(value) }
  func encode(_ value: Int, forKey key: Key) { field(key).encode(value) }
  func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try field(key).encode(value) }

  func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
    ValueEncoder(target: target.appendField(key.stringValue), codingPath: codingPath + [key]).container(keyedBy: Nested.self)
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    ValueEncoder(target: target.appendField(key.stringValue), codingPath: codingPath + [key]).unkeyedContainer()
  }
  func superEncoder() -> any Encoder { ValueEncoder(target: target, codingPath: codingPath) }
  func superEncoder(forKey key: Key) -> any Encoder {
    ValueEncoder(target: target.appendField(key.stringValue), codingPath: codingPath + [key])
  }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
  let target: Target
  let codingPath: [any CodingKey]
  private(set) var count = 0

  init(target: Target, codingPath: [any CodingKey]) {
    self.target = target
    self.codingPath = codingPath
  }

  mutating func item() -> SingleContainer {
    count += 1
    return SingleContainer(target: target.appendItem(), codingPath: codingPath)
  }

  mutating func encodeNil() { item().encodeNil() }
  mutating func encode(_ value: Bool) { item().encode(value) }
  mutating func encode(_ value: String) { item().encode(value) }
  mutating func encode(_ value: Double) { item().encode(value) }
  mutating func encode(_ value: Int) { item().encode(value) }
  mutating func encode<T: Encodable>(_ value: T) throws { try item().encode(value) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> {
    ValueEncoder(target: item().target, codingPath: codingPath).container(keyedBy: Nested.self)
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    ValueEncoder(target: item().target, codingPath: codingPath).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder { ValueEncoder(target: item().target, codingPath: codingPath) }
}
