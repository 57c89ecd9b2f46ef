import Foundation

extension WorkerPool: CommandExecutor {
  func execute(_ commands: [Command]) -> CommandExecution {
    var execution = CommandExecution(start: CommandExecution.now, end: 0)
    do {
      for command in commands { try execute(command) }
    } catch {
      execution.failure = error
    }
    execution.end = CommandExecution.now
    return execution
  }

  private func execute(_ command: Command) throws(MTLCommandBufferError) {
    switch command {
    case .dispatch(let dispatch):
      try execute(dispatch)
    case .copy(let source, let sourceOffset, let destination, let destinationOffset, let size):
      memmove(destination.contents() + destinationOffset, source.contents() + sourceOffset, size)
    case .fill(let buffer, let range, let value):
      memset(buffer.contents() + range.lowerBound, Int32(value), range.count)
    }
  }

  private func execute(_ dispatch: KernelDispatch) throws(MTLCommandBufferError) {
    guard let kernel = (dispatch.pipeline as? CompiledPipelineState<KernelImage>)?.kernel else {
      throw MTLCommandBufferError(.invalidResource, "The pipeline state belongs to another device")
    }
    try dispatch.requireBuffers(kernel.requiredBuffers, of: kernel.name)
    let addresses = dispatch.bindings.map { $0?.hostAddress ?? 0 }
    // The shim's struct wasmburst_dispatch.
    let extents = [dispatch.threadsPerGrid, dispatch.threadsPerThreadgroup].flatMap { [$0.width, $0.height, $0.depth] }
    run(count: dispatch.threadsPerGrid.volume) { range in
      addresses.withUnsafeBytes { addresses in
        extents.withUnsafeBytes { extents in
          kernel.walk(addresses.baseAddress!, extents.baseAddress!, UInt(range.lowerBound), UInt(range.upperBound))
        }
      }
    }
  }
}

extension KernelBinding {
  fileprivate var hostAddress: UInt {
    switch self {
    case .buffer(let buffer, let offset): UInt(bitPattern: buffer.contents()) + UInt(offset)
    case .bytes(let bytes): UInt(bitPattern: bytes.memory)
    }
  }
}
