import Foundation

/// Runs a queue's commands on a stream of its own.
final class CUDAStream: CommandExecutor, @unchecked Sendable {
  // Unchecked because handles are pointers; its queue calls it from one thread at a time.
  private let context: CUDAContext
  private let stream: CUDADriver.Stream
  private let start: CUDADriver.Event
  private let end: CUDADriver.Event
  /// Device memory for what `setBytes` was given, used again once the commands that read it have ended.
  private let arena: CUDADriver.DevicePointer
  /// Where it lies there.
  private var addresses: [ObjectIdentifier: CUDADriver.DevicePointer] = [:]
  private let residence: CUDAResidence
  private let fault: PlannedFault?
  /// Kernels of this command buffer get addresses where nothing is: what the driver then says is what it says of a kernel gone wrong.
  private var isStruck = false

  private static let wildAddress: UInt64 = 16

  private static let arenaBytes = 1 << 20
  private static let nonBlocking: UInt32 = 1  // CU_STREAM_NON_BLOCKING

  init(context: CUDAContext, residence: CUDAResidence, fault: PlannedFault?) throws(CUDAError) {
    var stream: CUDADriver.Stream?
    var (start, end): (CUDADriver.Event?, CUDADriver.Event?)
    var arena: CUDADriver.DevicePointer = 0
    try context.perform { $0.streamCreate(&stream, Self.nonBlocking) }
    try context.perform { $0.eventCreate(&start, 0) }
    try context.perform { $0.eventCreate(&end, 0) }
    try context.perform { $0.memoryAllocate(&arena, Self.arenaBytes) }
    self.context = context
    self.residence = residence
    self.fault = fault
    self.stream = stream!
    self.start = start!
    self.end = end!
    self.arena = arena
  }

  deinit {
    try? context.perform { $0.memoryFree(arena) }
    try? context.perform { $0.eventDestroy(start) }
    try? context.perform { $0.eventDestroy(end) }
    try? context.perform { $0.streamDestroy(stream) }
  }

  func execute(_ commands: [Command]) -> CommandExecution {
    var execution = CommandExecution(start: CommandExecution.now, end: 0)
    var hasBegun = false
    isStruck = fault?.strikesNext() ?? false
    do {
      try perform { $0.eventRecord(start, stream) }
      var rest = commands[...]
      while !rest.isEmpty {
        let count = try uploadBytes(of: rest)
        for command in rest.prefix(count) {
          try execute(command)
          hasBegun = true
        }
        rest = rest.dropFirst(count)
        if !rest.isEmpty { try perform { $0.streamSynchronize(stream) } }
      }
      try perform { $0.eventRecord(end, stream) }
      try perform { $0.streamSynchronize(stream) }
      var milliseconds: Float = 0
      try perform { $0.eventElapsedTime(&milliseconds, start, end) }
      execution.end = CommandExecution.now
      execution.start = execution.end - CFTimeInterval(milliseconds) / 1e3
    } catch let error as MTLCommandBufferError {
      // Whatever of the commands runs still must not outlive what they refer to.
      try? perform { $0.streamSynchronize(stream) }
      execution.failure = error
      execution.end = CommandExecution.now
    } catch {
      execution.failure = MTLCommandBufferError(.internal, error.localizedDescription)
      execution.end = CommandExecution.now
    }
    // A first command that the driver does not take, as for want of memory, has done nothing.
    if execution.failure != nil, !hasBegun { execution.start = 0 }
    addresses = [:]
    return execution
  }

  /// What `setBytes` was given for the first of `commands`, as many as the arena has room for, which is at least one. All in one copy: one for
  /// each would stand between two kernels. Returns how many they are.
  private func uploadBytes(of commands: ArraySlice<Command>) throws -> Int {
    addresses = [:]
    var staged = Data()
    var count = 0
    for command in commands {
      for bytes in command.inlineBytes where addresses[ObjectIdentifier(bytes)] == nil {
        addresses[ObjectIdentifier(bytes)] = arena + UInt64(staged.count)
        staged.append(bytes.memory.assumingMemoryBound(to: UInt8.self), count: bytes.length)
        staged.count = (staged.count + 255) / 256 * 256
      }
      if staged.count > Self.arenaBytes { break }
      count += 1
    }
    let size = min(staged.count, Self.arenaBytes)
    if size > 0 {
      try staged.withUnsafeBytes { staged in try perform { $0.copyToDevice(arena, staged.baseAddress!, size, stream) } }
    }
    return count
  }

