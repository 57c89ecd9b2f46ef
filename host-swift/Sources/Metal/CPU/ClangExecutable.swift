import Foundation

/// Where clang++ is.
struct ClangExecutable: Sendable {
  enum Location: Sendable {
    case found(path: String)
    case missing(reason: String)
  }

  let location: Location
  /// Changes when the compiler does. Size and time of the file stand for its version, which would take a process to ask for.
  let identity: String

  /// `WASMBURST_CLANG`, else the one beside the Swift toolchain, else one on `PATH`.
  init(environment: [String: String]) {
    location = Self.locate(environment: environment)
    switch location {
    case .found(let path): identity = Self.identity(of: path)
    case .missing: identity = "none"
    }
  }

  private static func locate(environment: [String: String]) -> Location {
    if let path = environment["WASMBURST_CLANG"], !path.isEmpty {
      return isExecutable(path)
        ? .found(path: path) : .missing(reason: "WASMBURST_CLANG is '\(path)', which is not an executable file")
    }
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let toolchains = folders.map { "\($0)/swift" }.filter(isExecutable).map { path in
      URL(fileURLWithPath: path).resolvingSymlinksInPath().deletingLastPathComponent().path
    }
    for folder in toolchains + ["/usr/libexec/swift/bin"] + folders where isExecutable("\(folder)/clang++") {
      return .found(path: "\(folder)/clang++")
    }
    return .missing(reason: "The cpu device needs clang++: none is beside a Swift toolchain or on PATH. Install one or set WASMBURST_CLANG")
  }

  private static func isExecutable(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
      && FileManager.default.isExecutableFile(atPath: path)
  }

  private static func identity(of path: String) -> String {
    let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = (try? FileManager.default.attributesOfItem(atPath: file)) ?? [:]
    let size = (attributes[.size] as? NSNumber)?.int64Value ?? 0
    let time = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(file) \(size) \(time)"
  }
}
