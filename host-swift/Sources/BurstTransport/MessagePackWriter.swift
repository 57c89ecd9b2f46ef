import BurstProtocol
import Foundation

struct MessagePackWriter {
  private var output = Data()
  /// Before `output`.
  private var written: [Data] = []

  /// Bytes below which a copy costs less than a part.
  private static let largeBytes = 1 << 16

  /// What was written, in order; large `bytes` are parts of their own.
  var parts: [Data] { output.isEmpty ? written : written + [output] }

  mutating func write(_ value: WireValue) {
    switch value {
    case .null: output.append(0xC0)
    case .bool(let bool): output.append(bool ? 0xC3 : 0xC2)
    case .integer(let integer): write(integer)
    case .double(let number):
      output.append(0xCB)
      append(bigEndian: number.bitPattern)
    case .string(let string):
      let bytes = string.utf8
      header(bytes.count, fix: (limit: 32, base: 0xA0), byte8: 0xD9, byte16: 0xDA)
      output.append(contentsOf: bytes)
    case .bytes(let data):
      header(data.count, fix: nil, byte8: 0xC4, byte16: 0xC5)
      if data.count < Self.largeBytes {
        output.append(data)
      } else {
        written += [output, data]
        output = Data()
      }
    case .array(let items):
      header(items.count, fix: (limit: 16, base: 0x90), byte8: nil, byte16: 0xDC)
      for item in items { write(item) }
    case .map(let fields):
      header(fields.count, fix: (limit: 16, base: 0x80), byte8: nil, byte16: 0xDE)
      for field in fields {
        write(.string(field.name))
        write(field.value)
      }
    }
  }

  /// The shortest form; beyond 32 bits int64 for both signs, as JavaScript's BigInt is written.
  private mutating func write(_ integer: Int) {
    switch integer {
    case 0...127: output.append(UInt8(integer))
    case -32..<0: output.append(UInt8(bitPattern: Int8(integer)))
    case 0...Int(UInt8.max): output.append(contentsOf: [0xCC, UInt8(integer)])
    case 0...Int(UInt16.max):
      output.append(0xCD)
      append(bigEndian: UInt16(integer))
    case 0...Int(UInt32.max):
      output.append(0xCE)
      append(bigEndian: UInt32(integer))
    case Int(Int8.min)..<0: output.append(contentsOf: [0xD0, UInt8(bitPattern: Int8(integer))])
    case Int(Int16.min)..<0:
      output.append(0xD1)
      append(bigEndian: Int16(integer))
    case Int(Int32.min)..<0:
      output.append(0xD2)
      append(bigEndian: Int32(integer))
    default:
      output.append(0xD3)
      append(bigEndian: Int64(integer))
    }
  }

  /// The shortest length header of a kind; the 32-bit code follows the 16-bit one.
  private mutating func header(_ count: Int, fix: (limit: Int, base: UInt8)?, byte8: UInt8?, byte16: UInt8) {
    if let fix, count < fix.limit {
      output.append(fix.base | UInt8(count))
    } else if let byte8, count <= UInt8.max {
      output.append(contentsOf: [byte8, UInt8(count)])
    } else if count <= UInt16.max {
      output.append(byte16)
      append(bigEndian: UInt16(count))
    } else {
      output.append(byte16 + 1)
      append(bigEndian: UInt32(count))
    }
  }

  private mutating func append(bigEndian value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { output.append(contentsOf: $0) }
  }
}
