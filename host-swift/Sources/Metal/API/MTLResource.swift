import Foundation

public enum MTLCPUCacheMode: UInt, Sendable {
  case defaultCache = 0
  case writeCombined = 1
}

public enum MTLStorageMode: UInt, Sendable {
  case shared = 0
  case managed = 1
  case `private` = 2
  case memoryless = 3
}

public enum MTLHazardTrackingMode: UInt, Sendable {
  case `default` = 0
  case untracked = 1
  case tracked = 2
}

/// Bits 0-3 are the CPU cache mode, 4-7 the storage mode, 8-9 the hazard tracking mode.
public struct MTLResourceOptions: OptionSet, Sendable {
  public let rawValue: UInt

  public init(rawValue: UInt) {
    self.rawValue = rawValue
  }

  public static let cpuCacheModeWriteCombined = MTLResourceOptions(rawValue: 1)
  public static let storageModeShared = MTLResourceOptions([])
  public static let storageModeManaged = MTLResourceOptions(rawValue: 1 << 4)
  public static let storageModePrivate = MTLResourceOptions(rawValue: 2 << 4)
  public static let storageModeMemoryless = MTLResourceOptions(rawValue: 3 << 4)
  public static let hazardTrackingModeUntracked = MTLResourceOptions(rawValue: 1 << 8)
  public static let hazardTrackingModeTracked = MTLResourceOptions(rawValue: 2 << 8)
}

// What the options say, for the properties of resources.
extension MTLCPUCacheMode {
  init(_ options: MTLResourceOptions) { self = options.contains(.cpuCacheModeWriteCombined) ? .writeCombined : .defaultCache }
}

extension MTLStorageMode {
  init(_ options: MTLResourceOptions) { self = Self(rawValue: options.rawValue >> 4 & 0xf) ?? .shared }
}

extension MTLHazardTrackingMode {
  init(_ options: MTLResourceOptions) { self = Self(rawValue: options.rawValue >> 8 & 3) ?? .default }
}

public protocol MTLAllocation: NSObjectProtocol {
  /// Bytes.
  var allocatedSize: Int { get }
}

public protocol MTLResource: MTLAllocation {
  var label: String? { get set }
  var device: any MTLDevice { get }
  var cpuCacheMode: MTLCPUCacheMode { get }
  var storageMode: MTLStorageMode { get }
  var hazardTrackingMode: MTLHazardTrackingMode { get }
  var resourceOptions: MTLResourceOptions { get }
}

public protocol MTLBuffer: MTLResource {
  /// Valid while the buffer lives.
  func contents() -> UnsafeMutableRawPointer
  /// Bytes.
  var length: Int { get }
  var gpuAddress: UInt64 { get }
}
