import Foundation

public protocol MTLCommandEncoder: NSObjectProtocol {
  var device: any MTLDevice { get }
  var label: String? { get set }

  func endEncoding()
}

public struct MTLResourceUsage: OptionSet, Sendable {
  public let rawValue: UInt

  public init(rawValue: UInt) {
    self.rawValue = rawValue
  }

  public static let read = MTLResourceUsage(rawValue: 1)
  public static let write = MTLResourceUsage(rawValue: 2)
}

public protocol MTLComputeCommandEncoder: MTLCommandEncoder {
  var dispatchType: MTLDispatchType { get }

  func setComputePipelineState(_ state: any MTLComputePipelineState)
  func setBuffer(_ buffer: (any MTLBuffer)?, offset: Int, index: Int)
  func setBufferOffset(_ offset: Int, index: Int)
  func setBuffers(_ buffers: [(any MTLBuffer)?], offsets: [Int], range: Range<Int>)
  /// Copies at most 4,096 bytes.
  func setBytes(_ bytes: UnsafeRawPointer, length: Int, index: Int)
  /// Bytes, a multiple of 16; holds for the dispatches that follow.
  func setThreadgroupMemoryLength(_ length: Int, index: Int)
  func dispatchThreads(_ threadsPerGrid: MTLSize, threadsPerThreadgroup: MTLSize)
  func dispatchThreadgroups(_ threadgroupsPerGrid: MTLSize, threadsPerThreadgroup: MTLSize)
  /// Keeps the resource alive until the command buffer completes; the cpu device needs no residency.
  func useResource(_ resource: any MTLResource, usage: MTLResourceUsage)
}

public protocol MTLBlitCommandEncoder: MTLCommandEncoder {
  func copy(
    from sourceBuffer: any MTLBuffer, sourceOffset: Int, to destinationBuffer: any MTLBuffer, destinationOffset: Int, size: Int)
  func fill(buffer: any MTLBuffer, range: Range<Int>, value: UInt8)
}
