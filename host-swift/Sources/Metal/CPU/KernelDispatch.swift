import Foundation

/// One argument of a kernel.
enum KernelBinding {
  case buffer(CPUBuffer, offset: Int)
  case bytes(InlineBytes)

  var address: UInt {
    switch self {
    case .buffer(let buffer, let offset): UInt(bitPattern: buffer.contents()) + UInt(offset)
    case .bytes(let bytes): UInt(bitPattern: bytes.memory)
    }
  }
}

/// A copy of what `setBytes` was given, aligned for any MSL type.
final class InlineBytes {
  static let maximumLength = 4096

  let memory: UnsafeMutableRawPointer

  init(_ bytes: UnsafeRawPointer, length: Int) {
    memory = .allocate(byteCount: max(length, 16), alignment: 64)
    memory.copyMemory(from: bytes, byteCount: length)
  }

  deinit {
    memory.deallocate()
  }
}

/// A kernel with its arguments and its grid.
struct KernelDispatch {
  var pipeline: CPUComputePipelineState
  /// By buffer index.
  var bindings: [KernelBinding?]
  var threadsPerGrid: MTLSize
  var threadsPerThreadgroup: MTLSize

  func execute(on pool: WorkerPool) throws(MTLCommandBufferError) {
    let kernel = pipeline.kernel
    for index in bindings.indices where bindings[index] == nil && kernel.requiredBuffers >> UInt64(index) & 1 == 1 {
      throw MTLCommandBufferError(.invalidResource, "The kernel '\(kernel.name)' needs buffer \(index), and none is set")
    }
    let addresses = bindings.map { $0?.address ?? 0 }
    // The shim's struct wasmburst_dispatch.
    let extents = [threadsPerGrid, threadsPerThreadgroup].flatMap { [$0.width, $0.height, $0.depth] }
    pool.run(count: threadsPerGrid.volume) { range in
      addresses.withUnsafeBytes { addresses in
        extents.withUnsafeBytes { extents in
          kernel.walk(addresses.baseAddress!, extents.baseAddress!, UInt(range.lowerBound), UInt(range.upperBound))
        }
      }
    }
  }
}

extension MTLSize {
  /// Number of elements.
  var volume: Int { width * height * depth }
}
