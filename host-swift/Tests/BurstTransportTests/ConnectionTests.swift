import BurstProtocol
import BurstTransport
import Foundation
import Testing

/// Keeps what arrives, for the test to answer.
private final class Recorder: ConnectionHandler {
  let requests = Locked<[IncomingRequest]>([])
  let notifications = Locked<[String]>([])

  func handle(_ request: IncomingRequest) { requests.withLock { $0.append(request) } }
  func handle(notification method: String, parameters: WireValue) { notifications.withLock { $0.append(method) } }
}

@Suite("Connection")
struct ConnectionTests {
  private let recorder = Recorder()
  private let output = Locked(Data())
  private let connection: Connection

  init() {
    connection = Connection { [output] bytes in output.withLock { $0 += bytes } }
    connection.start(recorder)
  }

  private func send(_ json: String) -> Bool {
    connection.receive(frameHeader(bodyBytes: json.utf8.count) + Data(json.utf8))
  }

  private func request(_ id: Int) -> String { "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"m\",\"params\":{}}" }

  /// Bodies that were sent so far.
  private func sent() throws -> [Data] {
    #expect(connection.flush(timeout: .now() + 5))
    var bytes = output.withLock { $0 }
    var decoder = FrameDecoder()
    var bodies: [Data] = []
    while let body = try decoder.next(&bytes) { bodies.append(body) }
    return bodies
  }

  private func messages() throws -> [Message] { try sent().map { try Message(JSONBodyCodec().decode($0)) } }

  private func errorCodes() throws -> [ErrorCode] {
    try messages().compactMap { if case .errorResponse(_, let error) = $0 { error.code } else { nil } }
  }

  @Test("answers go out in any order, each once")
  func answersInAnyOrder() throws {
    #expect(send(request(1)) && send(request(2)))
    let requests = recorder.requests.withLock { $0 }
    requests[1].answer(.success(.string("second")))
    requests[0].answer(.success(.string("first")))
    requests[0].answer(.success(.string("again")))
    #expect(
      try messages() == [
        .response(id: .number(2), result: .string("second")), .response(id: .number(1), result: .string("first")),
      ])
  }

  @Test("frames of many threads never interleave")
  func concurrentAnswers() throws {
    for id in 0..<200 { #expect(send(request(id))) }
    let requests = recorder.requests.withLock { $0 }
    DispatchQueue.concurrentPerform(iterations: requests.count) { index in
      requests[index].answer(.success(.string(String(repeating: "x", count: index * 10))))
    }
    #expect(Set(try messages().map { if case .response(let id, _) = $0 { id } else { RequestID.number(-1) } }).count == 200)
  }

  @Test("a waiting request is cancelled at once, a running one when it notices, others are not touched")
  func cancellation() throws {
    for id in 1...3 { #expect(send(request(id))) }
    let requests = recorder.requests.withLock { $0 }
    #expect(requests[1].begin())
    for id in 1...2 { #expect(send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":\(id)}}")) }
    #expect(try messages() == [.errorResponse(id: .number(1), error: .cancelled)])
    #expect(!requests[0].begin())
    #expect(throws: ResponseError.cancelled) { try requests[1].checkCancellation() }
    #expect(!requests[2].isCancelled)
    #expect(recorder.notifications.withLock { $0 }.isEmpty)
  }

  @Test("cancelling what does not exist, malformed or ended, is ignored")
  func uselessCancellation() throws {
    #expect(send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":77}}"))
    #expect(send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":[]}}"))
    #expect(try sent().isEmpty)
  }

  @Test("a bad body is answered and the connection goes on")
  func badBodies() throws {
    #expect(send("nonsense") && send("[]") && send("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}") && send(request(5)))
    #expect(try errorCodes() == [.parseError, .invalidRequest, .invalidRequest])
    #expect(recorder.requests.withLock { $0.map(\.id) } == [.number(5)])
  }

  @Test("a bad header is answered and ends the connection")
  func badHeader() throws {
    #expect(!connection.receive(Data("GET / HTTP/1.1\r\n\r\n".utf8)))
    #expect(try errorCodes() == [.parseError])
  }

  @Test("an id that is still pending is refused")
  func duplicateID() throws {
    #expect(send(request(1)) && send(request(1)))
    #expect(try errorCodes() == [.invalidRequest])
    recorder.requests.withLock { $0 }[0].answer(.success(.null))
    #expect(send(request(1)))
    #expect(recorder.requests.withLock { $0.count } == 2)
  }

  @Test("the answer that agrees on MessagePack is JSON, everything after it MessagePack")
  func switchesEncoding() throws {
    #expect(send(request(1)))
    recorder.requests.withLock { $0 }[0].answer(.success(.null), switchingTo: .msgpack)
    let second = Message.request(id: .number(2), method: "m", parameters: .map([])).wireValue
    let body = MessagePackBodyCodec().encode(second)
    #expect(connection.receive(frameHeader(bodyBytes: body.count) + body))
    recorder.requests.withLock { $0 }[1].answer(.success(.bytes(Data([1]))))
    let bodies = try sent()
    #expect(try Message(JSONBodyCodec().decode(bodies[0])) == .response(id: .number(1), result: .null))
    #expect(
      try Message(MessagePackBodyCodec().decode(bodies[1])) == .response(id: .number(2), result: .bytes(Data([1]))))
  }
}
