import Foundation

final class SerialCommandBuffer: NSObject, MTLCommandBuffer, @unchecked Sendable {
  private struct State {
    var label: String?
    var status = MTLCommandBufferStatus.notEnqueued
    var error: MTLCommandBufferError?
    var times = Times()
    var commands: [Command] = []
    /// Kept alive until completion for `useResource`.
    var resources: [any MTLResource] = []
    var hasOpenEncoder = false
    var scheduledHandlers: [MTLCommandBufferHandler] = []
    var completedHandlers: [MTLCommandBufferHandler] = []
    /// Set once the completed handlers have returned.
    var isFinished = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private struct Times {
    var scheduling: CFTimeInterval = 0
    var start: CFTimeInterval = 0
    var end: CFTimeInterval = 0
  }

  private let queue: SerialCommandQueue
  /// Guards `state`.
  private let condition = NSCondition()
  private var state = State()

  init(queue: SerialCommandQueue) {
    self.queue = queue
  }

  deinit {
    if state.status == .notEnqueued { queue.releaseCommandBuffer() }
  }

  var device: any MTLDevice { queue.device }
  var commandQueue: any MTLCommandQueue { queue }
  var retainedReferences: Bool { true }
  var status: MTLCommandBufferStatus { condition.withLock { state.status } }
  var error: (any Error)? { condition.withLock { state.error } }
  var kernelStartTime: CFTimeInterval { condition.withLock { state.times.scheduling } }
  var kernelEndTime: CFTimeInterval { condition.withLock { state.times.start } }
  var gpuStartTime: CFTimeInterval { condition.withLock { state.times.start } }
  var gpuEndTime: CFTimeInterval { condition.withLock { state.times.end } }

  var label: String? {
    get { condition.withLock { state.label } }
    set { condition.withLock { state.label = newValue } }
  }
}

// Encoding.
extension SerialCommandBuffer {
  func makeComputeCommandEncoder() -> (any MTLComputeCommandEncoder)? {
    makeComputeCommandEncoder(dispatchType: .serial)
  }

  func makeComputeCommandEncoder(dispatchType: MTLDispatchType) -> (any MTLComputeCommandEncoder)? {
    openEncoder()
    return SerialComputeCommandEncoder(commandBuffer: self, dispatchType: dispatchType)
  }

  func makeBlitCommandEncoder() -> (any MTLBlitCommandEncoder)? {
    openEncoder()
    return SerialBlitCommandEncoder(commandBuffer: self)
  }

  private func openEncoder() {
    condition.withLock {
      require(!isCommitted, "a command encoder cannot be made after commit()")
      require(!state.hasOpenEncoder, "a command encoder is already encoding to this command buffer: call its endEncoding() first")
      state.hasOpenEncoder = true
    }
  }

  func closeEncoder(commands: [Command], resources: [any MTLResource]) {
    condition.withLock {
      state.hasOpenEncoder = false
      state.commands += commands
      state.resources += resources
    }
  }

  func addScheduledHandler(_ block: @escaping MTLCommandBufferHandler) {
    condition.withLock {
      require(!isCommitted, "addScheduledHandler(_:) called after commit()")
      state.scheduledHandlers.append(block)
    }
  }

  func addCompletedHandler(_ block: @escaping MTLCommandBufferHandler) {
    condition.withLock {
      require(!isCommitted, "addCompletedHandler(_:) called after commit()")
      state.completedHandlers.append(block)
    }
  }

  /// Read with the lock held.
  private var isCommitted: Bool { state.status.rawValue >= MTLCommandBufferStatus.committed.rawValue }

  func enqueue() {
    condition.withLock {
      require(!isCommitted, "enqueue() called after commit()")
      state.status = .enqueued
    }
    queue.enqueue(self)
  }

  func commit() {
    condition.withLock {
      require(!isCommitted, "commit() called twice on one command buffer")
      require(!state.hasOpenEncoder, "commit() called while a command encoder is still encoding: call its endEncoding() first")
    }
    // In the queue first: a committed buffer that is dropped now must still run.
    queue.enqueue(self)
    condition.withLock { state.status = .committed }
    queue.advance()
  }
}

// Execution.
extension SerialCommandBuffer {
  func execute(on executor: any CommandExecutor) {
    let (commands, scheduledHandlers) = schedule()
    if !scheduledHandlers.isEmpty {
      queue.handlerQueue.async { [self] in
        for handler in scheduledHandlers { handler(self) }
      }
    }
    complete(executor.execute(commands), handlersWait: !scheduledHandlers.isEmpty)
  }

  private func schedule() -> ([Command], [MTLCommandBufferHandler]) {
    condition.withLock {
      state.times.scheduling = CommandExecution.now
      state.status = .scheduled
      condition.broadcast()
      return (state.commands, state.scheduledHandlers)
    }
  }

  /// `handlersWait`: for those that were called before.
  private func complete(_ execution: CommandExecution, handlersWait: Bool) {
    let handlers = condition.withLock {
      state.times.start = execution.start
      state.times.end = execution.end
      state.error = execution.failure
      state.status = execution.failure == nil ? .completed : .error
      // What the commands hold goes now, whoever keeps the command buffer.
      state.commands = []
      state.resources = []
      defer { (state.scheduledHandlers, state.completedHandlers) = ([], []) }
      return state.completedHandlers
    }
    queue.releaseCommandBuffer()
    if handlersWait {
      queue.handlerQueue.async { [self] in finish(handlers) }
    } else {
      // Another thread's turn takes as long as a small launch, and a handler must return soon on Metal as well.
      finish(handlers)
    }
  }

  private func finish(_ completedHandlers: [MTLCommandBufferHandler]) {
    for handler in completedHandlers { handler(self) }
    let waiters = condition.withLock {
      state.isFinished = true
      condition.broadcast()
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func waitUntilScheduled() {
    condition.withLock {
      require(isCommitted, "waitUntilScheduled() called before commit()")
      while state.status == .committed { condition.wait() }
    }
  }

  func waitUntilCompleted() {
    condition.withLock {
      require(isCommitted, "waitUntilCompleted() called before commit()")
      while !state.isFinished { condition.wait() }
    }
  }

  func completed() async {
    await withCheckedContinuation { continuation in
      let isFinished = condition.withLock {
        if !state.isFinished { state.waiters.append(continuation) }
        return state.isFinished
      }
      if isFinished { continuation.resume() }
    }
  }
}
