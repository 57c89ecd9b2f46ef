import Foundation

/// What encoders record and a command buffer executes in order. Buffers and pipelines are of the encoder's device.
enum Command {
  case dispatch(KernelDispatch)
  case copy(from: any MTLBuffer, sourceOffset: Int, to: any MTLBuffer, destinationOffset: Int, size: Int)
  case fill(any MTLBuffer, range: Range<Int>, value: UInt8)
}

/// Where a queue's commands run.
protocol CommandExecutor: Sendable {
  /// Asked before each command buffer is made.
  var refusesCommandBuffer: Bool { get }
  /// Returns when all of `commands` have run or one has failed. Called by one thread at a time for each queue.
  func execute(_ commands: [Command]) -> CommandExecution
}

extension CommandExecutor {
  var refusesCommandBuffer: Bool { false }
}

/// When commands ran, in seconds of the host's monotonic clock, and why they failed. `start` is 0 where none of them began.
struct CommandExecution {
  var start: CFTimeInterval
  var end: CFTimeInterval
  var failure: MTLCommandBufferError?

  static var now: CFTimeInterval {
    CFTimeInterval(DispatchTime.now().uptimeNanoseconds) / 1e9
  }
}
