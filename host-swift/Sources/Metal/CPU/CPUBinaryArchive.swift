import Foundation

/// Kernels of one or more libraries in a checked file: the same class over shared objects that Metal has over GPU binaries.
///
/// While an archive is open, `makeLibrary(source:options:)` takes its objects from there: open it first, then a text that it
/// holds is not compiled. On Metal the order makes no difference.
final class CPUBinaryArchive: NSObject, MTLBinaryArchive, @unchecked Sendable {
  private struct Entry: Codable {
    var object: Data
    var functions: Set<String>
  }

  private let owner: CPUDevice
  /// Guards `guardedLabel` and `entries`.
  private let lock = NSLock()
  private var guardedLabel: String?
  /// By the key of the text that an object was built from.
  private var entries: [String: Entry] = [:]

  init(device: CPUDevice, url: URL?) throws {
    owner = device
    super.init()
    if let url { entries = try Self.read(url) }
    device.images.register(self)
  }

  var device: any MTLDevice { owner }

  var label: String? {
    get { lock.withLock { guardedLabel } }
    set { lock.withLock { guardedLabel = newValue } }
  }

  func addComputePipelineFunctions(descriptor: MTLComputePipelineDescriptor) throws {
    let function = try owner.cpuFunction(of: descriptor)
    lock.withLock {
      _ = entries[function.image.key, default: Entry(object: function.image.object, functions: [])].functions.insert(function.name)
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

  func contains(_ function: CPUFunction) -> Bool {
    lock.withLock { entries[function.image.key]?.functions.contains(function.name) ?? false }
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
