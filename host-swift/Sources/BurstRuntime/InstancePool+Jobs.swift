import BurstProtocol
import Foundation
import Metal

/// `pool/run`: more jobs than instances. Lanes that have ended are brought to the initial state and get the next job between slices.
extension InstancePool {
  func run(
    _ parameters: RunJobsRequest.Parameters, _ arguments: JobArguments, _ request: any IncomingCancellation, progress: Progress,
    onResults: (@Sendable (Data) -> Void)?
  ) throws -> RunJobsRequest.Result {
    let began = DeviceScheduler.now
    let pipeline = try kernel(parameters.kernel)
    try check(parameters)
    let budget = try InvocationBudget(parameters)
    try checkUsable()
    try checkNothingWaits()
    var run = JobRun(
      parameters, arguments: arguments, pool: self, pipeline: pipeline, budget: budget, since: began, onResults: onResults)
    return try advance(&run, request, progress)
  }

  func resumeRun(
    _ parameters: ResumeRunRequest.Parameters, _ request: any IncomingCancellation, progress: Progress
  ) throws -> RunJobsRequest.Result {
    try checkUsable()
    guard var run = jobRun else { throw invalid("pool", "no run of jobs waits in it") }
    if parameters.stop == true {
      jobRun = nil
      run.calls = nil
      return run.result
    }
    let failed = try run.check(parameters)
    jobRun = nil
    run.answer(parameters.answers, failed: failed)
    return try advance(&run, request, progress)
  }

  /// Keeps the run where its calls wait for the client.
  private func advance(_ run: inout JobRun, _ request: any IncomingCancellation, _ progress: Progress) throws -> RunJobsRequest.Result {
    do {
      try run.advance(request, progress: progress)
    } catch let error as Dispatcher.Abandoned {
      abandon()
      run.failure = error.reason.message
    } catch let error as ResponseError where error.code == .requestCancelled {
      // What has ended is kept: a cancelled run is answered with it.
    }
    if run.calls != nil { jobRun = run }
    return run.result
  }

  /// Throws where the module was loaded without the import that an instance waits for.
  func argumentBytes(ofImport number: Int) throws(ResponseError) -> Int {
    guard module.imports.indices.contains(number) else {
      throw ResponseError(
        .internalError, "An instance waits for import \(number), but the module was loaded with \(module.imports.count).")
    }
    return module.imports[number].argumentBytes
  }

  private func check(_ parameters: RunJobsRequest.Parameters) throws(ResponseError) {
    guard parameters.jobs >= 0, parameters.jobs <= PoolPlan.maximumInstances else {
      throw invalid("jobs", "must be 0 to \(PoolPlan.maximumInstances)")
    }
    try check(recordBytes: parameters.argumentBytes, "argumentBytes")
    try check(recordBytes: parameters.resultBytes, "resultBytes")
    let all = parameters.jobs * parameters.argumentBytes
    guard parameters.arguments.count == all || (parameters.streamToken != nil && parameters.arguments.count < all) else {
      throw invalid(
        "arguments",
        "\(parameters.jobs) records of \(parameters.argumentBytes) bytes were expected, got \(parameters.arguments.count) bytes")
    }
    try check(ranges: (parameters.writes ?? []).map { ($0.job, $0.address, $0.bytes.count) }, jobs: parameters.jobs, "writes")
    let reads = (parameters.reads ?? []).map { ($0.job, $0.address, $0.length) }
    try check(ranges: reads, jobs: parameters.jobs, "reads")
    // Functions of the host may take them for numbers of 32 bits.
    let numbered = 0...PoolPlan.maximumInstances
    if let numbers = parameters.numbers, numbers.count != parameters.jobs || !numbers.allSatisfy(numbered.contains) {
      throw invalid("numbers", "\(parameters.jobs) were expected, one a job, each 0 to \(numbered.upperBound)")
    }
    let records = parameters.jobs * (parameters.resultBytes + 32) + reads.reduce(0) { $0 + $1.2 + 16 }
    guard records <= Self.largestAnswer else {
      throw invalid("jobs", "their results do not fit in one message; run fewer at a time")
    }
  }

  private func check(ranges: [(job: Int, address: Int, length: Int)], jobs: Int, _ field: String) throws(ResponseError) {
    var last = 0
    for (index, range) in ranges.enumerated() {
      guard (last..<max(jobs, last)).contains(range.job) else {
        throw invalid("\(field)[\(index)].job", "must be \(last) to \(jobs - 1): they ascend by job")
      }
      guard range.address >= 0, range.length >= 0, range.length <= Self.largestAnswer else {
        throw invalid("\(field)[\(index)]", "address and length must not be negative, and a length at most \(Self.largestAnswer)")
      }
      last = range.job
    }
  }
}

extension InvocationBudget {
  /// Throws `invalidParams` naming the field.
  fileprivate init(_ parameters: RunJobsRequest.Parameters) throws(ResponseError) {
    try self.init(
      InvokeRequest.Parameters(
        pool: parameters.pool, kernel: parameters.kernel, arguments: Data(), argumentBytes: 0, resultBytes: 0, fuel: parameters.fuel,
        timeLimit: parameters.timeLimit, sliceFuel: parameters.sliceFuel))
  }
}
