import BurstProtocol
import BurstTransport
import Foundation
import Testing

@Suite("Body codecs")
struct BodyCodecTests {
  private func problem(_ codec: some BodyCodec, _ body: Data) -> String? {
    do throws(BodyError) {
      _ = try codec.decode(body)
      return nil
    } catch { return error.problem }
  }

  static let integers: [Int] = [
    0, 1, 127, 128, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, 9_007_199_254_740_991, -1, -32, -33, -128, -129,
    -32_768, -32_769, -2_147_483_648, -2_147_483_649, -9_007_199_254_740_991,
  ]

  @Test("values survive both encodings", arguments: [Encoding.json, .msgpack])
  func roundTrip(encoding: Encoding) throws {
    let values: [WireValue] =
      Self.integers.map(WireValue.integer) + [
        .null, .bool(true), .bool(false), .double(0.1), .double(-1e300), .string(""), .string("é漢\u{0}\u{7f}\u{1F600}\"\\/"),
        .array([]), .map([]), .string(String(repeating: "s", count: 70_000)),
        .array(Array(repeating: .integer(7), count: 70_000)), .map([WireField("key", .array([.map([WireField("", .null)])]))]),
      ] + [15, 16, 31, 32, 255, 256, 65_535, 65_536].map { .string(String(repeating: "x", count: $0)) }
    for value in values { #expect(try encoding.codec.decode(encoding.codec.encode(value)) == value) }
  }

  @Test("MessagePack keeps bytes of every header size", arguments: [0, 1, 255, 256, 65_535, 65_536])
  func bytes(count: Int) throws {
    let codec = MessagePackBodyCodec()
    let value = WireValue.bytes(Data((0..<count).map { UInt8(truncatingIfNeeded: $0) }))
    #expect(try codec.decode(codec.encode(value)) == value)
  }

  @Test("large bytes are parts of their own, and read back with indices from 0, each its own")
  func largeBytes() throws {
    let codec = MessagePackBodyCodec()
    let large = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0) })
    let value = WireValue.map([
      WireField("before", .integer(1)), WireField("large", .bytes(large)), WireField("more", .array([.bytes(large), .null])),
    ])
    let parts = codec.encodeParts(value)
    #expect(parts.count == 5 && parts[1] == large && parts[3] == large)
    // Nothing else keeps the body.
    let decoded = try codec.decode(codec.encode(value))
    #expect(decoded == value)
    guard case .bytes(var first) = decoded["large"], case .array(let more) = decoded["more"] else {
      Issue.record("other fields")
      return
    }
    #expect(first.startIndex == 0 && first[99_999] == large[99_999])
    first[0] = 255
    #expect(more[0] == .bytes(large) && decoded["large"] == .bytes(large))
  }

  @Test("MessagePack takes any integer form and integral floats")
  func integerForms() throws {
    let codec = MessagePackBodyCodec()
    for form in ["05", "cc05", "cd0005", "ce00000005", "cf0000000000000005", "d005", "d10005", "d200000005", "d30000000000000005"] {
      #expect(try codec.decode(#require(Data(hexadecimal: form))) == .integer(5))
    }
    #expect(try codec.decode(#require(Data(hexadecimal: "cb4014000000000000"))) == .integer(5))
    #expect(try codec.decode(#require(Data(hexadecimal: "ca40a00000"))) == .integer(5))
  }

  @Test(
    "malformed MessagePack is an error",
    arguments: [
      "", "c1", "d9", "a161ff", "a2c328", "81", "8101", "810101", "91", "dd7fffffff", "dfffffffff", "dbffffffff61", "c6ffffffff",
      "cfffffffffffffffff", "d40000", "c70100ff", "cd00", "0000",
    ])
  func malformedMessagePack(hex: String) throws {
    #expect(problem(MessagePackBodyCodec(), try #require(Data(hexadecimal: hex))) != nil)
  }

  @Test("every prefix of a MessagePack body is an error, and no body of random bytes crashes")
  func truncatedAndRandom() {
    let codec = MessagePackBodyCodec()
    let body = codec.encode(
      .map([WireField("a", .array([.integer(1 << 40), .string("text")])), WireField("b", .bytes(Data(count: 300)))]))
    for length in 0..<body.count { #expect(problem(codec, body.prefix(length)) != nil) }
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      var random = body
      for _ in 0..<4 { random[Int.random(in: 0..<body.count, using: &generator)] = .random(in: 0...255, using: &generator) }
      _ = problem(codec, random)
    }
  }

  @Test("nesting has a limit in both encodings")
  func depth() {
    let levels = WireValue.maximumDepth + 1
    for count in [levels, 100_000] {
      #expect(problem(MessagePackBodyCodec(), Data(repeating: 0x91, count: count) + Data([0xC0])) != nil)
      let json = String(repeating: "[", count: count) + "0" + String(repeating: "]", count: count)
      #expect(problem(JSONBodyCodec(), Data(json.utf8)) != nil)
    }
    #expect(problem(MessagePackBodyCodec(), Data(repeating: 0x91, count: levels - 1) + Data([0xC0])) == nil)
  }

  @Test("malformed JSON is an error", arguments: ["", "{", "[1", "{\"a\":}", "\"\\ud800", "nul", "1 2", "\u{1}"])
  func malformedJSON(text: String) {
    #expect(problem(JSONBodyCodec(), Data(text.utf8)) != nil)
    #expect(problem(JSONBodyCodec(), Data([0x22, 0xFF, 0x22])) != nil)
  }

  @Test(
    "a malformed string is an error wherever it stands, also as a key, where Foundation would end the process",
    arguments: [
      "ff", "c080", "eda080", "e282", "01", "0a", #"\q"#, #"\u12zz"#, #"\u1"#, #"\ud800"#, #"\ud83d\ud83d"#, #"\ud83dx"#, #"\udc00"#,
    ])
  func malformedStrings(content: String) throws {
    let bytes = try content.hasPrefix(#"\"#) ? Data(content.utf8) : #require(Data(hexadecimal: content))
    for (before, after) in [("{\"", "\":1}"), ("[{\"a\":\"", "\"}]")] {
      #expect(problem(JSONBodyCodec(), Data(before.utf8) + bytes + Data(after.utf8)) != nil)
    }
  }

  @Test("strings with every escape are keys and values")
  func escapes() throws {
    let text = #"{"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00é":"\\"}"#
    let key = "\"\\/\u{8}\u{c}\n\r\té\u{1F600}é"
    #expect(try JSONBodyCodec().decode(Data(text.utf8)) == .map([WireField(key, .string("\\"))]))
  }

  @Test("JSON bytes are base64 with padding, and strings are escaped as JSON.stringify escapes")
  func jsonText() {
    #expect(JSONBodyCodec().encode(.bytes(Data([1]))) == Data("\"AQ==\"".utf8))
    let text = WireValue.string("\u{8}\t\n\u{b}\u{c}\r\u{1f}\"\\/\u{7f}é")
    #expect(JSONBodyCodec().encode(text) == Data((#""\b\t\n\u000b\f\r\u001f\"\\/"# + "\u{7f}é\"").utf8))
  }
}

extension Data {
  fileprivate init?(hexadecimal text: String) {
    self.init()
    var rest = Substring(text)
    while !rest.isEmpty {
      guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
      append(byte)
      rest = rest.dropFirst(2)
    }
  }
}
