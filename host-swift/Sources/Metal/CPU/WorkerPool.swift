import Foundation

/// Threads that walk index ranges. One range at a time, in the order of the calls, each handed out in chunks as workers get free.
final class WorkerPool: @unchecked Sendable {
  /// Device code recurses a few thousand frames deep. Only touched pages cost memory.
  private static let stackSize = 256 << 20
  private static let chunksPerWorker = 8

  private final class Job {
    let count: Int
    let chunk: Int
    let body: (Range<Int>) -> Void
    var next = 0
    var finished = 0

    init(count: Int, chunk: Int, body: @escaping (Range<Int>) -> Void) {
      self.count = count
      self.chunk = chunk
      self.body = body
    }
  }

  let workerCount: Int
  /// Guards `jobs`, `hasStarted` and every job's counters.
  private let condition = NSCondition()
  private var jobs: [Job] = []
  private var hasStarted = false
  private var startedCount = 0

  init(workerCount: Int) {
    self.workerCount = workerCount
  }

  /// Calls `body` on workers with ranges that cover `0..<count` and returns when all have been walked.
  func run(count: Int, _ body: @escaping (Range<Int>) -> Void) {
    if count == 0 { return }
    let even = (count + workerCount * Self.chunksPerWorker - 1) / (workerCount * Self.chunksPerWorker)
    // Whole tiles of 32 instances, where there are enough, keep two workers off one cache line.
    let job = Job(count: count, chunk: even < 32 ? even : (even + 31) / 32 * 32, body: body)
    condition.lock()
    defer { condition.unlock() }
    startIfNeeded()
    jobs.append(job)
    condition.broadcast()
    while job.finished < count { condition.wait() }
  }

  /// Foundation's Thread would not tell that a thread could not be had.
  private func startIfNeeded() {
    if hasStarted { return }
    hasStarted = true
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, Self.stackSize)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    for _ in 0..<workerCount {
      var thread = pthread_t()
      let context = Unmanaged.passRetained(self)
      let status = pthread_create(
        &thread, &attributes, { Unmanaged<WorkerPool>.fromOpaque($0!).takeRetainedValue().work() }, context.toOpaque())
      if status == 0 {
        startedCount += 1
      } else {
        context.release()
      }
    }
    require(startedCount > 0, "the cpu device cannot start a thread with a stack of \(Self.stackSize >> 20) MiB")
  }

  private func work() -> Never {
    condition.lock()
    while true {
      guard let job = jobs.first else {
        condition.wait()
        continue
      }
      let range = job.next..<min(job.next + job.chunk, job.count)
      job.next = range.upperBound
      if job.next == job.count { jobs.removeFirst() }
      condition.unlock()
      job.body(range)
      condition.lock()
      job.finished += range.count
      if job.finished == job.count { condition.broadcast() }
    }
  }
}
