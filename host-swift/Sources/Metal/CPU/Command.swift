import Foundation

/// What encoders record and a command buffer executes in order.
enum Command {
  case dispatch(KernelDispatch)
  case copy(from: CPUBuffer, sourceOffset: Int, to: CPUBuffer, destinationOffset: Int, size: Int)
  case fill(CPUBuffer, range: Range<Int>, value: UInt8)

  func execute(on pool: WorkerPool) throws(MTLCommandBufferError) {
    switch self {
    case .dispatch(let dispatch):
      try dispatch.execute(on: pool)
    case .copy(let source, let sourceOffset, let destination, let destinationOffset, let size):
      memmove(destination.contents() + destinationOffset, source.contents() + sourceOffset, size)
    case .fill(let buffer, let range, let value):
      memset(buffer.contents() + range.lowerBound, Int32(value), range.count)
    }
  }
}
