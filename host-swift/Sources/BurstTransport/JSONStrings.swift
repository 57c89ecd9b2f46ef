import Foundation

/// What is wrong with the strings of a JSON text. Foundation's decoder throws only where such a string is a value: where it is a key, it ends the process
/// (swift-foundation 6.0).
enum JSONStrings {
  /// `nil` where nothing is. What else may be wrong with the text is left to the decoder.
  static func problem(in text: Data) -> String? {
    text.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> String? in
      var isASCII = true
      var isInString = false
      var index = 0
      while index < bytes.count {
        let byte = bytes[index]
        if byte >= 0x80 { isASCII = false }
        if byte == UInt8(ascii: "\"") {
          isInString.toggle()
        } else if isInString, byte < 0x20 {
          return "a control character in a string, at byte \(index)"
        } else if isInString, byte == UInt8(ascii: "\\") {
          guard let length = escape(bytes[index...]) else { return "a malformed escape in a string, at byte \(index)" }
          index += length
          continue
        }
        index += 1
      }
      return isASCII || String(data: text, encoding: .utf8) != nil ? nil : "it is not UTF-8"
    }
  }

  /// Bytes of the escape that `rest` begins with, of both halves of a surrogate pair.
  private static func escape(_ rest: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard let kind = rest.dropFirst().first else { return nil }
    if kind != UInt8(ascii: "u") { return "\"\\/bfnrt".utf8.contains(kind) ? 2 : nil }
    guard let first = codeUnit(rest) else { return nil }
    switch first {
    case 0xDC00...0xDFFF: return nil
    case 0xD800...0xDBFF:
      guard let low = codeUnit(rest.dropFirst(6)), (0xDC00...0xDFFF).contains(low) else { return nil }
      return 12
    default: return 6
    }
  }

  /// Of `\uXXXX`.
  private static func codeUnit(_ rest: Slice<UnsafeRawBufferPointer>) -> Int? {
    let digits = rest.dropFirst(2).prefix(4)
    guard rest.starts(with: "\\u".utf8), digits.count == 4 else { return nil }
    // `Int` would take a sign.
    guard digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return nil }
    return Int(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
