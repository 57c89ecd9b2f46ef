import BurstProtocol
import Foundation
import Metal

/// `pool/run`: more jobs than instances. Lanes that have ended are brought to the initial state and get the next job between slices.
extension InstancePool {
  func run(
    _ parameters: RunJobsRequest.Parameters, _ request: any IncomingCancellation, progress: Progress
  ) throws -> RunJobsRequest.Result {
    let pipeline = try kernel(parameters.kernel)
    try check(parameters)
    let budget = try InvocationBudget(parameters)
    try checkUsable()
    if waiting != nil { throw invocationWaiting() }
    var run = JobRun(parameters, pool: self, pipeline: pipeline, budget: budget)
    do {
      try run.all(request, progress: progress)
    } catch let error as Dispatcher.Abandoned {
      abandon()
      run.failure = error.reason.message
    } catch let error as ResponseError where error.code == .requestCancelled {
      // What has ended is kept: a cancelled run is answered with it.
    }
    return run.result
  }

  private func check(_ parameters: RunJobsRequest.Parameters) throws(ResponseError) {
    guard module.imports.isEmpty else {
      throw invalid("pool", "its module imports functions: jobs that may wait for them have to be invoked")
    }
    guard parameters.jobs >= 0, parameters.jobs <= PoolPlan.maximumInstances else {
      throw invalid("jobs", "must be 0 to \(PoolPlan.maximumInstances)")
    }
    try check(recordBytes: parameters.argumentBytes, "argumentBytes")
    try check(recordBytes: parameters.resultBytes, "resultBytes")
    guard parameters.arguments.count == parameters.jobs * parameters.argumentBytes else {
      throw invalid(
        "arguments",
        "\(parameters.jobs) records of \(parameters.argumentBytes) bytes were expected, got \(parameters.arguments.count) bytes")
    }
    try check(ranges: (parameters.writes ?? []).map { ($0.job, $0.address, $0.bytes.count) }, jobs: parameters.jobs, "writes")
    let reads = (parameters.reads ?? []).map { ($0.job, $0.address, $0.length) }
    try check(ranges: reads, jobs: parameters.jobs, "reads")
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
