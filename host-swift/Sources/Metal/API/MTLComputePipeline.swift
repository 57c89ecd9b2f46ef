import Foundation

public struct MTLPipelineOption: OptionSet, Sendable {
  public let rawValue: UInt

  public init(rawValue: UInt) {
    self.rawValue = rawValue
  }

  public static let argumentInfo = MTLPipelineOption(rawValue: 1 << 0)
  public static let bindingInfo = MTLPipelineOption(rawValue: 1 << 0)
  public static let bufferTypeInfo = MTLPipelineOption(rawValue: 1 << 1)
  public static let failOnBinaryArchiveMiss = MTLPipelineOption(rawValue: 1 << 2)
}

/// The Linux devices reflect nothing: it exists so that calls with `reflection:` compile.
public final class MTLComputePipelineReflection: NSObject, Sendable {}

public typealias MTLAutoreleasedComputePipelineReflection = MTLComputePipelineReflection

public final class MTLComputePipelineDescriptor: NSObject, NSCopying {
  public var label: String?
  public var computeFunction: (any MTLFunction)?
  public var threadGroupSizeIsMultipleOfThreadExecutionWidth: Bool = false
  /// 0: the device chooses.
  public var maxTotalThreadsPerThreadgroup: Int = 0
  /// Nested calls below a kernel. The cpu device's stack is fixed and ignores it.
  public var maxCallStackDepth: Int = 1
  public var binaryArchives: [any MTLBinaryArchive]?

  public override init() {}

  public func reset() {
    label = nil
    computeFunction = nil
    threadGroupSizeIsMultipleOfThreadExecutionWidth = false
    maxTotalThreadsPerThreadgroup = 0
    maxCallStackDepth = 1
    binaryArchives = nil
  }

  public func copy(with zone: NSZone? = nil) -> Any {
    let copy = MTLComputePipelineDescriptor()
    copy.label = label
    copy.computeFunction = computeFunction
    copy.threadGroupSizeIsMultipleOfThreadExecutionWidth = threadGroupSizeIsMultipleOfThreadExecutionWidth
    copy.maxTotalThreadsPerThreadgroup = maxTotalThreadsPerThreadgroup
    copy.maxCallStackDepth = maxCallStackDepth
    copy.binaryArchives = binaryArchives
    return copy
  }
}

public protocol MTLComputePipelineState: MTLAllocation, Sendable {
  var label: String? { get }
  var device: any MTLDevice { get }
  var maxTotalThreadsPerThreadgroup: Int { get }
  /// Threads that run in lockstep.
  var threadExecutionWidth: Int { get }
  /// Bytes.
  var staticThreadgroupMemoryLength: Int { get }
}
