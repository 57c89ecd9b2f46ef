/// JSON-RPC's request id.
public enum RequestID: Sendable, Hashable {
  case number(Int)
  case string(String)

  public var wireValue: WireValue {
    switch self {
    case .number(let number): .integer(number)
    case .string(let string): .string(string)
    }
  }

  public init?(_ value: WireValue) {
    switch value {
    case .integer(let number): self = .number(number)
    case .string(let string): self = .string(string)
    default: return nil
    }
  }
}

extension RequestID: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      self = .number(number)
    } else {
      self = .string(try container.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number): try container.encode(number)
    case .string(let string): try container.encode(string)
    }
  }
}

/// JSON-RPC's envelope.
public enum Message: Sendable, Equatable {
  case request(id: RequestID, method: String, parameters: WireValue)
  case notification(method: String, parameters: WireValue)
  case response(id: RequestID, result: WireValue)
  /// `id` is `nil` where the request could not be told.
  case errorResponse(id: RequestID?, error: ResponseError)

  public var wireValue: WireValue {
    var fields = [WireField("jsonrpc", .string("2.0"))]
    switch self {
    case .request(let id, let method, let parameters):
      fields += [WireField("id", id.wireValue), WireField("method", .string(method)), WireField("params", parameters)]
    case .notification(let method, let parameters):
      fields += [WireField("method", .string(method)), WireField("params", parameters)]
    case .response(let id, let result):
      fields += [WireField("id", id.wireValue), WireField("result", result)]
    case .errorResponse(let id, let error):
      fields += [WireField("id", id?.wireValue ?? .null), WireField("error", error.wireValue)]
    }
    return .map(fields)
  }

  /// Throws `InvalidMessage` for anything that is not JSON-RPC 2.0; batches are not part of the protocol.
  public init(_ value: WireValue) throws(InvalidMessage) {
    let id = value["id"].flatMap(RequestID.init)
    guard case .map = value else { throw InvalidMessage("A message is an object, not \(value.kind).", id: nil) }
    guard value["jsonrpc"] == .string("2.0") else { throw InvalidMessage("`jsonrpc` is not \"2.0\".", id: id) }
    if let method = value["method"] {
      guard case .string(let method) = method else { throw InvalidMessage("`method` is not a string.", id: id) }
      let parameters: WireValue =
        switch value["params"] {
        case nil, .null: .map([])
        case .some(let parameters): parameters
        }
      guard let wireID = value["id"] else {
        self = .notification(method: method, parameters: parameters)
        return
      }
      guard let id = RequestID(wireID) else { throw InvalidMessage("`id` is neither an integer nor a string.", id: nil) }
      self = .request(id: id, method: method, parameters: parameters)
    } else if let error = value["error"] {
      guard case .integer(let number) = error["code"], case .string(let message) = error["message"] else {
        throw InvalidMessage("`error` has no integer `code` and string `message`.", id: id)
      }
      let code = ErrorCode(rawValue: number) ?? .internalError
      self = .errorResponse(id: id, error: ResponseError(code, message, data: error["data"]))
    } else if let result = value["result"] {
      guard let id else { throw InvalidMessage("A result without an `id`.", id: nil) }
      self = .response(id: id, result: result)
    } else {
      throw InvalidMessage("A message has a `method`, a `result` or an `error`.", id: id)
    }
  }
}

/// A body that is well-formed but no JSON-RPC message; answered with `invalidRequest`.
public struct InvalidMessage: Error, Equatable {
  public let problem: String
  public let id: RequestID?

  init(_ problem: String, id: RequestID?) {
    self.problem = problem
    self.id = id
  }
}
