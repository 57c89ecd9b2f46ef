import Foundation
import Metal

/// Runs blocks one after the other, in the order of the calls, on a thread that exists while there are any, and a little longer:
/// making one takes as long as a small invocation.
///
/// Not a DispatchQueue: the blocks wait for the device, and a device finishes with the help of Dispatch's threads, whose
/// number is limited. With a queue for each, 300 pools at work at once waited for ever.
final class SerialWorker: @unchecked Sendable {
  // Unchecked because every access to the fields below holds `condition`.
  private let condition = NSCondition()
  private var blocks: [@Sendable () -> Void] = []
  private var thread: Thread?

  /// Seconds without a block after which the thread ends.
  private static let patience = 1.0

  func async(_ block: @escaping @Sendable () -> Void) {
    condition.withLock {
      blocks.append(block)
      condition.signal()
      guard thread == nil else { return }
      let thread = Thread { [self] in drain() }
      thread.name = "wasmburst.pool"
      self.thread = thread
      thread.start()
    }
  }

  func preconditionIsCurrent() {
    precondition(condition.withLock { thread } == Thread.current, "called outside of its worker")
  }

  private func drain() {
    while let batch = nextBatch() {
      for block in batch { autoreleasepool { block() } }
    }
  }

  /// `nil` when the thread has to end.
  private func nextBatch() -> [@Sendable () -> Void]? {
    condition.withLock {
      let end = Date(timeIntervalSinceNow: Self.patience)
      while blocks.isEmpty {
        if condition.wait(until: end) || !blocks.isEmpty { continue }
        thread = nil
        return nil
      }
      defer { blocks = [] }
      return blocks
    }
  }
}
