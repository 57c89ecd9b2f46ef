import Foundation
import Synchronization

/// Command buffers of a device that fail on demand, for tests of what is above: none unless a test asks.
final class CommandFaults: Sendable {
  /// As on a GPU whose context a fault has poisoned, nothing succeeds from the planned one on.
  init(_ planned: PlannedFault? = nil) {
    guard let planned else { return }
    let isPoisoned = Mutex(false)
    set { commandBuffer in
      isPoisoned.withLock { isPoisoned in
        if planned.strikes(commandBuffer) { isPoisoned = true }
        return isPoisoned ? .error(.pageFault) : nil
      }
    }
  }

  enum Fault: Sendable {
    /// The commands are not executed, which nobody is told.
    case error(MTLCommandBufferError.Code)
    /// The command buffer never begins, and its times say so.
    case notBegun(MTLCommandBufferError.Code)
    /// The queue makes no command buffer.
    case noCommandBuffer
    /// They are, after so many seconds.
    case delay(Double)
  }

  private struct State {
    var executed = 0
    var faultOf: @Sendable (Int) -> Fault? = { _ in nil }
  }

  private let state = Mutex(State())

  /// Asks `faultOf` from now on, with a number that counts the command buffers from 0.
  func set(_ faultOf: @escaping @Sendable (Int) -> Fault?) {
    state.withLock { $0 = State(faultOf: faultOf) }
  }

  /// Counts as a command buffer where it is refused.
  func refuses() -> Bool {
    state.withLock { state in
      guard case .noCommandBuffer = state.faultOf(state.executed) else { return false }
      state.executed += 1
      return true
    }
  }

  func next() -> Fault? {
    state.withLock { state in
      defer { state.executed += 1 }
      return state.faultOf(state.executed)
    }
  }
}

/// An executor whose command buffers meet the faults that were asked for.
struct FaultyExecutor: CommandExecutor {
  let executor: any CommandExecutor
  let faults: CommandFaults

  var refusesCommandBuffer: Bool { faults.refuses() }

  func execute(_ commands: [Command]) -> CommandExecution {
    switch faults.next() {
    case nil, .noCommandBuffer: break
    case .delay(let seconds): Thread.sleep(forTimeInterval: seconds)
    case .notBegun(let code): return CommandExecution(start: 0, end: 0, failure: Self.failure(code))
    case .error(let code):
      let now = CommandExecution.now
      return CommandExecution(start: now, end: now, failure: Self.failure(code))
    }
    return executor.execute(commands)
  }

  private static func failure(_ code: MTLCommandBufferError.Code) -> MTLCommandBufferError {
    MTLCommandBufferError(code, "a fault that a test asked for")
  }
}
