import BurstTransport
import Foundation
import Testing

@Suite("Framing")
struct FrameDecoderTests {
  private func frame(_ body: String) -> Data { frameHeader(bodyBytes: body.utf8.count) + Data(body.utf8) }

  /// Every body in `stream` when it arrives in pieces of `size` bytes.
  private func bodies(_ stream: Data, piecesOf size: Int) throws -> [String] {
    var decoder = FrameDecoder()
    var bodies: [String] = []
    var rest = stream
    while !rest.isEmpty {
      var piece = rest.prefix(size)
      rest = rest.dropFirst(size)
      while let body = try decoder.next(&piece) { bodies.append(String(decoding: body, as: UTF8.self)) }
      #expect(piece.isEmpty)
    }
    return bodies
  }

  private func failure(_ stream: String) -> FrameError? {
    var decoder = FrameDecoder()
    var bytes = Data(stream.utf8)
    do throws(FrameError) {
      while try decoder.next(&bytes) != nil {}
      return nil
    } catch { return error }
  }

  @Test("frames arrive whole in any cut", arguments: 1...80)
  func everyCut(size: Int) throws {
    let expected = ["{}", "", "{\"a\":\"é\"}", String(repeating: "x", count: 200)]
    let stream = expected.map(frame).reduce(Data(), +)
    #expect(try bodies(stream, piecesOf: size) == expected)
  }

  @Test("other header fields are ignored, names have no case, values may be padded")
  func otherFields() throws {
    let stream = Data("Content-Type: x; charset=utf-8\r\ncontent-LENGTH:  2 \r\n\r\nok".utf8)
    #expect(try bodies(stream, piecesOf: 3) == ["ok"])
  }

  @Test(
    "a malformed header is an error",
    arguments: [
      "\r\n\r\n", "Content-Type: x\r\n\r\n", "Content-Length: \r\n\r\n", "Content-Length: -1\r\n\r\n",
      "Content-Length: 0x10\r\n\r\n", "Content-Length: 1e3\r\n\r\n", "Content-Length 5\r\n\r\n",
      "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ])
  func malformed(header: String) {
    guard case .malformedHeader = failure(header) else {
      Issue.record("\(String(describing: failure(header)))")
      return
    }
  }

  @Test("limits of header and body are errors before anything is kept")
  func limits() {
    #expect(failure("X: " + String(repeating: "x", count: 5000)) == .headerTooLong)
    #expect(failure("Content-Length: 1073741825\r\n\r\n") == .bodyTooLong(1_073_741_825))
    #expect(failure("Content-Length: 99999999999999999999999\r\n\r\n") == .bodyTooLong(Int.max))
    #expect(failure("Content-Length: 1073741824\r\n\r\n") == nil)
  }

  @Test("after an error every call fails, with good bytes too")
  func staysFailed() {
    var decoder = FrameDecoder()
    var bad = Data("nonsense\r\n\r\n".utf8)
    #expect(throws: FrameError.self) { try decoder.next(&bad) }
    var good = frame("{}")
    #expect(throws: FrameError.self) { try decoder.next(&good) }
  }
}
