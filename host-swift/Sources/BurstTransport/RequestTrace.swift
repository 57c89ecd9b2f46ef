import BurstEnvironment
import Foundation

/// When a request came, was begun, and left as an answer, for finding out what small requests wait for (docs/architecture.md, Traces).
struct RequestTrace: Sendable {
  /// Seconds of the system's monotonic clock, which a client on the same machine reads as well.
  static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

  static let isAskedFor = HostEnvironment.current.tracesRequests

  let method: String
  /// The first of its bytes was there, and all were read.
  let arrived: Double
  let read: Double
  /// Its parameters were understood.
  let decoded: Double
  var begun = 0.0
  var answered = 0.0

  /// `written`: all bytes of the answer, of which there are `bytes`, were given to the system.
  func report(encoded: Double, written: Double, bytes: Int) {
    func after(_ time: Double) -> String { String(format: "%.3f", (time - arrived) * 1000) }
    let text =
      "trace \(method): arrived \(String(format: "%.6f", arrived)) s; ms from there: read \(after(read)), decoded \(after(decoded)), "
      + "begun \(after(begun)), answered \(after(answered)), encoded \(after(encoded)), written \(after(written)) (\(bytes) bytes)\n"
    FileHandle.standardError.write(Data(text.utf8))
  }
}
