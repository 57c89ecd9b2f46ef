import Foundation

/// First status word of an instance that waits.
public let waitingStatus: UInt32 = 0xFFFF_FFFF

/// Instances that wait for one imported function.
public struct WaitingCalls: Codable, Sendable, Equatable {
  enum CodingKeys: String, CodingKey {
    case number = "import"
    case instances, arguments, jobs
  }

  /// Of the import.
  public let number: Int
  public let instances: [Int]
  /// One record an instance, in their order.
  public let arguments: Data
  /// Of a run: the jobs of the instances, in their order, ascending.
  public let jobs: [Int]?

  public init(number: Int, instances: [Int], arguments: Data, jobs: [Int]? = nil) {
    self.number = number
    self.instances = instances
    self.arguments = arguments
    self.jobs = jobs
  }
}

/// Runs until every resumed instance has ended or waits again.
public enum ResumePoolRequest: RequestType {
  public static let method = "pool/resume"

  public struct Answer: Codable, Sendable, Equatable {
    enum CodingKeys: String, CodingKey {
      case number = "import"
      case instances, results
    }

    /// Of the import.
    public let number: Int
    public let instances: [Int]
    /// One result record an instance, in their order.
    public let results: Data

    public init(number: Int, instances: [Int], results: Data) {
      self.number = number
      self.instances = instances
      self.results = results
    }
  }

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
    public let answers: [Answer]
    /// Instances whose import failed: they end with the trap `host function failed`.
    public let failed: [Int]?
    public let progressToken: Int?

    public init(pool: Int, answers: [Answer], failed: [Int]? = nil, progressToken: Int? = nil) {
      self.pool = pool
      self.answers = answers
      self.failed = failed
      self.progressToken = progressToken
    }
  }

  /// As of `pool/invoke`, for the instances named.
  public struct Result: Codable, Sendable, Equatable {
    public let status: Data
    public let results: Data
    public let deviceSeconds: Double
    public let seconds: Double?
    public let waiting: [WaitingCalls]?
    public let failures: [HostFunctionFailures]?
    public let failure: String?
    /// Those that were resumed, served by the host or failed, ascending: the order of `status` and `results`.
    public let instances: [Int]
    /// While the pool is being instantiated: its first trap; the pool then does not exist any more.
    public let trap: TrapReport?

    public init(_ run: InvokeRequest.Result, instances: [Int], trap: TrapReport?) {
      status = run.status
      results = run.results
      deviceSeconds = run.deviceSeconds
      seconds = run.seconds
      waiting = run.waiting
      failures = run.failures
      failure = run.failure
      self.instances = instances
      self.trap = trap
    }
  }
}

/// Complete state of all instances, in a form that does not depend on the device.
public enum SnapshotPoolRequest: RequestType {
  public static let method = "pool/snapshot"

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
  }

  public struct Result: Codable, Sendable, Equatable {
    public let bytes: Data

    public init(bytes: Data) { self.bytes = bytes }
  }
}

/// A new pool with a snapshot's instances; error `invalidSnapshot` names what is wrong with it.
public enum RestorePoolRequest: RequestType {
  public static let method = "pool/restore"

  public struct Parameters: Codable, Sendable, Equatable {
    public let module: Int
    public let snapshot: Data
    /// As of `pool/create`; a snapshot has none.
    public let schedule: ScheduleSettings?
    /// As of `pool/create`, whatever served these imports when the snapshot was taken.
    public let hostFunctions: [HostFunctionBinding]?

    public init(module: Int, snapshot: Data, schedule: ScheduleSettings? = nil, hostFunctions: [HostFunctionBinding]? = nil) {
      self.module = module
      self.snapshot = snapshot
      self.schedule = schedule
      self.hostFunctions = hostFunctions
    }
  }

  public struct Result: Codable, Sendable, Equatable {
    public let pool: Int
    public let memoryPages: Int
    public let bytesPerInstance: Int
    /// As in the result that preceded the snapshot; what the host serves now is not to be answered.
    public let waiting: [WaitingCalls]?
    public let instances: Int
    /// Of the invocation that instances wait in; absent where none wait, or where they wait in the instantiating kernel.
    public let kernel: String?

    public init(pool: Int, memoryPages: Int, bytesPerInstance: Int, waiting: [WaitingCalls]?, instances: Int, kernel: String?) {
      self.pool = pool
      self.memoryPages = memoryPages
      self.bytesPerInstance = bytesPerInstance
      self.waiting = waiting
      self.instances = instances
      self.kernel = kernel
    }
  }
}
