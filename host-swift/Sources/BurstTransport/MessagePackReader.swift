import BurstProtocol
import Foundation

/// Reads one value; every length is checked against the bytes that are left before anything of that size is made.
struct MessagePackReader {
  private let bytes: Data
  private var position: Data.Index

  /// Bytes of a field that is not copied.
  private static let largeBytes = 1 << 16

  init(_ bytes: Data) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var isAtEnd: Bool { position == bytes.endIndex }

  mutating func value(depth: Int) throws(BodyError) -> WireValue {
    guard depth <= WireValue.maximumDepth else { throw malformed("nesting is deeper than \(WireValue.maximumDepth) levels") }
    let code = try number(UInt8.self)
    switch code {
    case 0x00...0x7F: return .integer(Int(code))
    case 0x80...0x8F: return try map(Int(code & 0x0F), depth)
    case 0x90...0x9F: return try array(Int(code & 0x0F), depth)
    case 0xA0...0xBF: return .string(try string(Int(code & 0x1F)))
    case 0xC0: return .null
    case 0xC2: return .bool(false)
    case 0xC3: return .bool(true)
    case 0xC4: return .bytes(try take(Int(number(UInt8.self))))
    case 0xC5: return .bytes(try take(Int(number(UInt16.self))))
    case 0xC6: return .bytes(try take(Int(number(UInt32.self))))
    case 0xCA: return .number(Double(Float(bitPattern: try number(UInt32.self))))
    case 0xCB: return .number(Double(bitPattern: try number(UInt64.self)))
    case 0xCC: return .integer(Int(try number(UInt8.self)))
    case 0xCD: return .integer(Int(try number(UInt16.self)))
    case 0xCE: return .integer(Int(try number(UInt32.self)))
    case 0xCF:
      guard let integer = Int(exactly: try number(UInt64.self)) else { throw malformed("an integer has more than 63 bits") }
      return .integer(integer)
    case 0xD0: return .integer(Int(try number(Int8.self)))
    case 0xD1: return .integer(Int(try number(Int16.self)))
    case 0xD2: return .integer(Int(try number(Int32.self)))
    case 0xD3: return .integer(Int(try number(Int64.self)))
    case 0xD9: return .string(try string(Int(number(UInt8.self))))
    case 0xDA: return .string(try string(Int(number(UInt16.self))))
    case 0xDB: return .string(try string(Int(number(UInt32.self))))
    case 0xDC: return try array(Int(number(UInt16.self)), depth)
    case 0xDD: return try array(Int(number(UInt32.self)), depth)
    case 0xDE: return try map(Int(number(UInt16.self)), depth)
    case 0xDF: return try map(Int(number(UInt32.self)), depth)
    case 0xE0...0xFF: return .integer(Int(Int8(bitPattern: code)))
    default: throw malformed("the type 0x\(String(code, radix: 16)) is not used by this protocol")
    }
  }

  private mutating func array(_ count: Int, _ depth: Int) throws(BodyError) -> WireValue {
    // Each item takes at least a byte.
    guard count <= bytes.endIndex - position else { throw malformed("an array of \(count) items is cut off") }
    var items: [WireValue] = []
    items.reserveCapacity(min(count, 1 << 16))
    for _ in 0..<count { items.append(try value(depth: depth + 1)) }
    return .array(items)
  }

  private mutating func map(_ count: Int, _ depth: Int) throws(BodyError) -> WireValue {
    guard count * 2 <= bytes.endIndex - position else { throw malformed("a map of \(count) fields is cut off") }
    var fields: [WireField] = []
    fields.reserveCapacity(min(count, 64))
    for _ in 0..<count {
      guard case .string(let name) = try value(depth: depth + 1) else { throw malformed("a map's key is not a string") }
      fields.append(WireField(name, try value(depth: depth + 1)))
    }
    return .map(fields)
  }

  private mutating func string(_ count: Int) throws(BodyError) -> String {
    guard let string = String(data: try take(count), encoding: .utf8) else { throw malformed("a string is not UTF-8") }
    return string
  }

  private mutating func take(_ count: Int) throws(BodyError) -> Data {
    guard count <= bytes.endIndex - position else { throw malformed("\(count) bytes are cut off") }
    defer { position += count }
    let field = bytes[position..<position + count]
    if count >= Self.largeBytes { return field.rebased }
    // A copy, so that a small field does not keep a large body alive.
    return Data(field)
  }

  private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(BodyError) -> Number {
    let size = MemoryLayout<Number>.size
    guard size <= bytes.endIndex - position else { throw malformed("it ends within a value") }
    var number: Number = 0
    for index in position..<position + size { number = number << 8 | Number(truncatingIfNeeded: bytes[index]) }
    position += size
    return number
  }

  private func malformed(_ problem: String) -> BodyError {
    BodyError("The body is not valid MessagePack: \(problem) (at byte \(position - bytes.startIndex)).")
  }
}

extension Data {
  /// The same bytes, with indices that start at 0, and without a copy.
  fileprivate var rebased: Data {
    withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return Data() }
      // What `self` refers to stays where it is while `self` lives: whoever would change it gets a copy.
      return Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: count, deallocator: .custom { [self] _, _ in _ = self })
    }
  }
}
