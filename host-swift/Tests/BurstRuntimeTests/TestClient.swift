import BurstTransport
import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

/// A client and a server over one connection without a process.
final class TestClient: Sendable {
  let connection: Connection
  let server: Server
  private let inbox: Inbox
  private let nextID = Locked(1)
  let exited: Locked<Bool>
  /// Goes with the client.
  private let ownCache: URL?

  /// What the server sent, for threads that wait for a message.
  private final class Inbox: @unchecked Sendable {
    // Unchecked because every access to the fields holds `condition`.
    private let condition = NSCondition()
    private var decoder = FrameDecoder()
    private var encoding = Encoding.json
    private var answers: [RequestID: Message] = [:]
    private(set) var notifications: [Message] = []

    func receive(_ bytes: Data) {
      condition.withLock {
        var bytes = bytes
        while let body = try? decoder.next(&bytes), let message = try? Message(encoding.codec.decode(body)) {
          switch message {
          case .response(let id, let result):
            answers[id] = message
            if let agreed = try? WireDecoder.decode(InitializeRequest.Result.self, from: result) { encoding = agreed.encoding }
          case .errorResponse(let id?, _): answers[id] = message
          default: notifications.append(message)
          }
        }
        condition.broadcast()
      }
    }

    var current: Encoding { condition.withLock { encoding } }

    func takeNotifications() -> [Message] { condition.withLock { notifications } }

    func wait(_ id: RequestID, timeout: TimeInterval) -> Message? {
      let deadline = Date(timeIntervalSinceNow: timeout)
      return condition.withLock {
        while answers[id] == nil { if !condition.wait(until: deadline) { return nil } }
        return answers.removeValue(forKey: id)
      }
    }
  }

  /// Without `cache` it has an empty one of its own.
  init(cache: URL? = nil, devices: DeviceRegistry = DeviceRegistry(), hostFunctions: HostFunctionTable = .standard) {
    let inbox = Inbox()
    let exited = Locked(false)
    self.inbox = inbox
    self.exited = exited
    let root = cache ?? TestClient.temporaryFolder()
    ownCache = cache == nil ? root : nil
    connection = Connection { inbox.receive($0) }
    server = Server(connection: connection, devices: devices, hostFunctions: hostFunctions, cacheRoot: root) {
      exited.withLock { $0 = true }
    }
    connection.start(server)
  }

  deinit {
    // A build that still runs would make the folder anew.
    connection.cancelAll()
    _ = server.waitUntilIdle(timeout: .now() + 2)
    if let ownCache { try? FileManager.default.removeItem(at: ownCache) }
  }

  /// A place for a folder, which whoever asks makes and removes.
  static func temporaryFolder() -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent("wasmburst-test-\(UUID().uuidString)", isDirectory: true)
  }

  /// A client that has shaken hands.
  static func initialized(
    encoding: Encoding = .msgpack, cache: URL? = nil, devices: DeviceRegistry = DeviceRegistry(),
    hostFunctions: HostFunctionTable = .standard
  ) throws -> TestClient {
    let client = TestClient(cache: cache, devices: devices, hostFunctions: hostFunctions)
    _ = try client.call("initialize", try client.handshake(protocolVersion, [encoding.rawValue]))
    return client
  }

  func handshake(_ version: String, _ encodings: [String]) throws -> WireValue {
    try WireEncoder.encode(
      InitializeRequest.Parameters(
        protocolVersion: version, client: ProgramIdentity(name: "test", version: "0"), encodings: encodings))
  }

  var notifications: [Message] { inbox.takeNotifications() }

  private func send(_ message: Message) {
    let body = inbox.current.codec.encode(message.wireValue)
    _ = connection.receive(frameHeader(bodyBytes: body.count) + body)
  }

  func start(_ method: String, _ parameters: WireValue) -> RequestID {
    let id = RequestID.number(
      nextID.withLock { number in
        defer { number += 1 }
        return number
      })
    send(.request(id: id, method: method, parameters: parameters))
    return id
  }

  func start<R: RequestType>(_ type: R.Type, _ parameters: R.Parameters) throws -> RequestID {
    start(R.method, try WireEncoder.encode(parameters))
  }

  func notify(_ method: String, _ parameters: WireValue = .map([])) { send(.notification(method: method, parameters: parameters)) }

  func wait(_ id: RequestID, timeout: TimeInterval = 60) throws -> WireValue {
    switch try #require(inbox.wait(id, timeout: timeout), "no answer") {
    case .response(_, let result): return result
    case .errorResponse(_, let error): throw error
    default: preconditionFailure("only answers are kept")
    }
  }

  func call(_ method: String, _ parameters: WireValue = .map([])) throws -> WireValue { try wait(start(method, parameters)) }

  func call<R: RequestType>(_ type: R.Type, _ parameters: R.Parameters) throws -> R.Result {
    try WireDecoder.decode(R.Result.self, from: wait(start(type, parameters)))
  }

  /// The error that a call answers with.
  func failure<R: RequestType>(_ type: R.Type, _ parameters: R.Parameters) -> ResponseError? {
    do {
      _ = try call(type, parameters)
      return nil
    } catch let error as ResponseError {
      return error
    } catch {
      return nil
    }
  }

  func failure(_ method: String, _ parameters: WireValue = .map([])) -> ResponseError? {
    do {
      _ = try call(method, parameters)
      return nil
    } catch let error as ResponseError {
      return error
    } catch {
      return nil
    }
  }
}
