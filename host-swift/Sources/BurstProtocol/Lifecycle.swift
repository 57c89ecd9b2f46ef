public enum Encoding: String, Codable, Sendable, CaseIterable {
  case json
  case msgpack
}

/// A program's name and version.
public struct ProgramIdentity: Codable, Sendable, Equatable {
  public let name: String
  public let version: String

  public init(name: String, version: String) {
    self.name = name
    self.version = version
  }
}

public enum InitializeRequest: RequestType {
  public static let method = "initialize"

  public struct Parameters: Codable, Sendable, Equatable {
    public let protocolVersion: String
    public let client: ProgramIdentity
    /// In order of preference. Strings, because a later client may offer encodings that are not known here.
    public let encodings: [String]
  }

  public struct Result: Codable, Sendable, Equatable {
    public let protocolVersion: String
    public let host: ProgramIdentity
    /// Of every later body in both directions; this answer still is JSON.
    public let encoding: Encoding

    public init(protocolVersion: String, host: ProgramIdentity, encoding: Encoding) {
      self.protocolVersion = protocolVersion
      self.host = host
      self.encoding = encoding
    }
  }
}

/// Ends all work and answers; `exit`, or the end of the client's stream, then ends the process.
public enum ShutdownRequest: RequestType {
  public static let method = "shutdown"
  public typealias Parameters = NoParameters
  public typealias Result = NoResult
}

/// Client to host.
public enum ExitNotification: NotificationType {
  public static let method = "exit"
  public typealias Parameters = NoParameters
}

/// Client to host; the request named by `id` answers `requestCancelled`.
public enum CancelRequestNotification: NotificationType {
  public static let method = "$/cancelRequest"

  public struct Parameters: Codable, Sendable, Equatable {
    public let id: RequestID
  }
}

/// Host to client, while a request that gave a progressToken runs.
public enum ProgressNotification: NotificationType {
  public static let method = "$/progress"

  public struct Parameters: Codable, Sendable, Equatable {
    public let token: Int
    public let message: String
    /// 0 to 1 where it is known.
    public let fraction: Double?

    public init(token: Int, message: String, fraction: Double?) {
      self.token = token
      self.message = message
      self.fraction = fraction
    }
  }
}

/// Host to client.
public enum LogNotification: NotificationType {
  public static let method = "log"

  public enum Level: String, Codable, Sendable {
    case error, warning, info, debug
    /// What instances have to say to the client's user, through `wasmburst.log`: whole lines.
    case output
  }

  public struct Parameters: Codable, Sendable, Equatable {
    public let level: Level
    public let message: String

    public init(level: Level, message: String) {
      self.level = level
      self.message = message
    }
  }
}
