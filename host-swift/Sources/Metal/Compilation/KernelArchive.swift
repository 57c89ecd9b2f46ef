import Foundation

/// A function that can be kept: `object` is what its library was built to, `key` names what it was built from.
protocol ArchivableFunction: MTLFunction {
  var key: String { get }
  var object: Data { get }
}

/// A device whose libraries this process compiles.
protocol CompilingDevice: MTLDevice {
  associatedtype Image: CompiledImage
  var images: KernelImageStore<Image> { get }
}

/// Kernels of one or more libraries in a checked file: the same class over compiled objects that Metal has over GPU binaries.
///
/// While an archive is open, `makeLibrary(source:options:)` takes its objects from there: open it first, then a text that it
/// holds is not compiled. On Metal the order makes no difference.
final class KernelArchive: NSObject, MTLBinaryArchive, @unchecked Sendable {
  // Unchecked because every access to `guardedLabel` and `entries` holds `lock`.
  private struct Entry: Codable {
    var object: Data
    var functions: Set<String>
  }

  private let owner: any CompilingDevice
  /// Guards `guardedLabel` and `entries`.
  private let lock = NSLock()
  private var guardedLabel: String?
  /// By the key of the text that an object was built from.
  private var entries: [String: Entry] = [:]

  init(device: any CompilingDevice, url: URL?) throws {
    owner = device
    super.init()
    if let url { entries = try Self.read(url) }
    device.register(self)
  }

  var device: any MTLDevice { owner }

  var label: String? {
    get { lock.withLock { guardedLabel } }
    set { lock.withLock { guardedLabel = newValue } }
  }

  func addComputePipelineFunctions(descriptor: MTLComputePipelineDescriptor) throws {
    let function = try owner.archivableFunction(of: descriptor)
    lock.withLock {
      _ = entries[function.key, default: Entry(object: function.object, functions: [])].functions.insert(function.name)
    }
  }

  func serialize(to url: URL) throws {
    guard url.isFileURL else { throw MTLBinaryArchiveError(.invalidFile, "A binary archive is written to a file, not to \(url)") }
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    do {
      try CheckedFile.write(try encoder.encode(lock.withLock { entries }), to: url)
    } catch {
      throw MTLBinaryArchiveError(.internalError, "Cannot write the binary archive \(url.path): \(error.localizedDescription)")
    }
  }

  func contains(_ function: any ArchivableFunction) -> Bool {
    lock.withLock { entries[function.key]?.functions.contains(function.name) ?? false }
  }

  func object(for key: String) -> Data? {
    lock.withLock { entries[key]?.object }
  }

  private static func read(_ url: URL) throws -> [String: Entry] {
    do {
      return try PropertyListDecoder().decode([String: Entry].self, from: try CheckedFile.read(url))
    } catch CheckedFile.ReadError.absent {
      throw MTLBinaryArchiveError(.invalidFile, "Cannot read the binary archive \(url.path)")
    } catch {
      throw MTLBinaryArchiveError(.invalidFile, "The binary archive \(url.path) is damaged")
    }
  }
}
