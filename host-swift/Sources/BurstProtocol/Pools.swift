import Foundation

/// Runs the instantiating kernel on every instance. Error `poolTooLarge` carries `PoolTooLargeData`.
public enum CreatePoolRequest: RequestType {
  public static let method = "pool/create"

  /// Bytes of the execution buffer's parts, multiples of 256; defaults 32,768, 16,384 and 16,384.
  public struct Execution: Codable, Sendable, Equatable {
    public let values: Int?
    public let callStack: Int?
    public let scratch: Int?

    public init(values: Int? = nil, callStack: Int? = nil, scratch: Int? = nil) {
      self.values = values
      self.callStack = callStack
      self.scratch = scratch
    }
  }

  public struct Parameters: Codable, Sendable, Equatable {
    public let module: Int
    public let instances: Int
    /// Limit of `memory.grow` for each instance in pages; default: the module's maximum, but at most its minimum + 16.
    public let memoryPages: Int?
    public let execution: Execution?
    /// Written before instantiation and at each reset.
    public let initial: [InitialBytes]?
    /// For instantiation and resets: see `InvokeRequest.Parameters`.
    public let sliceFuel: Int?
    /// When its instances may use the device.
    public let schedule: ScheduleSettings?
    /// The imports that the host serves; all others are the client's.
    public let hostFunctions: [HostFunctionBinding]?
    /// Where the pool is a part of a larger whole: the number of its first instance in that, by which functions of the host know it; `nil`: 0.
    public let firstInstance: Int?
    /// How many instances the whole has, of all of which `initial` has what differs from instance to instance; `nil`: the part is its end.
    public let allInstances: Int?

    public init(
      module: Int, instances: Int, memoryPages: Int? = nil, execution: Execution? = nil, initial: [InitialBytes]? = nil,
      sliceFuel: Int? = nil, schedule: ScheduleSettings? = nil, hostFunctions: [HostFunctionBinding]? = nil,
      firstInstance: Int? = nil, allInstances: Int? = nil
    ) {
      self.module = module
      self.instances = instances
      self.memoryPages = memoryPages
      self.execution = execution
      self.initial = initial
      self.sliceFuel = sliceFuel
      self.schedule = schedule
      self.hostFunctions = hostFunctions
      self.firstInstance = firstInstance
      self.allInstances = allInstances
    }
  }

  public struct Result: Codable, Sendable, Equatable {
    public let pool: Int
    public let memoryPages: Int
    /// Device memory that one instance takes.
    public let bytesPerInstance: Int
    /// Set where instantiation trapped; the pool then does not exist.
    public let trap: TrapReport?
    /// Set where the start function called imports: `pool/resume` goes on with the instantiation.
    public let waiting: [WaitingCalls]?
    public let failures: [HostFunctionFailures]?

    public init(
      pool: Int, memoryPages: Int, bytesPerInstance: Int, trap: TrapReport?, waiting: [WaitingCalls]? = nil,
      failures: [HostFunctionFailures]? = nil
    ) {
      self.pool = pool
      self.memoryPages = memoryPages
      self.bytesPerInstance = bytesPerInstance
      self.trap = trap
      self.waiting = waiting
      self.failures = failures
    }
  }
}

/// Part of a region's initial content: imported globals, memory (its size in pages is word 0 of the state) and tables.
public struct InitialBytes: Codable, Sendable, Equatable {
  public enum Region: String, Codable, Sendable {
    case state, memory, tables
  }

  public let region: Region
  /// Byte within the region.
  public let address: Int
  /// One record for all instances, or one an instance, in order.
  public let bytes: Data
  public let perInstance: Bool

  public init(region: Region, address: Int, bytes: Data, perInstance: Bool) {
    self.region = region
    self.address = address
    self.bytes = bytes
    self.perInstance = perInstance
  }
}

public struct TrapReport: Codable, Sendable, Equatable {
  public let code: Int
  public let function: Int

  public init(code: Int, function: Int) {
    self.code = code
    self.function = function
  }
}

