import BurstProtocol
import Foundation

/// The arguments of a run's jobs, of which some may arrive while others' jobs run. Safe to use from any thread.
final class JobArguments: @unchecked Sendable {
  // Unchecked because every access to the fields below holds `condition`.
  private let condition = NSCondition()
  /// In their order, each with the index of its first byte.
  private var parts: [(start: Int, bytes: Data)]
  private var received: Int

  private let recordBytes: Int
  private let jobs: Int
  /// Bytes of all; none where the request is one that is going to be refused.
  private let expected: Int

  init(_ parameters: RunJobsRequest.Parameters) {
    parts = [(0, parameters.arguments)]
    received = parameters.arguments.count
    recordBytes = parameters.argumentBytes
    jobs = parameters.jobs
    let (product, isTooMuch) = jobs.multipliedReportingOverflow(by: recordBytes)
    expected = isTooMuch ? 0 : max(0, product)
  }

  /// What is too much is ignored.
  func append(_ bytes: Data) {
    condition.withLock {
      let wanted = bytes.prefix(max(0, expected - received))
      if wanted.isEmpty { return }
      parts.append((received, wanted))
      received += wanted.count
      condition.broadcast()
    }
  }

  /// How many jobs, from the first on, have theirs.
  var jobsThatCanBegin: Int { condition.withLock { canBegin } }

  /// Must be called with `condition` locked.
  private var canBegin: Int { recordBytes == 0 ? jobs : received / recordBytes }

  /// Returns when that many jobs can begin, or the time is over.
  func wait(for jobs: Int, seconds: Double) {
    let end = Date(timeIntervalSinceNow: seconds)
    condition.withLock {
      while canBegin < jobs, condition.wait(until: end) {}
    }
  }

  /// Of jobs that can begin.
  func records(of jobs: Range<Int>) -> Data {
    let wanted = jobs.lowerBound * recordBytes..<jobs.upperBound * recordBytes
    let touched = condition.withLock { parts.filter { $0.start < wanted.upperBound && $0.start + $0.bytes.count > wanted.lowerBound } }
    let pieces = touched.map { start, bytes in
      bytes.dropFirst(max(0, wanted.lowerBound - start)).prefix(wanted.upperBound - max(start, wanted.lowerBound))
    }
    if pieces.count == 1 { return pieces[0] }
    return pieces.reduce(into: Data(capacity: wanted.count)) { $0 += $1 }
  }
}
