import Foundation

/// Turns a `WireValue` into a typed message. Throws `DecodingError` with the path of the field at fault.
public enum WireDecoder {
  public static func decode<T: Decodable>(_ type: T.Type, from value: WireValue) throws -> T {
    try decode(type, from: value, path: [])
  }

  /// `Data` and `[Int]` carry megabytes: they never go through an element-wise container.
  fileprivate static func decode<T: Decodable>(_ type: T.Type, from value: WireValue, path: [any CodingKey]) throws -> T {
    if type == Data.self, let data = try data(value, path) as? T { return data }
    if type == [Int].self, let integers = try integers(value, path) as? T { return integers }
    return try T(from: ValueDecoder(value: value, codingPath: path))
  }

  private static func data(_ value: WireValue, _ path: [any CodingKey]) throws -> Data {
    switch value {
    case .bytes(let data): return data
    case .string(let text):
      guard let data = Data(base64Encoded: text) else { throw mismatch(Data.self, path, "expected base64") }
      return data
    default: throw mismatch(Data.self, path, "expected bytes, got \(value.kind)")
    }
  }

  private static func integers(_ value: WireValue, _ path: [any CodingKey]) throws -> [Int] {
    guard case .array(let items) = value else {
      throw mismatch([Int].self, path, "expected an array, got \(value.kind)")
    }
    var integers: [Int] = []
    integers.reserveCapacity(items.count)
    for (index, item) in items.enumerated() {
      if case .integer(let integer) = item, integer.magnitude <= UInt(WireValue.maximumInteger) {
        integers.append(integer)
      } else {
        integers.append(try integer(item, path + [IndexKey(index)]))
      }
    }
    return integers
  }

  fileprivate static func integer(_ value: WireValue, _ path: [any CodingKey]) throws -> Int {
    switch value {
    case .integer(let integer) where integer.magnitude <= UInt(WireValue.maximumInteger): return integer
    case .double(let number):
      if let integer = Int(exactly: number), integer.magnitude <= UInt(WireValue.maximumInteger) { return integer }
      throw mismatch(Int.self, path, "expected an integer, got \(number)")
    case .integer: throw mismatch(Int.self, path, "the integer has more than 53 bits")
    default: throw mismatch(Int.self, path, "expected an integer, got \(value.kind)")
    }
  }

  fileprivate static func mismatch(_ type: Any.Type, _ path: [any CodingKey], _ problem: String) -> DecodingError {
    .typeMismatch(type, .init(codingPath: path, debugDescription: problem))
  }
}

extension DecodingError {
  /// One sentence that names the field, such as "`writes[2].address`: expected an integer, got a string".
  public var sentence: String {
    switch self {
    case .keyNotFound(let key, let context):
      "missing field `\(Self.name(context.codingPath + [key]))`"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "the parameters: \(context.debugDescription)" : "`\(Self.name(context.codingPath))`: \(context.debugDescription)"
    @unknown default: "\(self)"
    }
  }

  private static func name(_ path: [any CodingKey]) -> String {
    path.reduce(into: "") { name, key in
      if let index = key.intValue {
        name += "[\(index)]"
      } else {
        name += name.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }
}

private struct IndexKey: CodingKey {
  let intValue: Int?
  var stringValue: String { String(intValue ?? 0) }
  init(_ index: Int) { intValue = index }
  init?(intValue: Int) { self.intValue = intValue }
  init?(stringValue: String) { nil }
}

private struct ValueDecoder: Decoder, SingleValueDecodingContainer {
  let value: WireValue
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .map(let fields) = value else {
      throw WireDecoder.mismatch([String: Any].self, codingPath, "expected an object, got \(value.kind)")
    }
    return KeyedDecodingContainer(KeyedContainer<Key>(fields: fields, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let items) = value else {
      throw WireDecoder.mismatch([Any].self, codingPath, "expected an array, got \(value.kind)")
    }
    return UnkeyedContainer(items: items, codingPath: codingPath)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { value == .null }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard case .bool(let bool) = value else {
      throw WireDecoder.mismatch(type, codingPath, "expected a boolean, got \(value.kind)")
    }
    return bool
  }

  func decode(_ type: String.Type) throws -> String {
    guard case .string(let string) = value else {
      throw WireDecoder.mismatch(type, codingPath, "expected a string, got \(value.kind)")
    }
    return string
  }

  func decode(_ type: Double.Type) throws -> Double {
    switch value {
    case .double(let number): return number
    case .integer(let integer): return Double(integer)
    default: throw WireDecoder.mismatch(type, codingPath, "expected a number, got \(value.kind)")
    }
  }

  func decode(_ type: Int.Type) throws -> Int { try WireDecoder.integer(value, codingPath) }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    try WireDecoder.decode(type, from: value, path: codingPath)
  }
}

private struct KeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let fields: [WireField]
  let codingPath: [any CodingKey]

  var allKeys: [Key] { fields.compactMap { Key(stringValue: $0.name) } }

  func contains(_ key: Key) -> Bool { fields.contains { $0.name == key.stringValue } }

  func field(_ key: any CodingKey) throws -> ValueDecoder {
    guard let field = fields.first(where: { $0.name == key.stringValue }) else {
      throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "missing"))
    }
    return ValueDecoder(value: field.value, codingPath: codingPath + [key])
  }

  func decodeNil(forKey key: Key) throws -> Bool { try field(key).decodeNil() }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try field(key).decode(type) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try field(key).decode(type) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try field(key).decode(type) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try field(key).decode(type) }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try field(key).decode(type) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
    try field(key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try field(key).unkeyedContainer() }
  func superDecoder() throws -> any Decoder { ValueDecoder(value: .map(fields), codingPath: codingPath) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try field(key) }
}

private struct UnkeyedContainer: UnkeyedDecodingContainer {
  let items: [WireValue]
  let codingPath: [any CodingKey]
  private(set) var currentIndex = 0

  init(items: [WireValue], codingPath: [any CodingKey]) {
    self.items = items
    self.codingPath = codingPath
  }

  var count: Int? { items.count }
  var isAtEnd: Bool { currentIndex >= items.count }

  mutating func next() throws -> ValueDecoder {
    let path = codingPath + [IndexKey(currentIndex)]
    guard !isAtEnd else { throw WireDecoder.mismatch([Any].self, path, "the array is too short") }
    defer { currentIndex += 1 }
    return ValueDecoder(value: items[currentIndex], codingPath: path)
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, items[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode(_ type: Bool.Type) throws -> Bool { try next().decode(type) }
  mutating func decode(_ type: String.Type) throws -> String { try next().decode(type) }
  mutating func decode(_ type: Double.Type) throws -> Double { try next().decode(type) }
  mutating func decode(_ type: Int.Type) throws -> Int { try next().decode(type) }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decode(type) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try next().container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
  mutating func superDecoder() throws -> any Decoder { try next() }
}
