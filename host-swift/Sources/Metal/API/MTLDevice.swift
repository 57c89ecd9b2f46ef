import Foundation

// swift-format-ignore: AlwaysUseLowerCamelCase
/// The preferred device: on Linux the first of `MTLCopyAllDevices()`.
public func MTLCreateSystemDefaultDevice() -> (any MTLDevice)? {
  MTLCopyAllDevices().first
}

// swift-format-ignore: AlwaysUseLowerCamelCase
public func MTLCopyAllDevices() -> [any MTLDevice] {
  CUDADevice.all + [CPUDevice.shared]
}

public protocol MTLDevice: NSObjectProtocol, Sendable {
  var name: String { get }
  var registryID: UInt64 { get }
  var architecture: MTLArchitecture { get }
  var maxThreadsPerThreadgroup: MTLSize { get }
  /// Bytes.
  var maxThreadgroupMemoryLength: Int { get }
  /// Bytes.
  var maxBufferLength: Int { get }
  var hasUnifiedMemory: Bool { get }
  /// Bytes.
  var recommendedMaxWorkingSetSize: UInt64 { get }
  /// Bytes of this process's live buffers.
  var currentAllocatedSize: Int { get }
  var isLowPower: Bool { get }
  var isHeadless: Bool { get }
  var isRemovable: Bool { get }

  func supportsFamily(_ gpuFamily: MTLGPUFamily) -> Bool

  func makeCommandQueue() -> (any MTLCommandQueue)?
  func makeCommandQueue(maxCommandBufferCount: Int) -> (any MTLCommandQueue)?

  /// Zero-filled; nil where the length is out of range or the memory cannot be had.
  func makeBuffer(length: Int, options: MTLResourceOptions) -> (any MTLBuffer)?
  func makeBuffer(bytes pointer: UnsafeRawPointer, length: Int, options: MTLResourceOptions) -> (any MTLBuffer)?

  /// Throws `MTLLibraryError`; `.compileFailure` carries the compiler's messages as its localized description.
  func makeLibrary(source: String, options: MTLCompileOptions?) throws -> any MTLLibrary
  func makeLibrary(
    source: String, options: MTLCompileOptions?, completionHandler: @escaping @Sendable ((any MTLLibrary)?, (any Error)?) -> Void)
  func makeLibrary(source: String, options: MTLCompileOptions?) async throws -> any MTLLibrary

  func makeComputePipelineState(function computeFunction: any MTLFunction) throws -> any MTLComputePipelineState
  func makeComputePipelineState(
    function computeFunction: any MTLFunction,
    completionHandler: @escaping @Sendable ((any MTLComputePipelineState)?, (any Error)?) -> Void)
  func makeComputePipelineState(function computeFunction: any MTLFunction) async throws -> any MTLComputePipelineState
  func makeComputePipelineState(
    descriptor: MTLComputePipelineDescriptor, options: MTLPipelineOption,
    reflection: AutoreleasingUnsafeMutablePointer<MTLAutoreleasedComputePipelineReflection?>?
  ) throws -> any MTLComputePipelineState
  func makeComputePipelineState(
    descriptor: MTLComputePipelineDescriptor, options: MTLPipelineOption,
    completionHandler: @escaping @Sendable ((any MTLComputePipelineState)?, MTLComputePipelineReflection?, (any Error)?) -> Void)

  /// Throws `MTLBinaryArchiveError`: `.invalidFile` where the file is damaged or another system's.
  func makeBinaryArchive(descriptor: MTLBinaryArchiveDescriptor) throws -> any MTLBinaryArchive
}

// The importer gives Objective-C's option parameters default arguments; a Swift protocol can only overload.
extension MTLDevice {
  public func makeBuffer(length: Int) -> (any MTLBuffer)? {
    makeBuffer(length: length, options: [])
  }

  public func makeBuffer(bytes pointer: UnsafeRawPointer, length: Int) -> (any MTLBuffer)? {
    makeBuffer(bytes: pointer, length: length, options: [])
  }
}

/// The name of a device's instruction set.
public final class MTLArchitecture: NSObject, Sendable {
  public let name: String

  init(name: String) {
    self.name = name
  }
}

/// Feature sets. Raw values are Apple's.
public enum MTLGPUFamily: Int, Sendable {
  case apple1 = 1001
  case apple2 = 1002
  case apple3 = 1003
  case apple4 = 1004
  case apple5 = 1005
  case apple6 = 1006
  case apple7 = 1007
  case apple8 = 1008
  case apple9 = 1009
  case apple10 = 1010
  case mac1 = 2001
  case mac2 = 2002
  case common1 = 3001
  case common2 = 3002
  case common3 = 3003
  case macCatalyst1 = 4001
  case macCatalyst2 = 4002
  case metal3 = 5001
  case metal4 = 5002
}
