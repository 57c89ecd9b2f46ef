import Foundation

/// CRC-64/XZ (ECMA-182, reflected): finds damage, not malice.
enum Checksum {
  private static let table: [UInt64] = (0..<256).map { index in
    (0..<8).reduce(UInt64(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xC96C_5795_D787_0F42 : value >> 1 }
  }

  static func of(_ bytes: Data) -> UInt64 {
    table.withUnsafeBufferPointer { table in
      bytes.withUnsafeBytes { bytes in
        ~bytes.reduce(~UInt64(0)) { value, byte in table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
      }
    }
  }

  static func hex(_ bytes: Data) -> String { String(of(bytes), radix: 16) }
}
