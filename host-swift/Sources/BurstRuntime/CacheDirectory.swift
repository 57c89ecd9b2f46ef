import Foundation

/// Where built kernels are kept between runs.
enum CacheDirectory {
  /// `WASMBURST_CACHE`, else `$XDG_CACHE_HOME/wasmburst`, else `~/Library/Caches/wasmburst` on macOS and `~/.cache/wasmburst`.
  static func root(environment: [String: String]) -> URL {
    if let path = environment["WASMBURST_CACHE"], !path.isEmpty { return URL(fileURLWithPath: path, isDirectory: true) }
    // The XDG specification: a relative path is to be ignored.
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      return URL(fileURLWithPath: path, isDirectory: true).appendingPathComponent("wasmburst", isDirectory: true)
    }
    #if os(macOS)
      let caches = "Library/Caches"
    #else
      let caches = ".cache"
    #endif
    return FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent("\(caches)/wasmburst", isDirectory: true)
  }

  /// Native code is portable across neither devices nor builds of the operating system and its drivers.
  static func forDevice(architecture: String, root: URL) -> URL {
    let system = ProcessInfo.processInfo.operatingSystemVersionString
    let name = "\(architecture)-\(system)".map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    return root.appendingPathComponent("pipelines", isDirectory: true).appendingPathComponent(String(name), isDirectory: true)
  }

  /// FNV-1a. A file's name only: an archive looks functions up by their contents, so that texts of equal hash cost a
  /// compilation, not correctness.
  static func fileName(text: String) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits + ".archive"
  }
}