public struct PoolTooLargeData: Codable, Sendable, Equatable {
  public let instances: Int
  public let instancesThatFit: Int
  public let bytesPerInstance: Int
  /// The limit that was met, with its number.
  public let limit: String

  public init(instances: Int, instancesThatFit: Int, bytesPerInstance: Int, limit: String) {
    self.instances = instances
    self.instancesThatFit = instancesThatFit
    self.bytesPerInstance = bytesPerInstance
    self.limit = limit
  }
}

public enum ReleasePoolRequest: RequestType {
  public static let method = "pool/release"
  public typealias Result = NoResult

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
  }
}

public enum InvokeRequest: RequestType {
  public static let method = "pool/invoke"

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
    public let kernel: String
    /// The instances to run, in the order of the records below. `nil`: all, in order. No duplicates.
    public let instances: [Int]?
    /// One record an instance: docs/kernel-abi.md, execution buffer.
    public let arguments: Data
    /// Bytes of one record, a multiple of 4; may be 0.
    public let argumentBytes: Int
    public let resultBytes: Int
    /// Trap `fuel exhausted` beyond it; `nil`: no limit that a run could reach.
    public let fuel: Int?
    /// Seconds on the device after which an instance that has not ended gets the trap `time limit exceeded`; `nil`: none.
    public let timeLimit: Double?
    /// Units of fuel of one launch; `nil`: adapted to the device's time. Results do not depend on it.
    public let sliceFuel: Int?
    public let progressToken: Int?

    public init(
      pool: Int, kernel: String, instances: [Int]? = nil, arguments: Data, argumentBytes: Int, resultBytes: Int, fuel: Int? = nil,
      timeLimit: Double? = nil, sliceFuel: Int? = nil, progressToken: Int? = nil
    ) {
      self.pool = pool
      self.kernel = kernel
      self.instances = instances
      self.arguments = arguments
      self.argumentBytes = argumentBytes
      self.resultBytes = resultBytes
      self.fuel = fuel
      self.timeLimit = timeLimit
      self.sliceFuel = sliceFuel
      self.progressToken = progressToken
    }
  }

  public struct Result: Codable, Sendable, Equatable {
    /// For each instance run, two 32-bit words: trap code (`waitingStatus` where it waits for an import), function index. Empty where
    /// all are zero.
    public let status: Data
    /// One record an instance; zero where it trapped or waits.
    public let results: Data
    /// Time on the device.
    public let deviceSeconds: Double
    /// The host's own time, that on the device included.
    public let seconds: Double?
    /// One entry an import that instances wait for; `nil`: the invocation is complete.
    public let waiting: [WaitingCalls]?
    /// Why instances have the trap `host function failed`, where it was a function of the host.
    public let failures: [HostFunctionFailures]?
    /// Why instances ended with the trap `device failed`.
    public let failure: String?

    public init(
      status: Data, results: Data, deviceSeconds: Double, seconds: Double? = nil, waiting: [WaitingCalls]? = nil,
      failures: [HostFunctionFailures]? = nil, failure: String? = nil
    ) {
      self.status = status
      self.results = results
      self.deviceSeconds = deviceSeconds
      self.seconds = seconds
      self.waiting = waiting
      self.failures = failures
      self.failure = failure
    }
  }
}

/// Brings instances back to the state after instantiation.
public enum ResetPoolRequest: RequestType {
  public static let method = "pool/reset"

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
    public let instances: [Int]?
  }

  public struct Result: Codable, Sendable, Equatable {
    /// The first trap, where instantiation trapped this time.
    public let trap: TrapReport?
    /// Set where the start function called imports.
    public let waiting: [WaitingCalls]?
    public let failures: [HostFunctionFailures]?

    public init(trap: TrapReport?, waiting: [WaitingCalls]?, failures: [HostFunctionFailures]? = nil) {
      self.trap = trap
      self.waiting = waiting
      self.failures = failures
    }
  }
}
