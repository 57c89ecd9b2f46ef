import BurstProtocol
import Foundation

/// What a run knows of jobs that have ended, by job. Not run until it is told otherwise.
struct JobOutcomes {
  private let reads: [RunJobsRequest.Read]?
  private let resultBytes: Int
  private var status: [UInt32]
  private var results: Data
  private var found: [Data]
  private(set) var reasons = FailureTexts()

  init(_ parameters: RunJobsRequest.Parameters) {
    reads = parameters.reads
    resultBytes = parameters.resultBytes
    status = Array(repeating: 0, count: parameters.jobs * 2)
    for job in 0..<parameters.jobs { status[job * 2] = JobStatus.notRun }
    results = Data(count: parameters.jobs * parameters.resultBytes)
    found = Array(repeating: Data(), count: parameters.reads?.count ?? 0)
  }

  mutating func end(_ job: Int, code: UInt32, detail: UInt32) {
    status[job * 2] = code
    status[job * 2 + 1] = detail
  }

  /// The job ended without a trap; `record`: its results. What it was to read is read from the memory of `lane`.
  mutating func end(_ job: Int, record: UnsafeRawPointer, lane: UInt32, of buffers: PoolBuffers) throws {
    results.withUnsafeMutableBytes { bytes in
      if resultBytes == 4 {
        bytes.storeBytes(of: record.load(as: UInt32.self), toByteOffset: job * 4, as: UInt32.self)
      } else if resultBytes > 0 {
        (bytes.baseAddress! + job * resultBytes).copyMemory(from: record, byteCount: resultBytes)
      }
    }
    let isRead = try read(job, from: lane, of: buffers)
    end(job, code: isRead ? 0 : JobStatus.outOfBounds, detail: isRead ? 0 : 1)
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

  /// Status (empty where all is zero), results, and what was read.
  var records: (status: Data, results: Data, reads: [Data]?) {
    (status.allSatisfy { $0 == 0 } ? Data() : status.withUnsafeBytes { Data($0) }, results, reads == nil ? nil : found)
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
