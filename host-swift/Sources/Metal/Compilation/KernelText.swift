/// MSL text split as far as is needed to find kernel declarations: comments, literals and preprocessor lines are blanks here.
struct KernelText {
  struct Declaration: Equatable {
    var name: String
    /// Line of the name, from 1.
    var line: Int
    /// All text of the declaration before the parameters: attributes, `kernel void`, the name.
    var attributes: String
    var parameters: [String]
  }

  private let bytes: [UInt8]

  init(_ source: String) {
    bytes = Self.blanked(Array(source.utf8))
  }

  /// Declarations with a body, outside all braces.
  func kernelDeclarations() -> [Declaration] {
    var declarations: [Declaration] = []
    var depth = 0
    var line = 1
    var start = 0
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if Self.isIdentifier(byte) {
        let end = identifierEnd(at)
        if depth == 0, bytes[at..<end].elementsEqual("kernel".utf8),
          let (declaration, next) = declaration(from: start, kernel: end, line: line)
        {
          declarations.append(declaration)
          line += Self.lineCount(bytes[at..<next])
          at = next
        } else {
          at = end
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: "\n"): line += 1
      default: break
      }
      at += 1
      if depth == 0, byte == UInt8(ascii: "}") || byte == UInt8(ascii: ";") { start = at }
    }
    return declarations
  }

  /// The declaration whose text begins at `start` and whose word `kernel` ends at `end`, and where its body begins.
  private func declaration(from start: Int, kernel end: Int, line: Int) -> (Declaration, next: Int)? {
    guard let open = parameterList(from: end), let close = matching(open), !isPrototype(after: close) else { return nil }
    let head = bytes[start..<open]
    let name = head.reversed().drop { !Self.isIdentifier($0) }.prefix(while: Self.isIdentifier).reversed()
    let declaration = Declaration(
      name: String(decoding: Array(name), as: UTF8.self),
      line: line + Self.lineCount(bytes[end..<open]),
      attributes: String(decoding: head, as: UTF8.self),
      parameters: split(bytes[(open + 1)..<close]))
    return (declaration, close + 1)
  }

  /// The first parenthesis after `start` that is in no attribute.
  private func parameterList(from start: Int) -> Int? {
    var at = start
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "["):
        guard let close = matching(at) else { return nil }
        at = close + 1
      case UInt8(ascii: "("): return at
      case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ";"): return nil
      case let byte where Self.isIdentifier(byte):
        let end = identifierEnd(at)
        at = bytes[at..<end].elementsEqual("__attribute__".utf8) ? attributeEnd(end) : end
      default: at += 1
      }
    }
    return nil
  }

  private func attributeEnd(_ start: Int) -> Int {
    guard let open = bytes[start...].firstIndex(of: UInt8(ascii: "(")), let close = matching(open) else { return start }
    return close + 1
  }

  private func isPrototype(after close: Int) -> Bool {
    bytes[(close + 1)...].first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") } == UInt8(ascii: ";")
  }

  private func identifierEnd(_ start: Int) -> Int {
    bytes[start...].firstIndex { !Self.isIdentifier($0) } ?? bytes.count
  }

  /// The bracket that closes the one at `open`, whatever their kinds.
  private func matching(_ open: Int) -> Int? {
    var depth = 0
    for at in open..<bytes.count {
      if Self.opening.contains(bytes[at]) { depth += 1 }
      if Self.closing.contains(bytes[at]) { depth -= 1 }
      if depth == 0 { return at }
    }
    return nil
  }

  private func split(_ list: ArraySlice<UInt8>) -> [String] {
    var parts: [[UInt8]] = [[]]
    var depth = 0
    for byte in list {
      if Self.opening.contains(byte) || byte == UInt8(ascii: "<") { depth += 1 }
      if Self.closing.contains(byte) || byte == UInt8(ascii: ">") { depth -= 1 }
      if depth == 0, byte == UInt8(ascii: ",") {
        parts.append([])
      } else {
        parts[parts.count - 1].append(byte)
      }
    }
    let words = parts.map { String(decoding: $0, as: UTF8.self).split { $0.isWhitespace }.joined(separator: " ") }
    return words == [""] || words == ["void"] ? [] : words
  }

  private static let opening = Array("([{".utf8)
  private static let closing = Array(")]}".utf8)

  private static func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func lineCount(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
  }
}

extension KernelText {
  /// `text` with comments, string and character literals and preprocessor lines turned into spaces; line ends stay.
  private static func blanked(_ text: [UInt8]) -> [UInt8] {
    var result = text
    var at = 0
    var isLineStart = true
    func byte(_ index: Int) -> UInt8 { index < text.count ? text[index] : 0 }
    func blank(to end: Int) {
      for index in at..<min(end, text.count) where text[index] != UInt8(ascii: "\n") { result[index] = UInt8(ascii: " ") }
      at = min(end, text.count)
    }
    func lineEnd() -> Int {
      var end = at
      while end < text.count, text[end] != UInt8(ascii: "\n") || byte(end - 1) == UInt8(ascii: "\\") { end += 1 }
      return end
    }
    while at < text.count {
      switch (text[at], byte(at + 1)) {
      case (UInt8(ascii: "/"), UInt8(ascii: "/")): blank(to: lineEnd())
      case (UInt8(ascii: "/"), UInt8(ascii: "*")):
        var end = at + 2
        while end < text.count, byte(end - 1) != UInt8(ascii: "/") || byte(end - 2) != UInt8(ascii: "*") || end < at + 4 { end += 1 }
        blank(to: end)
      case (UInt8(ascii: "#"), _) where isLineStart: blank(to: lineEnd())
      case (UInt8(ascii: "\""), _), (UInt8(ascii: "'"), _):
        var end = at + 1
        while end < text.count, text[end] != text[at], text[end] != UInt8(ascii: "\n") {
          end += text[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        blank(to: end + 1)
      case (UInt8(ascii: "\n"), _):
        isLineStart = true
        at += 1
      case (UInt8(ascii: " "), _), (UInt8(ascii: "\t"), _): at += 1
      default:
        isLineStart = false
        at += 1
      }
    }
    return result
  }
}
