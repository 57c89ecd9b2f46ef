import Foundation

/// Words of the state region (docs/kernel-abi.md): globals and the memory's size. One entry an instance named.
public enum ReadStateRequest: RequestType {
  public static let method = "state/read"

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
    public let instances: [Int]
    public let word: Int
    public let words: Int
  }

  public struct Result: Codable, Sendable, Equatable {
    public let bytes: Data

    public init(bytes: Data) { self.bytes = bytes }
  }
}

public enum WriteStateRequest: RequestType {
  public static let method = "state/write"
  public typealias Result = NoResult

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
    public let instances: [Int]
    public let word: Int
    public let words: Int
    /// `words` × 4 bytes an instance.
    public let bytes: Data
  }
}
