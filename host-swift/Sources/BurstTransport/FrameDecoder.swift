import Foundation

/// Finds the message bodies in a byte stream, however it is cut; knows nothing of what is in them.
public struct FrameDecoder: Sendable {
  public static let maximumHeaderBytes = 4096
  public static let maximumBodyBytes = 1 << 30
  private static let reservedBytes = 1 << 24

  private enum State {
    case header(Data)
    case body(Data, remaining: Int)
    case failed(FrameError)
  }

  private var state = State.header(Data())

  public init() {}

  /// The next body, or `nil` when `chunk` is used up. What was read is removed from the front of `chunk`.
  ///
  /// After an error the next frame cannot be found: every later call throws the same error.
  public mutating func next(_ chunk: inout Data) throws(FrameError) -> Data? {
    do throws(FrameError) {
      while true {
        switch state {
        case .failed(let error): throw error
        case .header(var header):
          guard let length = try Self.readHeader(&header, from: &chunk) else {
            state = .header(header)
            return nil
          }
          // Not all that is announced: nothing of it may come.
          state = .body(Data(capacity: min(length, Self.reservedBytes)), remaining: length)
        case .body(var body, let remaining):
          // The state must not hold a second reference while the body grows, or each append copies it.
          state = .header(Data())
          let count = min(remaining, chunk.count)
          body.append(chunk.prefix(count))
          chunk = chunk.dropFirst(count)
          if count == remaining { return body }
          state = .body(body, remaining: remaining - count)
          return nil
        }
      }
    } catch {
      state = .failed(error)
      throw error
    }
  }

  /// The announced length once the header's blank line was read.
  private static func readHeader(_ header: inout Data, from chunk: inout Data) throws(FrameError) -> Int? {
    while let byte = chunk.popFirst() {
      header.append(byte)
      if byte == UInt8(ascii: "\n"), header.suffix(4).elementsEqual("\r\n\r\n".utf8) { return try contentLength(header.dropLast(4)) }
      if header.count >= maximumHeaderBytes { throw FrameError.headerTooLong }
    }
    return nil
  }

  private static func contentLength(_ header: Data) throws(FrameError) -> Int {
    guard let text = String(data: header, encoding: .utf8) else { throw FrameError.malformedHeader("it is not UTF-8 text") }
    var length: Int?
    for line in text.components(separatedBy: "\r\n") where !line.isEmpty {
      guard let colon = line.firstIndex(of: ":") else { throw FrameError.malformedHeader("the line \"\(line.prefix(80))\" has no colon") }
      guard line[..<colon].lowercased() == "content-length" else { continue }
      let number = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      guard !number.isEmpty, number.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        throw FrameError.malformedHeader("Content-Length is \"\(number.prefix(80))\"")
      }
      guard length == nil else { throw FrameError.malformedHeader("Content-Length stands twice") }
      // `Int` refuses only what overflows here.
      length = Int(number) ?? Int.max
    }
    guard let length else { throw FrameError.malformedHeader("Content-Length is missing") }
    guard length <= maximumBodyBytes else { throw FrameError.bodyTooLong(length) }
    return length
  }
}

/// What ends a connection: the next frame cannot be found.
public enum FrameError: Error, Equatable, Sendable {
  case headerTooLong
  case malformedHeader(String)
  case bodyTooLong(Int)

  public var sentence: String {
    switch self {
    case .headerTooLong: "A frame's header is longer than \(FrameDecoder.maximumHeaderBytes) bytes."
    case .malformedHeader(let problem): "A frame's header is malformed: \(problem)."
    case .bodyTooLong(let length): "A frame's body of \(length) bytes is longer than \(FrameDecoder.maximumBodyBytes) bytes."
    }
  }
}

/// The header that goes before a body.
public func frameHeader(bodyBytes: Int) -> Data {
  Data("Content-Length: \(bodyBytes)\r\n\r\n".utf8)
}
