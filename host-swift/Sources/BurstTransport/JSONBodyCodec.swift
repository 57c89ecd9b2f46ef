import BurstProtocol
import Foundation

/// UTF-8 JSON. Foundation reads it; writing is here because Foundation's encoder cannot keep the order of keys.
public struct JSONBodyCodec: BodyCodec {
  public init() {}

  public func decode(_ body: Data) throws(BodyError) -> WireValue {
    if let problem = JSONStrings.problem(in: body) { throw BodyError("The body is not valid JSON: \(problem).") }
    do {
      return try JSONDecoder().decode(JSONValue.self, from: body).value
    } catch DecodingError.dataCorrupted(let context) {
      // Where there is an underlying error its text says what and where; the context's own text says nothing.
      let detail = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
      throw BodyError(detail.map { "The body is not valid JSON: \($0)" } ?? "The body is not valid JSON, or nested too deeply.")
    } catch {
      throw BodyError("The body is not valid JSON: \(error)")
    }
  }

  public func encodeParts(_ value: WireValue) -> [Data] {
    var output = Data()
    Self.write(value, to: &output)
    return [output]
  }

  private static func write(_ value: WireValue, to output: inout Data) {
    switch value {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let bool): output.append(contentsOf: (bool ? "true" : "false").utf8)
    case .integer(let integer): output.append(contentsOf: String(integer).utf8)
    // JSON has neither; JSON.stringify writes null as well.
    case .double(let number): output.append(contentsOf: (number.isFinite ? "\(number)" : "null").utf8)
    case .string(let string): write(string, to: &output)
    case .bytes(let data):
      output.append(UInt8(ascii: "\""))
      output.append(data.base64EncodedData())
      output.append(UInt8(ascii: "\""))
    case .array(let items):
      output.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        write(item, to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .map(let fields):
      output.append(UInt8(ascii: "{"))
      for (index, field) in fields.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        write(field.name, to: &output)
        output.append(UInt8(ascii: ":"))
        write(field.value, to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ string: String, to output: inout Data) {
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    bytes.reserveCapacity(string.utf8.count + 2)
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += Array("\\\"".utf8)
      case UInt8(ascii: "\\"): bytes += Array("\\\\".utf8)
      case 0x08: bytes += Array("\\b".utf8)
      case 0x09: bytes += Array("\\t".utf8)
      case 0x0A: bytes += Array("\\n".utf8)
      case 0x0C: bytes += Array("\\f".utf8)
      case 0x0D: bytes += Array("\\r".utf8)
      case 0..<0x20: bytes += Array("\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
    output.append(contentsOf: bytes)
  }
}

/// What Foundation's decoder found. It does not say of what kind a value is, so each is tried, frequent ones first.
private struct JSONValue: Decodable {
  let value: WireValue

  init(from decoder: any Decoder) throws {
    guard decoder.codingPath.count <= WireValue.maximumDepth else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "nesting is deeper than \(WireValue.maximumDepth) levels"))
    }
    let container = try decoder.singleValueContainer()
    if let integer = try? container.decode(Int.self) {
      value = .integer(integer)
    } else if let string = try? container.decode(String.self) {
      value = .string(string)
    } else if let fields = try? decoder.container(keyedBy: FieldName.self) {
      value = .map(try fields.allKeys.map { WireField($0.stringValue, try fields.decode(JSONValue.self, forKey: $0).value) })
    } else if var items = try? decoder.unkeyedContainer() {
      var values: [WireValue] = []
      while !items.isAtEnd { values.append(try items.decode(JSONValue.self).value) }
      value = .array(values)
    } else if container.decodeNil() {
      value = .null
    } else if let bool = try? container.decode(Bool.self) {
      value = .bool(bool)
    } else {
      value = .number(try container.decode(Double.self))
    }
  }

  struct FieldName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
