/// Mirror of `protocolVersion` in protocol/messages.ts.
public let protocolVersion = "1.1"

/// A request of the catalogue: method, parameters and result stand together.
public protocol RequestType {
  associatedtype Parameters: Codable & Sendable & Equatable
  associatedtype Result: Codable & Sendable & Equatable
  static var method: String { get }
}

public protocol NotificationType {
  associatedtype Parameters: Codable & Sendable & Equatable
  static var method: String { get }
}

/// Parameters `{}`.
public struct NoParameters: Codable, Sendable, Equatable {
  public init() {}
}

/// The result `null`.
public struct NoResult: Codable, Sendable, Equatable {
  public init() {}

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard container.decodeNil() else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "expected null"))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encodeNil()
  }
}

/// Every request, in the order of protocol/messages.ts.
public let requestTypes: [any RequestType.Type] = [
  InitializeRequest.self, ListDevicesRequest.self, ListHostFunctionsRequest.self, LoadModuleRequest.self,
  UnloadModuleRequest.self, CreatePoolRequest.self, ReleasePoolRequest.self, InvokeRequest.self, RunJobsRequest.self,
  ResumeRunRequest.self, ResumePoolRequest.self, SnapshotPoolRequest.self, RestorePoolRequest.self, ResetPoolRequest.self,
  WriteMemoryRequest.self, ReadMemoryRequest.self, ReadStateRequest.self, WriteStateRequest.self, WatchScheduleRequest.self,
  ShutdownRequest.self,
]

public let notificationTypes: [any NotificationType.Type] = [
  ExitNotification.self, CancelRequestNotification.self, ProgressNotification.self, JobArgumentsNotification.self,
  JobResultsNotification.self, ScheduleNotification.self, LogNotification.self,
]
