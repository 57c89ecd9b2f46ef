import BurstProtocol
import Foundation
import Testing

@Suite("Typed messages")
struct WireDecoderTests {
  private func problem<T: Decodable>(_ type: T.Type, _ value: WireValue) -> String? {
    do {
      _ = try WireDecoder.decode(type, from: value)
      return nil
    } catch let error as DecodingError {
      return error.sentence
    } catch {
      return "not a DecodingError: \(error)"
    }
  }

  @Test("an error names the field by its path")
  func paths() {
    let write = WireValue.map([
      WireField("instance", .integer(0)), WireField("address", .string("x")), WireField("bytes", .bytes(Data())),
    ])
    let parameters = WireValue.map([WireField("pool", .integer(1)), WireField("writes", .array([write]))])
    #expect(
      problem(WriteMemoryRequest.Parameters.self, parameters) == "`writes[0].address`: expected an integer, got a string")
    #expect(problem(WriteMemoryRequest.Parameters.self, .map([WireField("pool", .integer(1))])) == "missing field `writes`")
    #expect(problem(WriteMemoryRequest.Parameters.self, .array([])) == "the parameters: expected an object, got an array")
    let instances = WireValue.map([WireField("pool", .integer(1)), WireField("instances", .array([.integer(0), .bool(true)]))])
    #expect(problem(ResetPoolRequest.Parameters.self, instances) == "`instances[1]`: expected an integer, got a boolean")
  }

  @Test("integers have at most 53 bits and may come as integral floats")
  func integers() throws {
    func release(_ value: WireValue) -> WireValue { .map([WireField("pool", value)]) }
    #expect(try WireDecoder.decode(ReleasePoolRequest.Parameters.self, from: release(.double(3))).pool == 3)
    #expect(problem(ReleasePoolRequest.Parameters.self, release(.double(3.5))) == "`pool`: expected an integer, got 3.5")
    for tooLarge in [Int.min, Int.max, 1 << 53] {
      #expect(problem(ReleasePoolRequest.Parameters.self, release(.integer(tooLarge))) == "`pool`: the integer has more than 53 bits")
    }
    #expect(WireValue.number(Double(Int.min)) == .double(Double(Int.min)))
    #expect(WireValue.number(2) == .integer(2))
  }

  @Test("bytes come as bytes or as base64")
  func bytes() throws {
    #expect(try WireDecoder.decode(Data.self, from: .string("AQI=")) == Data([1, 2]))
    #expect(problem(Data.self, .string("?")) == "the parameters: expected base64")
  }

  @Test("what is no JSON-RPC message is refused with the id that it has")
  func envelopes() {
    func refusal(_ value: WireValue) -> InvalidMessage? {
      do throws(InvalidMessage) {
        _ = try Message(value)
        return nil
      } catch { return error }
    }
    let version = WireField("jsonrpc", .string("2.0"))
    #expect(refusal(.array([]))?.id == nil)
    #expect(refusal(.map([WireField("id", .integer(4)), WireField("method", .string("m"))]))?.id == .number(4))
    #expect(refusal(.map([version, WireField("id", .integer(4)), WireField("method", .integer(1))]))?.id == .number(4))
    #expect(refusal(.map([version, WireField("id", .bool(true)), WireField("method", .string("m"))])) != nil)
    #expect(refusal(.map([version, WireField("id", .integer(4))])) != nil)
    #expect(refusal(.map([version, WireField("method", .string("m"))])) == nil)
  }
}
