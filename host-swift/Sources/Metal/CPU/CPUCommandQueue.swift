import Foundation

/// Runs its command buffers one after the other, in the order of `enqueue()` or else `commit()`.
final class CPUCommandQueue: NSObject, MTLCommandQueue, @unchecked Sendable {
  let owner: CPUDevice
  /// Calls scheduled and completed handlers.
  let handlerQueue = DispatchQueue(label: "metal.command-queue.handlers")
  private let executor = DispatchQueue(label: "metal.command-queue")
  private let maxCommandBufferCount: Int
  /// Guards what follows.
  private let condition = NSCondition()
  private var guardedLabel: String?
  private var uncompletedCount = 0
  private var pending: [CPUCommandBuffer] = []

  init(device: CPUDevice, maxCommandBufferCount: Int) {
    owner = device
    self.maxCommandBufferCount = maxCommandBufferCount
  }

  var device: any MTLDevice { owner }

  var label: String? {
    get { condition.withLock { guardedLabel } }
    set { condition.withLock { guardedLabel = newValue } }
  }

  func makeCommandBuffer() -> (any MTLCommandBuffer)? {
    condition.withLock {
      while uncompletedCount >= maxCommandBufferCount { condition.wait() }
      uncompletedCount += 1
    }
    return CPUCommandBuffer(queue: self)
  }

  /// The cpu device always keeps what its commands refer to.
  func makeCommandBufferWithUnretainedReferences() -> (any MTLCommandBuffer)? {
    makeCommandBuffer()
  }

  /// A command buffer completed, or was dropped without a commit.
  func releaseCommandBuffer() {
    condition.withLock {
      uncompletedCount -= 1
      condition.signal()
    }
  }

  func enqueue(_ commandBuffer: CPUCommandBuffer) {
    condition.withLock {
      if !pending.contains(where: { $0 === commandBuffer }) { pending.append(commandBuffer) }
    }
  }

  /// Runs what is committed at the head of the queue. An enqueued command buffer that is not committed holds up those behind it.
  func advance() {
    executor.async { [self] in
      while let next = takeCommitted() { next.execute(on: owner.pool) }
    }
  }

  private func takeCommitted() -> CPUCommandBuffer? {
    condition.withLock {
      guard let first = pending.first, first.status == .committed else { return nil }
      return pending.removeFirst()
    }
  }
}
