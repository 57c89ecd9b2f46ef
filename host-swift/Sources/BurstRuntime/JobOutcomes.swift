import BurstProtocol
import Foundation

/// What a run knows of jobs that have ended, by job.
struct JobOutcomes {
  private let reads: [RunJobsRequest.Read]?
  private let resultBytes: Int
  /// Two words a job. Zeros of the system's, as of `results`: where no job ends badly none of its pages is ever touched.
  private var status: Data
  private var hasStatus = false
  private var results: Data
  /// Bytes of results that have left.
  private var taken = 0
  private var found: [Data]
  private(set) var reasons = FailureTexts()

  init(_ parameters: RunJobsRequest.Parameters) {
    reads = parameters.reads
    resultBytes = parameters.resultBytes
    status = Data(count: parameters.jobs * Self.statusBytes)
    results = Data(count: parameters.jobs * parameters.resultBytes)
    found = Array(repeating: Data(), count: parameters.reads?.count ?? 0)
  }

  private static let statusBytes = 8

  mutating func end(_ job: Int, code: UInt32, detail: UInt32) {
    hasStatus = true
    status.withUnsafeMutableBytes { Self.set(job, code, detail, in: $0) }
  }

  private static func set(_ job: Int, _ code: UInt32, _ detail: UInt32, in status: UnsafeMutableRawBufferPointer) {
    status.storeBytes(of: code.littleEndian, toByteOffset: job * statusBytes, as: UInt32.self)
    status.storeBytes(of: detail.littleEndian, toByteOffset: job * statusBytes + 4, as: UInt32.self)
  }

  /// Jobs that ended in `lanes`, as the records have it: trapped, or with results. What they were to read is read from the lanes' memory.
  mutating func end(_ jobs: [Int32], in lanes: [UInt32], of buffers: PoolBuffers) throws {
    let outcomes = UnsafePointer(buffers.records.outcomes)
    let records = UnsafeRawPointer(try buffers.records.resultBuffer(bytesEach: resultBytes).contents())
    let trapped = takeResults(of: jobs, in: lanes, outcomes, records)
    if reads != nil { try takeReads(of: jobs, in: lanes, outcomes, buffers) }
    if trapped == 0 { return }
    for (job, lane) in zip(jobs, lanes) where outcomes[Int(lane) * 2] != 0 {
      end(Int(job), code: outcomes[Int(lane) * 2], detail: outcomes[Int(lane) * 2 + 1])
    }
  }

  /// Returns how many have none.
  private mutating func takeResults(
    of jobs: [Int32], in lanes: [UInt32], _ outcomes: UnsafePointer<UInt32>, _ records: UnsafeRawPointer
  ) -> Int {
    let size = resultBytes
    var trapped = 0
    results.withUnsafeMutableBytes { results in
      for (job, lane) in zip(jobs, lanes) {
        if outcomes[Int(lane) * 2] != 0 {
          trapped += 1
        } else if size == 4 {
          // A call for each would take longer than all else.
          results.storeBytes(of: records.load(fromByteOffset: Int(lane) * 4, as: UInt32.self), toByteOffset: Int(job) * 4, as: UInt32.self)
        } else if size > 0 {
          (results.baseAddress! + Int(job) * size).copyMemory(from: records + Int(lane) * size, byteCount: size)
        }
      }
    }
    return trapped
  }

  private mutating func takeReads(
    of jobs: [Int32], in lanes: [UInt32], _ outcomes: UnsafePointer<UInt32>, _ buffers: PoolBuffers
  ) throws {
    try buffers.fetchMemorySizes(of: lanes)
    for (job, lane) in zip(jobs, lanes) where outcomes[Int(lane) * 2] == 0 {
      if try !read(Int(job), from: lane, of: buffers) { end(Int(job), code: JobStatus.outOfBounds, detail: 1) }
    }
  }

  /// False where something lies outside of the memory.
  private mutating func read(_ job: Int, from lane: UInt32, of buffers: PoolBuffers) throws -> Bool {
    guard let reads else { return true }
    let mine = reads.range(of: job, by: \.job)
    let bytes = buffers.memoryBytes(of: Int(lane))
    guard reads[mine].allSatisfy({ $0.address <= bytes && $0.length <= bytes - $0.address }) else { return false }
    for index in mine {
      found[index] = try buffers.readMemory(length: reads[index].length, instance: Int(lane), address: reads[index].address)
    }
    return true
  }

  /// `import`: the number of the one that failed; `nil`: the device did.
  mutating func addReason(_ text: String, import number: Int? = nil, of job: Int) { reasons.add(text, import: number, of: job) }

  mutating func addReasons(_ others: FailureTexts, jobOf: (Int) -> Int) { reasons.add(others, rename: jobOf) }

  /// The next so many bytes of results, where all of them are of jobs below `end`.
  mutating func takeResults(below end: Int, bytes: Int) -> Data? {
    guard end * resultBytes - taken >= bytes else { return nil }
    // A copy: what is shared could not be written to.
    defer { taken += bytes }
    return Data(results[taken..<taken + bytes])
  }

  /// Bytes that could be taken at most, with so many jobs ended.
  func untaken(ended: Int) -> Int { ended * resultBytes - taken }

  /// Status (empty where all is zero), results that were not taken, and what was read, of `queue`'s jobs.
  func records(_ queue: JobQueue) -> (status: Data, results: Data, reads: [Data]?) {
    (status(queue), taken == 0 ? results : results[taken...], reads == nil ? nil : found)
  }

  private func status(_ queue: JobQueue) -> Data {
    if !hasStatus, queue.hasEnded { return Data() }
    var status = status
    status.withUnsafeMutableBytes { status in
      for job in queue.underway { Self.set(job, JobStatus.notRun, 0, in: status) }
      for job in queue.next..<queue.count { Self.set(job, JobStatus.notRun, 0, in: status) }
    }
    return status
  }
}

extension Array {
  /// Where the elements of `job` stand; they ascend by it.
  func range(of job: Int, by key: (Element) -> Int) -> Range<Int> {
    var range = 0..<count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = key(self[middle]) >= job ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    let first = range.lowerBound
    return first..<(self[first...].firstIndex { key($0) != job } ?? count)
  }
}
