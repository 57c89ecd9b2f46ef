/// Mirror of `errorCodes` in protocol/messages.ts.
public enum ErrorCode: Int, Sendable, CaseIterable {
  case parseError = -32700
  case invalidRequest = -32600
  case methodNotFound = -32601
  case invalidParams = -32602
  case internalError = -32603
  /// LSP's number.
  case requestCancelled = -32800
  case notInitialized = -32002
  case versionMismatch = -32010
  case unknownDevice = -32011
  case deviceUnusable = -32012
  /// `data` is `BuildFailedData`.
  case buildFailed = -32013
  case unknownModule = -32014
  case unknownPool = -32015
  /// `data` is `PoolTooLargeData`.
  case poolTooLarge = -32016
  case memoryOutOfBounds = -32017
  /// `data` is `DeviceErrorData`.
  case deviceError = -32018
  case shuttingDown = -32019
  /// Instances of the pool wait for imports.
  case invocationWaiting = -32020
  case invalidSnapshot = -32021
}

/// The error of a response: what a handler throws to answer with it.
public struct ResponseError: Error, Sendable, Equatable {
  public let code: ErrorCode
  /// A sentence for a person.
  public let message: String
  public let data: WireValue?

  public init(_ code: ErrorCode, _ message: String, data: WireValue? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  public static let cancelled = ResponseError(.requestCancelled, "The request was cancelled.")

  public var wireValue: WireValue {
    var fields = [WireField("code", .integer(code.rawValue)), WireField("message", .string(message))]
    if let data { fields.append(WireField("data", data)) }
    return .map(fields)
  }
}

/// The device's compiler refused the text.
public struct BuildFailedData: Codable, Sendable, Equatable {
  /// The compiler's output.
  public let log: String

  public init(log: String) { self.log = log }
}

/// A command buffer failed.
public struct DeviceErrorData: Codable, Sendable, Equatable {
  /// The device's error: its name, such as `timeout`, or its description.
  public let reason: String
  /// Nothing can run on the device in this process any more, and what its memory held is gone.
  public let lost: Bool?

  public init(reason: String, lost: Bool? = nil) {
    self.reason = reason
    self.lost = lost
  }
}
