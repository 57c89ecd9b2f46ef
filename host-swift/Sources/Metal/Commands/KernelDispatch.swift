import Foundation

/// One argument of a kernel.
enum KernelBinding {
  case buffer(any MTLBuffer, offset: Int)
  case bytes(InlineBytes)
}

/// A copy of what `setBytes` was given, aligned for any MSL type.
final class InlineBytes {
  static let maximumLength = 4096

  let memory: UnsafeMutableRawPointer
  let length: Int

  init(_ bytes: UnsafeRawPointer, length: Int) {
    self.length = length
    memory = .allocate(byteCount: max(length, 16), alignment: 64)
    memory.copyMemory(from: bytes, byteCount: length)
  }

  deinit {
    memory.deallocate()
  }
}

/// A kernel with its arguments and its grid.
struct KernelDispatch {
  var pipeline: any MTLComputePipelineState
  /// By buffer index.
  var bindings: [KernelBinding?]
  var threadsPerGrid: MTLSize
  var threadsPerThreadgroup: MTLSize
  /// Bytes.
  var threadgroupMemoryLength: Int
  /// On a multiprocessor, at most; 0: as many as fit.
  var residentThreads: Int

  /// Throws where the kernel `name` needs a buffer (bit n of `mask`: buffer n) that is not set.
  func requireBuffers(_ mask: UInt64, of name: String) throws(MTLCommandBufferError) {
    for index in bindings.indices where bindings[index] == nil && mask >> UInt64(index) & 1 == 1 {
      throw MTLCommandBufferError(.invalidResource, "The kernel '\(name)' needs buffer \(index), and none is set")
    }
  }
}

extension MTLSize {
  /// Number of elements.
  var volume: Int { width * height * depth }
}
