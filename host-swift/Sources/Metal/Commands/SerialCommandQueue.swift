import Foundation

/// Runs its command buffers one after the other, in the order of `enqueue()` or else `commit()`.
final class SerialCommandQueue: NSObject, MTLCommandQueue, @unchecked Sendable {
  let device: any MTLDevice
  private let runner: any CommandExecutor
  /// Calls scheduled and completed handlers.
  let handlerQueue = DispatchQueue(label: "metal.command-queue.handlers")
  private let executor = DispatchQueue(label: "metal.command-queue")
  private let maxCommandBufferCount: Int
  /// Guards what follows.
  private let condition = NSCondition()
  private var guardedLabel: String?
  private var uncompletedCount = 0
  private var pending: [SerialCommandBuffer] = []

  init(device: any MTLDevice, runner: any CommandExecutor, maxCommandBufferCount: Int) {
    self.device = device
    self.runner = runner
    self.maxCommandBufferCount = maxCommandBufferCount
  }

  var label: String? {
    get { condition.withLock { guardedLabel } }
    set { condition.withLock { guardedLabel = newValue } }
  }

  func makeCommandBuffer() -> (any MTLCommandBuffer)? {
    if runner.refusesCommandBuffer { return nil }
    condition.withLock {
      while uncompletedCount >= maxCommandBufferCount { condition.wait() }
      uncompletedCount += 1
    }
    return SerialCommandBuffer(queue: self)
  }

  /// The Linux devices always keep what their commands refer to.
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

  func enqueue(_ commandBuffer: SerialCommandBuffer) {
    condition.withLock {
      if !pending.contains(where: { $0 === commandBuffer }) { pending.append(commandBuffer) }
    }
  }

  /// Runs what is committed at the head of the queue. An enqueued command buffer that is not committed holds up those behind it.
  func advance() {
    executor.async { [self] in
      while let next = takeCommitted() { next.execute(on: runner) }
    }
  }

  private func takeCommitted() -> SerialCommandBuffer? {
    condition.withLock {
      guard let first = pending.first, first.status == .committed else { return nil }
      return pending.removeFirst()
    }
  }
}
