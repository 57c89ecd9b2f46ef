import Foundation

public enum MTLCommandBufferStatus: UInt, Sendable {
  case notEnqueued = 0
  case enqueued = 1
  case committed = 2
  case scheduled = 3
  case completed = 4
  case error = 5
}

public enum MTLDispatchType: UInt, Sendable {
  case serial = 0
  case concurrent = 1
}

public typealias MTLCommandBufferHandler = @Sendable (any MTLCommandBuffer) -> Void

public protocol MTLCommandBuffer: NSObjectProtocol {
  var label: String? { get set }
  var device: any MTLDevice { get }
  var commandQueue: any MTLCommandQueue { get }
  var retainedReferences: Bool { get }
  var status: MTLCommandBufferStatus { get }
  /// `MTLCommandBufferError` where `status` is `.error`.
  var error: (any Error)? { get }
  /// Seconds of the host's monotonic clock; 0 before they are known.
  var kernelStartTime: CFTimeInterval { get }
  var kernelEndTime: CFTimeInterval { get }
  var gpuStartTime: CFTimeInterval { get }
  var gpuEndTime: CFTimeInterval { get }

  /// Reserves the command buffer's place in its queue.
  func enqueue()
  func commit()
  /// Must be called before `commit()`.
  func addScheduledHandler(_ block: @escaping MTLCommandBufferHandler)
  /// Must be called before `commit()`.
  func addCompletedHandler(_ block: @escaping MTLCommandBufferHandler)
  func waitUntilScheduled()
  func waitUntilCompleted()
  func completed() async

  func makeComputeCommandEncoder() -> (any MTLComputeCommandEncoder)?
  func makeComputeCommandEncoder(dispatchType: MTLDispatchType) -> (any MTLComputeCommandEncoder)?
  func makeBlitCommandEncoder() -> (any MTLBlitCommandEncoder)?
}
