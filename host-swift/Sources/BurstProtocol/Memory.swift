import Foundation

/// All writes are checked before the first is done: error `memoryOutOfBounds`.
public enum WriteMemoryRequest: RequestType {
  public static let method = "memory/write"
  public typealias Result = NoResult

  public struct Write: Codable, Sendable, Equatable {
    public let instance: Int
    public let address: Int
    public let bytes: Data

    public init(instance: Int, address: Int, bytes: Data) {
      self.instance = instance
      self.address = address
      self.bytes = bytes
    }
  }

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
    public let writes: [Write]
  }
}

public enum ReadMemoryRequest: RequestType {
  public static let method = "memory/read"

  public struct Read: Codable, Sendable, Equatable {
    public let instance: Int
    public let address: Int
    public let length: Int

    public init(instance: Int, address: Int, length: Int) {
      self.instance = instance
      self.address = address
      self.length = length
    }
  }

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
    public let reads: [Read]
  }

  public struct Result: Codable, Sendable, Equatable {
    public let bytes: [Data]

    public init(bytes: [Data]) { self.bytes = bytes }
  }
}
