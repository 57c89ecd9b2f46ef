import Foundation

/// A shared object of the system's, opened for the life of the process.
struct DynamicLibrary: @unchecked Sendable {
  // Unchecked because a handle is a pointer; the loader's functions are thread-safe.
  private let handle: UnsafeMutableRawPointer

  /// The first of `paths` that can be opened.
  init?(_ paths: [String]) {
    guard let handle = paths.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else { return nil }
    self.handle = handle
  }

  /// The function `name`; nil where an older library lacks it.
  func function<Function>(_ name: String, as type: Function.Type) -> Function? {
    dlsym(handle, name).map { unsafeBitCast($0, to: type) }
  }
}
