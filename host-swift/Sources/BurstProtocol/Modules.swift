import Foundation

/// Sizes of the per-instance regions (docs/kernel-abi.md); mirror of `Layout` in compiler-ts/src/metadata.ts.
public struct Layout: Codable, Sendable, Equatable {
  /// Pages of 64 KiB.
  public struct Memory: Codable, Sendable, Equatable {
    public let minimumPages: Int
    public let maximumPages: Int?

    public init(minimumPages: Int, maximumPages: Int?) {
      self.minimumPages = minimumPages
      self.maximumPages = maximumPages
    }
  }

  public let tileWidth: Int
  /// Bytes.
  public let memoryCell: Int
  /// `nil` where the module has no memory.
  public let memory: Memory?
  public let stateBytes: Int
  public let tableBytes: Int
  /// Words of threadgroup memory that a thread has use for; 0: kernels have no such parameter.
  public let nearWords: Int
  /// Bytes of a multiprocessor's cache that each thread has use for; 0 or `nil`: as many threads as fit may run side by side.
  public let cacheBytes: Int?

  public init(
    tileWidth: Int, memoryCell: Int, memory: Memory?, stateBytes: Int, tableBytes: Int, nearWords: Int = 0, cacheBytes: Int? = nil
  ) {
    self.tileWidth = tileWidth
    self.memoryCell = memoryCell
    self.memory = memory
    self.stateBytes = stateBytes
    self.tableBytes = tableBytes
    self.nearWords = nearWords
    self.cacheBytes = cacheBytes
  }
}

/// Bytes of a function's argument and result records, multiples of 4.
public struct RecordSizes: Codable, Sendable, Equatable {
  public let argumentBytes: Int
  public let resultBytes: Int

  public init(argumentBytes: Int, resultBytes: Int) {
    self.argumentBytes = argumentBytes
    self.resultBytes = resultBytes
  }
}

/// Builds the text for a device and keeps library and pipelines; the same text is built once.
public enum LoadModuleRequest: RequestType {
  public static let method = "module/load"

  public struct Parameters: Codable, Sendable, Equatable {
    public let device: String
    public let text: String
    public let image: Data
    public let layout: Layout
    public let instantiateKernel: String
    /// The instantiating kernel not included.
    public let kernels: [String]
    /// Of the imported functions by number; `nil`: none.
    public let imports: [RecordSizes]?
    /// The largest of the kernels' records, which a pool has to have room for beside its instances; `nil`: what there is then is not known.
    public let records: RecordSizes?
    /// What snapshots of its pools can be restored into: modules of equal identity. `nil`: those of equal text.
    public let identity: String?
    public let progressToken: Int?

    public init(
      device: String, text: String, image: Data, layout: Layout, instantiateKernel: String, kernels: [String],
      imports: [RecordSizes]? = nil, records: RecordSizes? = nil, identity: String? = nil, progressToken: Int? = nil
    ) {
      self.device = device
      self.text = text
      self.image = image
      self.layout = layout
      self.instantiateKernel = instantiateKernel
      self.kernels = kernels
      self.imports = imports
      self.records = records
      self.identity = identity
      self.progressToken = progressToken
    }
  }

  public struct Result: Codable, Sendable, Equatable {
    public let module: Int
    /// Nothing was compiled: the built kernels came from the cache.
    public let cached: Bool
    public let buildSeconds: Double

    public init(module: Int, cached: Bool, buildSeconds: Double) {
      self.module = module
      self.cached = cached
      self.buildSeconds = buildSeconds
    }
  }
}

public enum UnloadModuleRequest: RequestType {
  public static let method = "module/unload"
  public typealias Result = NoResult

  public struct Parameters: Codable, Sendable, Equatable {
    public let module: Int
  }
}
