import Foundation

final class SerialComputeCommandEncoder: SerialCommandEncoder, MultiprocessorEncoder {
  let dispatchType: MTLDispatchType
  private var pipeline: (any MTLComputePipelineState)?
  private var threadgroupMemoryLength = 0
  private var residentThreads = 0
  private var bindings = [KernelBinding?](repeating: nil, count: KernelSignature.bufferCount)

  init(commandBuffer: SerialCommandBuffer, dispatchType: MTLDispatchType) {
    self.dispatchType = dispatchType
    super.init(commandBuffer: commandBuffer)
  }

  func setComputePipelineState(_ state: any MTLComputePipelineState) {
    require(state.device === device, "the pipeline state belongs to another device")
    pipeline = state
  }

  func setBuffer(_ buffer: (any MTLBuffer)?, offset: Int, index: Int) {
    requireIndex(index)
    bindings[index] = buffer.map { buffer in
      requireOffset(offset, in: buffer)
      return .buffer(own(buffer), offset: offset)
    }
  }

  func setBufferOffset(_ offset: Int, index: Int) {
    requireIndex(index)
    guard case .buffer(let buffer, _) = bindings[index] else { fatalError("failed assertion: no buffer is set at index \(index)") }
    requireOffset(offset, in: buffer)
    bindings[index] = .buffer(buffer, offset: offset)
  }

  func setBuffers(_ buffers: [(any MTLBuffer)?], offsets: [Int], range: Range<Int>) {
    require(buffers.count == range.count && offsets.count == range.count, "setBuffers: \(range.count) buffers and offsets are needed")
    for (position, index) in range.enumerated() {
      setBuffer(buffers[position], offset: offsets[position], index: index)
    }
  }

  func setBytes(_ bytes: UnsafeRawPointer, length: Int, index: Int) {
    requireIndex(index)
    require((1...InlineBytes.maximumLength).contains(length), "setBytes: the length \(length) is not within 1 to 4096")
    bindings[index] = .bytes(InlineBytes(bytes, length: length))
  }

  func setThreadgroupMemoryLength(_ length: Int, index: Int) {
    require(index == 0, "threadgroup memory has the index 0 alone on this device")
    require(length >= 0 && length.isMultiple(of: 16), "the threadgroup memory's length \(length) is not a multiple of 16")
    let limit = device.maxThreadgroupMemoryLength
    require(length <= limit, "the threadgroup memory's length \(length) is over the device's \(limit)")
    threadgroupMemoryLength = length
  }

  func setResidentThreads(_ most: Int) {
    require(most >= 0, "the number of resident threads \(most) is negative")
    residentThreads = most
  }

  func dispatchThreads(_ threadsPerGrid: MTLSize, threadsPerThreadgroup: MTLSize) {
    let pipeline = pipelineForDispatch(threadsPerThreadgroup: threadsPerThreadgroup)
    requireExtents(threadsPerGrid, "threadsPerGrid")
    record(
      .dispatch(
        KernelDispatch(
          pipeline: pipeline, bindings: bindings, threadsPerGrid: threadsPerGrid, threadsPerThreadgroup: threadsPerThreadgroup,
          threadgroupMemoryLength: threadgroupMemoryLength, residentThreads: residentThreads)))
  }

  func dispatchThreadgroups(_ threadgroupsPerGrid: MTLSize, threadsPerThreadgroup: MTLSize) {
    _ = pipelineForDispatch(threadsPerThreadgroup: threadsPerThreadgroup)
    requireExtents(threadgroupsPerGrid, "threadgroupsPerGrid")
    dispatchThreads(
      MTLSize(
        width: threadgroupsPerGrid.width * threadsPerThreadgroup.width,
        height: threadgroupsPerGrid.height * threadsPerThreadgroup.height,
        depth: threadgroupsPerGrid.depth * threadsPerThreadgroup.depth),
      threadsPerThreadgroup: threadsPerThreadgroup)
  }

  func useResource(_ resource: any MTLResource, usage: MTLResourceUsage) {
    retain(resource)
  }

  private func requireIndex(_ index: Int) {
    require(bindings.indices.contains(index), "the buffer index \(index) is not within 0 to \(bindings.count - 1)")
  }

  private func requireOffset(_ offset: Int, in buffer: any MTLBuffer) {
    require((0..<buffer.length).contains(offset), "the offset \(offset) is outside the buffer's \(buffer.length) bytes")
  }

  private func pipelineForDispatch(threadsPerThreadgroup size: MTLSize) -> any MTLComputePipelineState {
    guard let pipeline else { fatalError("failed assertion: no compute pipeline state is set") }
    requireExtents(size, "threadsPerThreadgroup")
    let limit = pipeline.maxTotalThreadsPerThreadgroup
    require(size.volume <= limit, "a threadgroup of \(size.volume) threads has more than the pipeline's \(limit)")
    return pipeline
  }

  /// The shim counts in 32 bits along each axis, the host in 63 altogether.
  private func requireExtents(_ size: MTLSize, _ name: String) {
    let extents = [size.width, size.height, size.depth]
    var volume = (partialValue: 1, overflow: false)
    for extent in extents where !volume.overflow { volume = volume.partialValue.multipliedReportingOverflow(by: extent) }
    require(
      !volume.overflow && extents.allSatisfy { (1...Int(UInt32.max)).contains($0) },
      "\(name) is \(size.width) x \(size.height) x \(size.depth): each extent is at least 1 and below 2^32, the product below 2^63")
  }
}
