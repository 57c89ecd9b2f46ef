/// A large text as texts that NVRTC can compile at the same time, and the driver link: its time grows faster than a text, and most of it runs on one core.
///
/// Of the functions that stay calls and are declared ahead, as all of a module's are, each unit has its share; whatever else the text has, all units have, so that what
/// is inlined stays inlined.
enum TranslationUnits {
  private static let heading = "static __attribute__((noinline)) "
  /// A `volatile` constant is a symbol that others see, which every unit would define.
  private static let visibleConstant = "volatile constexpr constant "

  private struct Piece {
    var text: String
    /// nil: in all units.
    var unit: Int?
  }

  /// A single unit, the text itself, where there is nothing to share out. `bytes` of such functions are enough for one unit; lines keep their numbers.
  static func split(_ source: String, bytes: Int) -> [String] {
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    let declared = Set(lines.filter { $0.hasPrefix(heading) && $0.hasSuffix(";") }.map { $0.dropLast() })
    var pieces = [Piece(text: "")]
    var (unit, share) = (0, 0)
    var insideFunction = false
    for (number, line) in lines.enumerated() {
      if !insideFunction, line.hasPrefix(heading), line.hasSuffix(" {"), declared.contains(line.dropLast(2)) {
        if share >= bytes { (unit, share) = (unit + 1, 0) }
        insideFunction = true
        pieces.append(Piece(text: "#line \(number + 1)\n", unit: unit))
      }
      let external = insideFunction || line.hasSuffix(";")
      let text =
        line.hasPrefix(heading) && external
        ? "extern" + line.dropFirst("static".count)
        : line.hasPrefix(visibleConstant) ? "static " + line : String(line)
      pieces[pieces.count - 1].text += text + "\n"
      guard insideFunction else { continue }
      share += line.utf8.count + 1
      if line == "}" {
        insideFunction = false
        pieces.append(Piece(text: "#line \(number + 2)\n"))
      }
    }
    guard unit > 0 else { return [source] }
    return (0...unit).map { unit in
      pieces.lazy.filter { $0.unit == nil || $0.unit == unit }.map(\.text).joined()
    }
  }
}
