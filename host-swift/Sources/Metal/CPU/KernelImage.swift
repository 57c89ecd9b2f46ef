import Foundation

/// A shared object of kernels, loaded.
final class KernelImage: CompiledImage, @unchecked Sendable {
  // Unchecked because the loader's handle is a pointer; nothing changes after the init.
  /// Walks threads `begin..<end` of the grid: buffer addresses by index, the `KernelDispatch`, begin, end.
  typealias GridFunction = @convention(c) (UnsafeRawPointer, UnsafeRawPointer, UInt, UInt) -> Void

  struct Kernel: CompiledKernel {
    var name: String
    var walk: GridFunction
    var maximumThreads: Int
    /// Bit n: the kernel needs buffer n.
    var requiredBuffers: UInt64
  }

  static let threadExecutionWidth = 1

  let key: String
  let object: Data
  let kernels: [String: Kernel]
  private let file: Int32
  private let handle: UnsafeMutableRawPointer

  /// `object` must be whole (see `CheckedFile`): the loader trusts it.
  init(key: String, object: Data) throws(KernelLoadError) {
    self.key = key
    self.object = object
    // From memory, so that what was checked is what is loaded, and no temporary file or executable folder is needed.
    file = try Self.memoryFile(object)
    // The descriptor stays open: the loader knows an object by its path, and a reused number would name this one.
    guard let handle = dlopen("/proc/self/fd/\(file)", RTLD_NOW | RTLD_LOCAL) else {
      let message = Self.loaderMessage()
      close(file)
      throw KernelLoadError(message: message)
    }
    guard let table = dlsym(handle, "wasmburst_kernels") else {
      let message = Self.loaderMessage()
      dlclose(handle)
      close(file)
      throw KernelLoadError(message: message)
    }
    self.handle = handle
    kernels = Self.kernels(in: table)
  }

  deinit {
    dlclose(handle)
    close(file)
  }

  /// Reads rows of `wasmburst_kernel` (see the shim's `metal_adapter`) up to the one without a name.
  private static func kernels(in table: UnsafeRawPointer) -> [String: Kernel] {
    var kernels: [String: Kernel] = [:]
    var row = table
    while let name = row.load(as: UnsafePointer<CChar>?.self) {
      let kernel = Kernel(
        name: String(cString: name),
        walk: row.load(fromByteOffset: 8, as: GridFunction.self),
        maximumThreads: Int(row.load(fromByteOffset: 16, as: UInt64.self)),
        requiredBuffers: row.load(fromByteOffset: 24, as: UInt64.self))
      kernels[kernel.name] = kernel
      row += 32
    }
    return kernels
  }

  private typealias MemoryFileFunction = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32

  // Swift's Glibc module lacks memfd_create.
  private static let createMemoryFile: MemoryFileFunction? = {
    dlsym(nil, "memfd_create").map { unsafeBitCast($0, to: MemoryFileFunction.self) }
  }()

  private static func memoryFile(_ content: Data) throws(KernelLoadError) -> Int32 {
    let closeOnExec: UInt32 = 1
    guard let createMemoryFile else { throw KernelLoadError(message: "this system has no memfd_create") }
    let file = createMemoryFile("wasmburst-kernels", closeOnExec)
    guard file >= 0 else { throw KernelLoadError(message: "memfd_create: \(String(cString: strerror(errno)))") }
    do {
      try FileHandle(fileDescriptor: file, closeOnDealloc: false).write(contentsOf: content)
    } catch {
      close(file)
      throw KernelLoadError(message: error.localizedDescription)
    }
    return file
  }

  private static func loaderMessage() -> String {
    dlerror().map { String(cString: $0) } ?? "the loader gave no reason"
  }
}
