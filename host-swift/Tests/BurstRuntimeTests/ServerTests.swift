import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("Server")
struct ServerTests {
  @Test("nothing comes before initialize, and initialize comes once")
  func handshakeOrder() throws {
    let client = TestClient()
    #expect(client.failure("devices/list")?.code == .notInitialized)
    #expect(client.failure("nonsense")?.code == .notInitialized)
    let parameters = try client.handshake("1.7", ["morse", "json", "msgpack"])
    let result = try WireDecoder.decode(InitializeRequest.Result.self, from: client.call("initialize", parameters))
    #expect(result.encoding == .json)
    #expect(result.protocolVersion == protocolVersion)
    #expect(client.failure("initialize", parameters)?.code == .invalidRequest)
  }

  @Test("another major version is refused by name of both")
  func versionMismatch() throws {
    let client = TestClient()
    let refusal = try #require(client.failure("initialize", try client.handshake("2.0", ["json"])))
    #expect(refusal.code == .versionMismatch)
    #expect(refusal.message.contains("2.0") && refusal.message.contains(protocolVersion))
    for version in ["", "1", "one.two", "1.0.0"] {
      #expect(client.failure("initialize", try client.handshake(version, ["json"]))?.code == .invalidParams)
    }
    #expect(client.failure("initialize", try client.handshake("1.0", ["morse"]))?.message.contains("encodings") == true)
    #expect(try client.call("initialize", client.handshake("1.0", ["json"])) != .null)
  }

  @Test("unknown methods and wrong parameters are errors that name them", arguments: [Encoding.json, .msgpack])
  func badRequests(encoding: Encoding) throws {
    let client = try TestClient.initialized(encoding: encoding)
    #expect(client.failure("pool/fly")?.code == .methodNotFound)
    #expect(client.failure("pool/fly")?.message.contains("pool/fly") == true)
    let missing = try #require(client.failure("pool/create", .map([WireField("module", .integer(1))])))
    #expect(missing.code == .invalidParams && missing.message.contains("`instances`"))
    let mistyped = try #require(
      client.failure("module/unload", .map([WireField("module", .string("one"))])))
    #expect(mistyped.code == .invalidParams && mistyped.message.contains("`module`"))
    #expect(client.failure("module/unload", .array([]))?.code == .invalidParams)
    #expect(client.failure("module/unload", .map([WireField("module", .integer(77))]))?.code == .unknownModule)
    #expect(client.failure("pool/release", .map([WireField("pool", .integer(77))]))?.code == .unknownPool)
    client.notify("no/such/notification")
    #expect(try client.call("shutdown") == .null)
  }

  @Test("after shutdown requests are refused, and exit is passed on")
  func shutdown() throws {
    let client = try TestClient.initialized()
    #expect(!client.server.isShutDown)
    #expect(try client.call("shutdown") == .null)
    #expect(client.server.isShutDown)
    #expect(client.failure("devices/list")?.code == .shuttingDown)
    #expect(!client.exited.withLock { $0 })
    client.notify("exit")
    #expect(client.exited.withLock { $0 })
  }
}