  private func execute(_ command: Command) throws {
    switch command {
    case .dispatch(let dispatch):
      try launch(dispatch)
    case .copy(let source, let sourceOffset, let destination, let destinationOffset, let size):
      let (from, to) = (source.gpuAddress + UInt64(sourceOffset), destination.gpuAddress + UInt64(destinationOffset))
      try perform { $0.copy(to, from, size, stream) }
    case .fill(let buffer, let range, let value):
      try perform { $0.fill(buffer.gpuAddress + UInt64(range.lowerBound), value, range.count, stream) }
    }
  }

  private func launch(_ dispatch: KernelDispatch) throws {
    guard let kernel = (dispatch.pipeline as? CompiledPipelineState<CUDAModule>)?.kernel else {
      throw MTLCommandBufferError(.invalidResource, "The pipeline state belongs to another device")
    }
    try dispatch.requireBuffers(kernel.requiredBuffers, of: kernel.name)
    let (grid, group) = (dispatch.threadsPerGrid, dispatch.threadsPerThreadgroup)
    // The wrapper's parameters: see CUDAKernelText.
    var pointers = try kernel.buffers.map { try address(of: dispatch.bindings[$0]!) }
    if isStruck { pointers = pointers.map { _ in Self.wildAddress } }
    let sharedBytes = try sharedBytes(of: dispatch, kernel)
    var extents = [UInt32(grid.width), UInt32(grid.height), UInt32(grid.depth)]
    try pointers.withUnsafeMutableBytes { pointers in
      try extents.withUnsafeMutableBytes { extents in
        let parameters =
          (0..<kernel.buffers.count).map { pointers.baseAddress! + $0 * 8 } + (0..<3).map { extents.baseAddress! + $0 * 4 }
        let list = parameters.map { Optional($0) }
        try perform { driver in
          driver.launchKernel(
            kernel.function, Self.blocks(grid.width, group.width), Self.blocks(grid.height, group.height),
            Self.blocks(grid.depth, group.depth), UInt32(group.width), UInt32(group.height), UInt32(group.depth),
            UInt32(sharedBytes), stream, list, nil)
        }
      }
    }
  }

  /// That each block gets when it starts.
  private func sharedBytes(of dispatch: KernelDispatch, _ kernel: CUDAModule.Kernel) throws -> Int {
    if kernel.usesThreadgroupMemory { return dispatch.threadgroupMemoryLength }
    guard dispatch.residentThreads > 0 else { return 0 }
    try perform { $0.functionSetAttribute(kernel.function, Self.preferredCarveout, residence.carveoutPercent) }
    return residence.bytes(threads: dispatch.residentThreads, group: dispatch.threadsPerThreadgroup.volume)
  }

  private static let preferredCarveout: Int32 = 9  // CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT

  private func address(of binding: KernelBinding) throws -> UInt64 {
    switch binding {
    case .buffer(let buffer, let offset):
      return buffer.gpuAddress + UInt64(offset)
    case .bytes(let bytes):
      // `uploadBytes` saw this command.
      return addresses[ObjectIdentifier(bytes)]!
    }
  }

  private func perform(_ body: (CUDADriver) -> CUDADriver.Status) throws {
    do throws(CUDAError) {
      try context.perform(body)
    } catch {
      throw error.commandBufferError
    }
  }

  private static func blocks(_ threads: Int, _ group: Int) -> UInt32 {
    UInt32((threads + group - 1) / group)
  }
}

extension Command {
  fileprivate var inlineBytes: [InlineBytes] {
    guard case .dispatch(let dispatch) = self else { return [] }
    return dispatch.bindings.compactMap { binding in
      guard case .bytes(let bytes)? = binding else { return nil }
      return bytes
    }
  }
}
