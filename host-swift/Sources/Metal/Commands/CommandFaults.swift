import Foundation
import Synchronization

/// Command buffers of a device that fail on demand, for tests of what is above: none unless a test asks.
final class CommandFaults: Sendable {
  enum Fault: Sendable {
    /// The commands are not executed.
    case error(MTLCommandBufferError.Code)
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

  func execute(_ commands: [Command]) -> CommandExecution {
    switch faults.next() {
    case nil: break
    case .delay(let seconds): Thread.sleep(forTimeInterval: seconds)
    case .error(let code):
      let now = CommandExecution.now
      return CommandExecution(start: now, end: now, failure: MTLCommandBufferError(code, "a fault that a test asked for"))
    }
    return executor.execute(commands)
  }
}
