import BurstProtocol
import BurstTransport
import Foundation
import Testing

/// protocol/fixtures/*.json, written by test/protocol/generateFixtures.ts.
struct Fixture: Sendable, CustomTestStringConvertible {
  let name: String
  let message: WireValue
  let json: Data
  let messagePack: Data

  var testDescription: String { name }

  static let folder = URL(filePath: #filePath).appending(path: "../../../../protocol/fixtures").standardized

  static let all: [Fixture] = {
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.map { file in
      do { return try Fixture(file) } catch { fatalError("\(file.lastPathComponent): \(error)") }
    }
  }()

  init(_ file: URL) throws {
    struct File: Decodable {
      let name: String
      let json: String
      let msgpackHex: String
    }
    let data = try Data(contentsOf: file)
    let contents = try JSONDecoder().decode(File.self, from: data)
    name = contents.name
    json = Data(contents.json.utf8)
    messagePack = try #require(Data(hex: contents.msgpackHex))
    message = try Self.withBytes(#require(JSONBodyCodec().decode(data)["message"]))
  }

  /// `{"$bytes": base64}` stands for bytes.
  private static func withBytes(_ value: WireValue) throws -> WireValue {
    if case .string(let base64) = value["$bytes"] { return .bytes(try #require(Data(base64Encoded: base64))) }
    return switch value {
    case .array(let items): .array(try items.map(withBytes))
    case .map(let fields): .map(try fields.map { WireField($0.name, try withBytes($0.value)) })
    default: value
    }
  }
}

extension Data {
  init?(hex: String) {
    guard hex.count.isMultiple(of: 2) else { return nil }
    self.init()
    var rest = Substring(hex)
    while !rest.isEmpty {
      guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
      append(byte)
      rest = rest.dropFirst(2)
    }
  }
}

@Suite("Fixtures of both languages")
struct FixtureTests {
  @Test("there is a fixture for every method of the catalogue")
  func everyMethod() {
    let methods = Set(
      Fixture.all.compactMap { fixture -> String? in
        if case .string(let method) = fixture.message["method"] { method } else { nil }
      })
    #expect(methods == Set(requestTypes.map { $0.method } + notificationTypes.map { $0.method }))
  }

  @Test("the typed message encodes to the exact bytes of both encodings", arguments: Fixture.all)
  func encodes(fixture: Fixture) throws {
    let typed = try Self.throughTypes(fixture)
    #expect(String(decoding: JSONBodyCodec().encode(typed), as: UTF8.self) == String(decoding: fixture.json, as: UTF8.self))
    #expect(MessagePackBodyCodec().encode(typed) == fixture.messagePack)
  }

  @Test("the bytes of both encodings decode to the same message", arguments: Fixture.all)
  func decodes(fixture: Fixture) throws {
    #expect(Self.sorted(try MessagePackBodyCodec().decode(fixture.messagePack)) == Self.sorted(fixture.message))
    let fromJSON = try Message(JSONBodyCodec().decode(fixture.json))
    let fromMessagePack = try Message(MessagePackBodyCodec().decode(fixture.messagePack))
    #expect(try Self.throughTypes(fromJSON, fixture.name) == Self.throughTypes(fromMessagePack, fixture.name))
  }

  private static func throughTypes(_ fixture: Fixture) throws -> WireValue {
    try throughTypes(Message(fixture.message), fixture.name)
  }

  /// Decodes parameters or result as their type and encodes them again, so that bytes are those of the type.
  private static func throughTypes(_ message: Message, _ name: String) throws -> WireValue {
    func again<T: Codable>(_ type: T.Type, _ value: WireValue) throws -> WireValue {
      try WireEncoder.encode(WireDecoder.decode(type, from: value))
    }
    func parameters<R: RequestType>(_ type: R.Type, _ value: WireValue) throws -> WireValue { try again(R.Parameters.self, value) }
    func notification<N: NotificationType>(_ type: N.Type, _ value: WireValue) throws -> WireValue {
      try again(N.Parameters.self, value)
    }
    func result<R: RequestType>(_ type: R.Type, _ value: WireValue) throws -> WireValue { try again(R.Result.self, value) }

    switch message {
    case .request(let id, let method, let value):
      let type = try #require(requestTypes.first { $0.method == method })
      return Message.request(id: id, method: method, parameters: try parameters(type, value)).wireValue
    case .notification(let method, let value):
      let type = try #require(notificationTypes.first { $0.method == method })
      return Message.notification(method: method, parameters: try notification(type, value)).wireValue
    case .response(let id, let value):
      // A response does not name its method; a fixture's name begins with it.
      let type = try #require(
        requestTypes.first { name.hasPrefix("\($0.method.replacingOccurrences(of: "/", with: "-"))-response") })
      return Message.response(id: id, result: try result(type, value)).wireValue
    case .errorResponse(let id, let error):
      var data = error.data
      switch error.code {
      case .buildFailed: data = try again(BuildFailedData.self, #require(data))
      case .poolTooLarge: data = try again(PoolTooLargeData.self, #require(data))
      case .deviceError: data = try again(DeviceErrorData.self, #require(data))
      default: break
      }
      return Message.errorResponse(id: id, error: ResponseError(error.code, error.message, data: data)).wireValue
    }
  }

  /// Equality of maps without regard to the order of their keys.
  private static func sorted(_ value: WireValue) -> WireValue {
    switch value {
    case .array(let items): .array(items.map(sorted))
    case .map(let fields): .map(fields.map { WireField($0.name, sorted($0.value)) }.sorted { $0.name < $1.name })
    default: value
    }
  }
}
