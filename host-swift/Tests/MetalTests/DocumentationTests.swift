import Foundation
import Testing

/// docs/metal-api.md lists exactly what Sources/Metal/API declares.
@Suite struct DocumentationTests {
  let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/").dropFirst()

  /// Names that come with a conformance and that nobody calls by hand.
  let conformance = [
    "init(", "func copy(with", "let rawValue", "let _nsError", "static var _nsErrorDomain", "static var errorDomain",
    "typealias _ErrorType",
  ]

  func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  func sources(_ folder: String) throws -> [String] {
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(root)/host-swift/Sources/Metal/\(folder)")
    return try files.filter { $0.hasSuffix(".swift") }.map { try text("host-swift/Sources/Metal/\(folder)/\($0)") }
  }

  /// The declarations of a source file: public ones, protocol requirements and enum cases, each on one line and without bodies.
  func declarations(in source: String) -> [String] {
    var result: [String] = []
    var open = ""
    for line in source.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) where !line.hasPrefix("//") {
      let starts = ["public ", "case ", "var ", "func "].contains { line.hasPrefix($0) }
      guard starts || !open.isEmpty else { continue }
      open += open.isEmpty ? line : " " + line
      if balance(open) == 0, !open.hasSuffix(")") || !source.contains("\(line)\n  ) ") {
        result.append(normalized(open))
        open = ""
      }
    }
    return result.filter { declaration in !conformance.contains { declaration.hasPrefix($0) } }
  }

  func balance(_ text: String) -> Int {
    text.reduce(0) { $0 + ($1 == "(" ? 1 : $1 == ")" ? -1 : 0) }
  }

  func normalized(_ declaration: String) -> String {
    var text = declaration
    let unlisted = [
      "public ", "final ", "override ", " { get set }", ", @unchecked Sendable", ": _BridgedStoredNSError",
      ", _ErrorCodeProtocol, Sendable",
    ]
    for word in unlisted { text = text.replacingOccurrences(of: word, with: "") }
    text = text.replacingOccurrences(of: "( ", with: "(").replacingOccurrences(of: " )", with: ")")
    if !text.hasSuffix("{ get }"), let body = text.firstRange(of: " {") { text = String(text[..<body.lowerBound]) }
    if !text.hasPrefix("typealias "), !text.hasPrefix("func "), let value = text.firstRange(of: " = ") {
      text = String(text[..<value.lowerBound])
    }
    return text.trimmingCharacters(in: .whitespaces)
  }

  /// What the page must have for a declaration: itself, or `.name` for cases and static members.
  func entry(for declaration: String) -> String {
    let words = declaration.split { " :".contains($0) }
    if declaration.hasPrefix("case ") { return "`.\(words[1].filter { $0 != "`" })`" }
    if declaration.hasPrefix("static "), !declaration.contains("NSNotification") { return "`.\(words[2].filter { $0 != "`" })`" }
    return "`\(declaration)`"
  }

  @Test func everyDeclarationIsOnThePage() throws {
    let page = try text("docs/metal-api.md")
    let declarations = try sources("API").flatMap(declarations(in:))
    #expect(declarations.count > 200)
    #expect(declarations.filter { !page.contains(entry(for: $0)) } == [])
  }

  @Test func everyRowOfThePageIsDeclared() throws {
    let declarations = Set(try sources("API").flatMap(declarations(in:)))
    let rows = try text("docs/metal-api.md").split(separator: "\n").compactMap { line in
      line.hasPrefix("| `") ? String(line.dropFirst(3).prefix { $0 != "`" }) : nil
    }
    #expect(rows.count > 100)
    #expect(rows.filter { !declarations.contains($0) } == [])
  }

  @Test func onlyTheListedFolderDeclaresAnythingPublic() throws {
    for source in try sources("CPU") {
      #expect(!source.contains("public "))
    }
  }
}
