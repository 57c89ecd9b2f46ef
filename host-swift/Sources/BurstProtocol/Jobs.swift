import Foundation

/// First status word of a job that has no outcome of its own.
public enum JobStatus {
  /// `pool/run` was cancelled, or gave up, before the job had ended.
  public static let notRun: UInt32 = 0xFFFF_FFFE
  /// The command buffer that the job was in failed, or did not end; the second word is 0 or 1.
  public static let lost: UInt32 = 0xFFFF_FFFD
  /// What it was to write or read is not within its memory; the second word is 0 or 1.
  public static let outOfBounds: UInt32 = 0xFFFF_FFFC
}

/// Runs jobs, any number of them, each in an instance in its initial state.
public enum RunJobsRequest: RequestType {
  public static let method = "pool/run"

  public struct Write: Codable, Sendable, Equatable {
    public let job: Int
    public let address: Int
    public let bytes: Data

    public init(job: Int, address: Int, bytes: Data) {
      self.job = job
      self.address = address
      self.bytes = bytes
    }
  }

  public struct Read: Codable, Sendable, Equatable {
    public let job: Int
    public let address: Int
    public let length: Int

    public init(job: Int, address: Int, length: Int) {
      self.job = job
      self.address = address
      self.length = length
    }
  }

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
    public let kernel: String
    public let jobs: Int
    /// One record a job, as of `pool/invoke`. With `streamToken` perhaps the beginning alone.
    public let arguments: Data
    public let argumentBytes: Int
    public let resultBytes: Int
    /// Before a job begins, and after it has ended without a trap; each ascending by job.
    public let writes: [Write]?
    public let reads: [Read]?
    /// What jobs go by instead of the instances' numbers, with functions of the host and `perInstance` content; `nil`: their places here.
    public let numbers: [Int]?
    /// As of `pool/invoke`, of each job.
    public let fuel: Int?
    public let timeLimit: Double?
    public let sliceFuel: Int?
    public let progressToken: Int?
    /// Arguments may come, and results go, while jobs run, in notifications that carry it.
    public let streamToken: Int?

    public init(
      pool: Int, kernel: String, jobs: Int, arguments: Data, argumentBytes: Int, resultBytes: Int, writes: [Write]? = nil,
      reads: [Read]? = nil, numbers: [Int]? = nil, fuel: Int? = nil, timeLimit: Double? = nil, sliceFuel: Int? = nil,
      progressToken: Int? = nil, streamToken: Int? = nil
    ) {
      self.pool = pool
      self.kernel = kernel
      self.jobs = jobs
      self.arguments = arguments
      self.argumentBytes = argumentBytes
      self.resultBytes = resultBytes
      self.writes = writes
      self.reads = reads
      self.numbers = numbers
      self.fuel = fuel
      self.timeLimit = timeLimit
      self.sliceFuel = sliceFuel
      self.progressToken = progressToken
      self.streamToken = streamToken
    }
  }

  /// Where calls wait `status`, `results` and `reads` are empty: they come when the run has ended.
  public struct Result: Codable, Sendable, Equatable {
    /// Two words a job: trap code, or one of `JobStatus`, and function index. Empty where all are zero.
    public let status: Data
    /// One record a job; zero where it has no result. Without the beginning that `JobResultsNotification` brought.
    public let results: Data
    /// In the order of `reads`; empty where the job has no result.
    public let reads: [Data]?
    public let deviceSeconds: Double
    /// Lanes times slices, and what of them jobs were at work in, until the last job had begun.
    public let laneSlices: Double
    public let busyLaneSlices: Double
    /// From the beginning of the work to its end.
    public let seconds: Double
    /// Why jobs were not run, or the last were lost; absent where that was a cancellation.
    public let failure: String?
    /// Why jobs were lost, or ended with the trap `host function failed` by a function of the host.
    public let reasons: [JobReason]?
    /// By import: `ResumeRunRequest` answers them and goes on.
    public let waiting: [WaitingCalls]?

    public init(
      status: Data, results: Data, reads: [Data]?, deviceSeconds: Double, laneSlices: Double, busyLaneSlices: Double, seconds: Double,
      failure: String?, reasons: [JobReason]? = nil, waiting: [WaitingCalls]? = nil
    ) {
      self.status = status
      self.results = results
      self.reads = reads
      self.deviceSeconds = deviceSeconds
      self.laneSlices = laneSlices
      self.busyLaneSlices = busyLaneSlices
      self.seconds = seconds
      self.failure = failure
      self.reasons = reasons
      self.waiting = waiting
    }
  }
}

/// Client to host, after a run's request: the next bytes of its arguments, cut anywhere.
public enum JobArgumentsNotification: NotificationType {
  public static let method = "$/jobArguments"

  public struct Parameters: Codable, Sendable, Equatable {
    public let token: Int
    public let arguments: Data

    public init(token: Int, arguments: Data) {
      self.token = token
      self.arguments = arguments
    }
  }
}

/// Host to client, before a run's answer: the next bytes of its results, of jobs that have all ended.
public enum JobResultsNotification: NotificationType {
  public static let method = "$/jobResults"

  public struct Parameters: Codable, Sendable, Equatable {
    public let token: Int
    public let results: Data

    public init(token: Int, results: Data) {
      self.token = token
      self.results = results
    }
  }
}

/// Jobs that ended for the same reason.
public struct JobReason: Codable, Sendable, Equatable {
  enum CodingKeys: String, CodingKey {
    case number = "import"
    case message, jobs
  }

  /// Of the import that failed; `nil`: the device did.
  public let number: Int?
  public let message: String
  public let jobs: [Int]

  public init(number: Int?, message: String, jobs: [Int]) {
    self.number = number
    self.message = message
    self.jobs = jobs
  }
}

/// Answers the calls that a run waits for, and goes on with it.
public enum ResumeRunRequest: RequestType {
  public static let method = "pool/resumeRun"

  public struct Parameters: Codable, Sendable, Equatable {
    public let pool: Int
    public let answers: [ResumePoolRequest.Answer]
    /// Instances whose import failed: their jobs end with the trap `host function failed`.
    public let failed: [Int]?
    /// Ends the run instead: nothing is to be answered, and what has not ended is not run.
    public let stop: Bool?
    public let progressToken: Int?

    public init(
      pool: Int, answers: [ResumePoolRequest.Answer], failed: [Int]? = nil, stop: Bool? = nil, progressToken: Int? = nil
    ) {
      self.pool = pool
      self.answers = answers
      self.failed = failed
      self.stop = stop
      self.progressToken = progressToken
    }
  }

  public typealias Result = RunJobsRequest.Result
}
