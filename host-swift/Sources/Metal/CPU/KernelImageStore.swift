import Foundation
import Synchronization

/// Finds the object of a text: in this process, in an open binary archive, in the cache on disk; else clang builds it.
final class KernelImageStore: Sendable {
  /// Serialises the work on one key.
  private final class Slot: Sendable {
    let image = Mutex(WeakImage())
  }

  private struct WeakImage: Sendable {
    weak var image: KernelImage?
  }

  private struct WeakArchive: Sendable {
    weak var archive: CPUBinaryArchive?
  }

  private let compiler: ClangCompiler
  private let cache: ObjectCache
  private let slots = Mutex<[String: Slot]>([:])
  private let archives = Mutex<[WeakArchive]>([])
  private let compilations = Atomic(0)

  init(compiler: ClangCompiler, cache: ObjectCache) {
    self.compiler = compiler
    self.cache = cache
  }

  /// How often clang ran.
  var compilationCount: Int { compilations.load(ordering: .relaxed) }

  func register(_ archive: CPUBinaryArchive) {
    archives.withLock { archives in
      archives.removeAll { $0.archive == nil }
      archives.append(WeakArchive(archive: archive))
    }
  }

  /// Throws `MTLLibraryError`.
  func image(source: String, macros: [String: NSObject]) throws -> KernelImage {
    let definitions = macros.map { "-D\($0.key)=\($0.value)" }.sorted()
    let key = compiler.key(source: source, definitions: definitions)
    let slot = slots.withLock { slots in
      let slot = slots[key] ?? Slot()
      slots[key] = slot
      return slot
    }
    return try slot.image.withLock { weak in
      if let image = weak.image { return image }
      let image = try storedImage(key) ?? buildImage(key, source: source, definitions: definitions)
      weak.image = image
      return image
    }
  }

  private func storedImage(_ key: String) -> KernelImage? {
    let open = archives.withLock { $0.compactMap(\.archive) }
    for archive in open {
      if let object = archive.object(for: key), let image = try? KernelImage(key: key, object: object) { return image }
    }
    guard let object = cache.object(for: key) else { return nil }
    if let image = try? KernelImage(key: key, object: object) { return image }
    cache.remove(key)
    return nil
  }

  private func buildImage(_ key: String, source: String, definitions: [String]) throws -> KernelImage {
    compilations.add(1, ordering: .relaxed)
    let object = try compiler.compile(source: source, definitions: definitions)
    do {
      let image = try KernelImage(key: key, object: object)
      cache.store(object, for: key)
      return image
    } catch {
      throw MTLLibraryError(.internal, "Cannot load the compiled library: \(error.message)")
    }
  }
}
