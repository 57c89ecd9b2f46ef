import BurstProtocol
import Foundation
import Testing

/// docs/images/policies.svg: what the policies do in two hours of the model. Compared with the committed picture; `BLESS=1` rewrites it.
struct PolicyPicture {
  let runs: [(policy: BurstPolicy, run: SimulatedRun)]

  private static let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../docs/images/policies.svg").standardized
  private static let width = 320.0
  private static let height = 180.0
  private static let colours: [BurstPolicy: String] = [.adaptive: "#1a7f37", .sustained: "#0969da", .unthrottled: "#cf222e"]

  func check() throws {
    if ProcessInfo.processInfo.environment["BLESS"] == "1" {
      try FileManager.default.createDirectory(at: Self.file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: Self.file)
    }
    #expect(try String(contentsOf: Self.file, encoding: .utf8) == text, "BLESS=1 rewrites the picture")
  }

  private var text: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 330" font-family="system-ui, sans-serif" font-size="12">
    <rect width="760" height="330" fill="white"/>
    \(panel("work done, minutes at full speed", x: 40, most: 90) { $0.work / 60 })
    \(panel("temperature, °C", x: 420, most: 110) { $0.temperature })
    \(legend)
    </svg>

    """
  }

  private func panel(
    _ title: String, x: Double, most: Double, _ value: @escaping ((minute: Int, work: Double, temperature: Double)) -> Double
  ) -> String {
    let bottom = 40 + Self.height
    func vertical(_ value: Double) -> Double { bottom - value / most * Self.height }
    var lines = ["<text x=\"\(number(x))\" y=\"24\" font-weight=\"600\">\(title)</text>"]
    for part in 0...3 {
      let at = most * Double(part) / 3
      lines.append(
        "<path d=\"M\(number(x)) \(number(vertical(at)))h\(number(Self.width))\" stroke=\"#d0d7de\"/>"
          + "<text x=\"\(number(x - 6))\" y=\"\(number(vertical(at) + 4))\" text-anchor=\"end\">\(number(at.rounded()))</text>")
    }
    for hour in 0...2 {
      lines.append(
        "<text x=\"\(number(x + Self.width * Double(hour) / 2))\" y=\"\(number(bottom + 18))\" text-anchor=\"middle\">\(hour) h</text>")
    }
    for (policy, run) in runs {
      let points = run.samples.map { "\(number(x + Self.width * Double($0.minute) / 120)),\(number(vertical(value($0))))" }
      lines.append(
        "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"\(Self.colours[policy]!)\" stroke-width=\"2\"/>")
    }
    return lines.joined(separator: "\n")
  }

  private var legend: String {
    runs.enumerated().map { index, entry in
      let y = number(270 + Double(index) * 20)
      let laptop = entry.run.laptop
      let text =
        "\(entry.policy.rawValue): \(number(laptop.work / 60)) minutes of work in 120, busy \(number(entry.run.duty * 100)) % of the time"
      return "<rect x=\"40\" y=\"\(number(260 + Double(index) * 20))\" width=\"12\" height=\"12\" fill=\"\(Self.colours[entry.policy]!)\"/>"
        + "<text x=\"58\" y=\"\(y)\">\(text)</text>"
    }.joined(separator: "\n")
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
