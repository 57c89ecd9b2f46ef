import BurstEnvironment
import Foundation

/// What the cpu device tells of the machine it runs on.
enum Machine {
  /// "x86_64" or "aarch64".
  static let instructionSet: String = {
    #if arch(x86_64)
      return "x86_64"
    #elseif arch(arm64)
      return "aarch64"
    #else
      return "unknown"
    #endif
  }()

  static let processorModel: String = {
    for field in ["model name", "Hardware", "CPU part"] {
      if let value = processorField(field) { return value }
    }
    return instructionSet
  }()

  /// Names what `-march=native` depends on: the model alone is not enough, as a hypervisor may hide features.
  static let processorIdentity: String = [
    instructionSet, processorModel, processorField("flags") ?? processorField("Features") ?? "",
  ].joined(separator: "\n")

  /// Bytes that a process may expect to get: the free memory, capped by the control group's limit.
  static let availableMemory: Int = {
    var available = Int.max
    for line in text(of: "/proc/meminfo").split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      let kibibytes = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
      available = (kibibytes ?? available / 1024) * 1024
    }
    for limit in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
      if let bytes = Int(text(of: limit).trimmingCharacters(in: .whitespacesAndNewlines)) { available = min(available, bytes) }
    }
    return available == .max ? Int(ProcessInfo.processInfo.physicalMemory) : available
  }()

  /// One worker a core, or as many as `WASMBURST_CPU_THREADS` says.
  static func workerCount(environment: [String: String]) -> Int {
    HostEnvironment(environment).cpuThreads ?? min(ProcessInfo.processInfo.activeProcessorCount, 1024)
  }

  static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  /// A whole file, or nothing where it cannot be read. Files under /proc and /sys have no length, hence the handle.
  static func text(of path: String, limit: Int = 1 << 20) -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else { return "" }
    defer { try? handle.close() }
    return String(decoding: (try? handle.read(upToCount: limit)) ?? Data(), as: UTF8.self)
  }

  // The first processor's lines are enough, and the whole file takes milliseconds where there are hundreds.
  private static let firstProcessor = text(of: "/proc/cpuinfo", limit: 16 << 10)

  private static func processorField(_ name: String) -> String? {
    for line in firstProcessor.split(separator: "\n") where line.hasPrefix(name) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      return value.isEmpty ? nil : value
    }
    return nil
  }
}
