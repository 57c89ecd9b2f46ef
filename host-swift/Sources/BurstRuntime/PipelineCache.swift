import BurstProtocol
import BurstTransport
import Foundation
import Metal

/// The pipelines of a text's kernels.
final class BuiltKernels: @unchecked Sendable {
  // Unchecked because before Xcode 26 pipelines are not marked Sendable; they are immutable.
  let pipelines: [String: any MTLComputePipelineState]
  /// Keeps the cache's entry alive for as long as the kernels are used.
  private let slot: PipelineCache.Slot

  fileprivate init(_ pipelines: [String: any MTLComputePipelineState], slot: PipelineCache.Slot) {
    self.pipelines = pipelines
    self.slot = slot
  }
}

/// Builds each text once: in this process while a module uses it, on disk as one small archive a text and device.
final class PipelineCache: Sendable {
  private struct Key: Hashable {
    let device: String
    let text: String
    let names: [String]
  }

  fileprivate final class Slot: @unchecked Sendable {
    // Unchecked because every access to `kernels` holds `lock`. It is held while the text is built, so that a second
    // request for the same text waits and shares.
    let lock = NSLock()
    weak var kernels: BuiltKernels?
  }

  private struct WeakSlot {
    weak var slot: Slot?
  }

  private let root: URL
  private let warn: @Sendable (String) -> Void
  /// Once is enough: it is of the folder, whatever the file.
  private let saidUnwritable = Locked(false)
  private let slots = Locked<[Key: WeakSlot]>([:])

  init(root: URL, warn: @escaping @Sendable (String) -> Void) {
    self.root = root
    self.warn = warn
  }

  /// `cached`: every pipeline came from memory or from the archive. Throws `ResponseError`.
  func kernels(_ names: [String], of text: String, for device: Device) throws -> (kernels: BuiltKernels, cached: Bool) {
    let key = Key(device: device.id, text: text, names: names)
    let slot = slots.withLock { slots in
      if let slot = slots[key]?.slot { return slot }
      slots = slots.filter { $0.value.slot != nil }
      let slot = Slot()
      slots[key] = WeakSlot(slot: slot)
      return slot
    }
    return try slot.lock.withLock {
      if let kernels = slot.kernels { return (kernels, true) }
      let (pipelines, cached) = try build(names, of: text, for: device)
      let kernels = BuiltKernels(pipelines, slot: slot)
      slot.kernels = kernels
      return (kernels, cached)
    }
  }

  private func build(_ names: [String], of text: String, for device: Device) throws -> (
    [String: any MTLComputePipelineState], Bool
  ) {
    let directory = CacheDirectory.forDevice(architecture: device.metal.architecture.name, root: root)
    let file = directory.appendingPathComponent(CacheDirectory.fileName(text: text))
    // The archive must be open before the library is made: a device that compiles the whole text at once looks here first.
    let archive = openArchive(file, device.metal)
    let library = try makeLibrary(text, device)

    var pipelines: [String: any MTLComputePipelineState] = [:]
    var missed = false
    for name in names {
      guard let function = library.makeFunction(name: name) else {
        throw ResponseError(.invalidParams, "`kernels`: the text has no kernel \"\(name)\".")
      }
      let descriptor = MTLComputePipelineDescriptor()
      descriptor.computeFunction = function
      descriptor.label = name
      if let archive {
        descriptor.binaryArchives = [archive]
        if let pipeline = try? device.metal.makeComputePipelineState(
          descriptor: descriptor, options: .failOnBinaryArchiveMiss, reflection: nil)
        {
          pipelines[name] = pipeline
          continue
        }
      }
      missed = true
      pipelines[name] = try makePipeline(descriptor, name, device)
      // Only after the pipeline was made: a function that is added first makes the probe above succeed when it should not.
      if let archive {
        do {
          try archive.addComputePipelineFunctions(descriptor: descriptor)
        } catch {
          warn("The kernel \"\(name)\" cannot be kept in an archive: \(error.localizedDescription)")
        }
      }
    }
    if missed, let archive { save(archive, to: file) }
    return (pipelines, !missed)
  }

  /// An archive that cannot be opened is discarded; without any archive everything still works, only slower.
  private func openArchive(_ file: URL, _ metal: any MTLDevice) -> (any MTLBinaryArchive)? {
    let descriptor = MTLBinaryArchiveDescriptor()
    if FileManager.default.fileExists(atPath: file.path) {
      descriptor.url = file
      do {
        return try metal.makeBinaryArchive(descriptor: descriptor)
      } catch {
        warn("The archive \(file.path) is discarded: \(error.localizedDescription)")
        try? FileManager.default.removeItem(at: file)
        descriptor.url = nil
      }
    }
    return try? metal.makeBinaryArchive(descriptor: descriptor)
  }

  /// Renaming is atomic, so that another host never opens half an archive.
  private func save(_ archive: any MTLBinaryArchive, to file: URL) {
    let temporary = file.appendingPathExtension("\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try archive.serialize(to: temporary)
      guard rename(temporary.path, file.path) == 0 else {
        throw CocoaError(.fileWriteUnknown, userInfo: [NSLocalizedDescriptionKey: String(cString: strerror(errno))])
      }
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      let isSaid = saidUnwritable.withLock { said in
        defer { said = true }
        return said
      }
      if isSaid { return }
      // Foundation's own words leave out what was in the way.
      let reason = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
      warn(
        "Built kernels cannot be kept in \(root.path), so each run builds them again; WASMBURST_CACHE names another folder: "
          + reason.localizedDescription)
    }
  }

  private func makeLibrary(_ text: String, _ device: Device) throws -> any MTLLibrary {
    let options = MTLCompileOptions()
    // The defaults are not IEEE arithmetic.
    if #available(macOS 15, *) {
      options.mathMode = .safe
      options.mathFloatingPointFunctions = .precise
    } else {
      options.fastMathEnabled = false
    }
    do {
      return try device.metal.makeLibrary(source: text, options: options)
    } catch {
      throw failure(error, device, "The device's compiler refused the text.")
    }
  }

  private func makePipeline(
    _ descriptor: MTLComputePipelineDescriptor, _ name: String, _ device: Device
  ) throws -> any MTLComputePipelineState {
    do {
      return try device.metal.makeComputePipelineState(descriptor: descriptor, options: [], reflection: nil)
    } catch {
      throw failure(error, device, "The device cannot make a pipeline of the kernel \"\(name)\".")
    }
  }

  /// A device that cannot build an empty kernel either is the problem, not the text.
  private func failure(_ error: any Error, _ device: Device, _ sentence: String) -> ResponseError {
    if let problem = device.problem {
      return ResponseError(.deviceUnusable, "The device \"\(device.id)\" is not usable: \(problem)")
    }
    let log = BuildFailedData(log: error.localizedDescription)
    return ResponseError(.buildFailed, sentence, data: try? WireEncoder.encode(log))
  }
}
