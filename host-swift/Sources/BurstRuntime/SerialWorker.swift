import Foundation
import Metal

/// Runs blocks one after the other, in the order of the calls, on a thread that exists while there are any.
///
/// Not a DispatchQueue: the blocks wait for the device, and a device finishes with the help of Dispatch's threads, whose
/// number is limited. With a queue for each, 300 pools at work at once waited for ever.
final class SerialWorker: @unchecked Sendable {
  // Unchecked because every access to the fields below holds `lock`.
  private let lock = NSLock()
  private var blocks: [@Sendable () -> Void] = []
  private var thread: Thread?

  func async(_ block: @escaping @Sendable () -> Void) {
    lock.withLock {
      blocks.append(block)
      guard thread == nil else { return }
      let thread = Thread { [self] in drain() }
      thread.name = "wasmburst.pool"
      self.thread = thread
      thread.start()
    }
  }

  func preconditionIsCurrent() {
    precondition(lock.withLock { thread } == Thread.current, "called outside of its worker")
  }

  private func drain() {
    while let batch = nextBatch() {
      for block in batch { autoreleasepool { block() } }
    }
  }

  /// `nil` when the thread has to end.
  private func nextBatch() -> [@Sendable () -> Void]? {
    lock.withLock {
      guard !blocks.isEmpty else {
        thread = nil
        return nil
      }
      defer { blocks = [] }
      return blocks
    }
  }
}
