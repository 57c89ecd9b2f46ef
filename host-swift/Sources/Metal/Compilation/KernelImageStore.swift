import Foundation
import Synchronization

/// Turns a text into an object that its device can load.
protocol KernelCompiler: Sendable {
  /// Names everything that the object depends on.
  func key(source: String, definitions: [String]) -> String
  /// Throws `MTLLibraryError`: `.compileFailure` with the messages for the text, `.unsupported` where there is no compiler.
  func compile(source: String, definitions: [String]) throws -> Data
}

struct KernelLoadError: Error {
  var message: String
}

/// Finds the object of a text: in this process, in an open binary archive, in the cache on disk; else the compiler builds it.
final class KernelImageStore<Image: CompiledImage>: Sendable {
  /// Serialises the work on one key.
  private final class Slot: Sendable {
    let image = Mutex(WeakImage())
  }

  private struct WeakImage: Sendable {
    weak var image: Image?
  }

  private struct WeakArchive: Sendable {
    weak var archive: KernelArchive?
  }

  private let compiler: any KernelCompiler
  private let cache: ObjectCache
  private let load: @Sendable (String, Data) throws(KernelLoadError) -> Image
  private let slots = Mutex<[String: Slot]>([:])
  private let archives = Mutex<[WeakArchive]>([])
  private let compilations = Atomic(0)

  init(
    compiler: any KernelCompiler, cache: ObjectCache, load: @escaping @Sendable (String, Data) throws(KernelLoadError) -> Image
  ) {
    self.compiler = compiler
    self.cache = cache
    self.load = load
  }

  /// How often the compiler ran.
  var compilationCount: Int { compilations.load(ordering: .relaxed) }

  func register(_ archive: KernelArchive) {
    archives.withLock { archives in
      archives.removeAll { $0.archive == nil }
      archives.append(WeakArchive(archive: archive))
    }
  }

  /// Throws `MTLLibraryError`.
  func image(source: String, macros: [String: NSObject]) throws -> Image {
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

  private func storedImage(_ key: String) -> Image? {
    let open = archives.withLock { $0.compactMap(\.archive) }
    for archive in open {
      if let object = archive.object(for: key), let image = try? load(key, object) { return image }
    }
    guard let object = cache.object(for: key) else { return nil }
    if let image = try? load(key, object) { return image }
    cache.remove(key)
    return nil
  }

  private func buildImage(_ key: String, source: String, definitions: [String]) throws -> Image {
    compilations.add(1, ordering: .relaxed)
    let object = try compiler.compile(source: source, definitions: definitions)
    do throws(KernelLoadError) {
      let image = try load(key, object)
      cache.store(object, for: key)
      return image
    } catch {
      throw MTLLibraryError(.internal, "Cannot load the compiled library: \(error.message)")
    }
  }
}
