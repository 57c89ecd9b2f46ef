import Foundation

/// Built objects on disk, one checked file for each, named by the key of what they were built from.
///
/// The cache only saves time: a file that cannot be read or written is as good as none.
struct ObjectCache: Sendable {
  let directory: URL
  /// Of file names: the kind of device.
  let prefix: String

  /// `WASMBURST_CACHE`, else `XDG_CACHE_HOME/wasmburst`, else `~/.cache/wasmburst`.
  static func defaultDirectory(environment: [String: String]) -> URL {
    if let path = environment["WASMBURST_CACHE"], !path.isEmpty {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    let caches: URL
    // The XDG specification: a relative path is to be ignored.
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      caches = URL(fileURLWithPath: path, isDirectory: true)
    } else {
      caches = FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache", isDirectory: true)
    }
    return caches.appendingPathComponent("wasmburst", isDirectory: true)
  }

  func url(for key: String) -> URL {
    directory.appendingPathComponent("\(prefix)-\(key).object")
  }

  func object(for key: String) -> Data? {
    do {
      return try CheckedFile.read(url(for: key))
    } catch {
      if error == .damaged { remove(key) }
      return nil
    }
  }

  func store(_ object: Data, for key: String) {
    try? FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try? CheckedFile.write(object, to: url(for: key))
  }

  func remove(_ key: String) {
    try? FileManager.default.removeItem(at: url(for: key))
  }
}
