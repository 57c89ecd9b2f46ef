import Foundation

public final class MTLBinaryArchiveDescriptor: NSObject, NSCopying {
  /// The file to open; nil makes a new, empty archive.
  public var url: URL?

  public override init() {}

  public func copy(with zone: NSZone? = nil) -> Any {
    let copy = MTLBinaryArchiveDescriptor()
    copy.url = url
    return copy
  }
}

/// Not Sendable, as on Apple's systems: guard it with a lock.
public protocol MTLBinaryArchive: NSObjectProtocol {
  var label: String? { get set }
  var device: any MTLDevice { get }

  func addComputePipelineFunctions(descriptor: MTLComputePipelineDescriptor) throws
  /// Replaces the file at `url`.
  func serialize(to url: URL) throws
}
