import BurstEnvironment
import Foundation

/// Compiles MSL with clang++ as C++14, behind the headers in `Shim`, to a shared object without dependencies.
struct ClangCompiler: KernelCompiler {
  private let executable: ClangExecutable
  /// For tests, `WASMBURST_CPU_CHECKS=1`: kernels stop the process at what C++ leaves undefined and at misaligned accesses.
  private let isChecked: Bool

  init(environment: [String: String]) {
    executable = ClangExecutable(environment: environment)
    isChecked = HostEnvironment(environment).checksKernels
  }

  // Exact arithmetic, no aliasing assumptions, nothing from the system's headers or C++ library.
  private static let flags: [String] = [
    "-x", "c++", "-std=c++14", targetFlag,
    "-ffp-contract=off", "-fno-fast-math", "-fno-math-errno", "-fno-strict-aliasing",
    "-fno-exceptions", "-fno-rtti", "-fno-asynchronous-unwind-tables", "-fno-lax-vector-conversions",
    "-fPIC", "-shared", "-nostdlib", "-fvisibility=hidden", "-nostdinc", "-nostdinc++",
    "-w", "-ferror-limit=20", "-fno-color-diagnostics",
    "-isystem", "shim", "-include", "shim/metal_keywords",
  ]

  // LLVM's pass that moves integers into AVX-512 mask registers is quadratic in a function's size and gains these texts nothing:
  // without it 8,000 lines of one function compile in a third of the time.
  private static let targetOptimizations: [String] = {
    #if arch(x86_64)
      return ["-mllvm", "-disable-x86-domain-reassignment"]
    #else
      return []
    #endif
  }()

  // Locals that nothing has initialised hold a pattern that no program expects.
  private static let checkFlags: [String] = [
    "-fsanitize=alignment,bool,bounds,float-cast-overflow,integer-divide-by-zero,return,shift,signed-integer-overflow,unreachable",
    "-fsanitize-trap=all", "-ftrivial-auto-var-init=pattern", "-DWASMBURST_CHECKED",
  ]

  /// What a text for Apple's GPUs begins with (docs/kernel-abi.md): they flush subnormals, and so does a kernel of that text here.
  private static let appleHeading = "// Emitted by WasmBurst for the device profile \"apple\"."

  /// Texts of whole libraries would take many minutes at -O2. Processor time on one core: 10 MB 92 s at -O1, 12 s at -O0; 27 MB 25 s at -O0.
  private static func optimization(for source: String) -> String {
    switch source.utf8.count {
    case ...4_000_000: "-O2"
    case ...16_000_000: "-O1"
    default: "-O0"
    }
  }

  private func flags(for source: String) -> [String] {
    var flags = Self.flags + [Self.optimization(for: source)] + Self.targetOptimizations
    if isChecked { flags += Self.checkFlags }
    if source.hasPrefix(Self.appleHeading) { flags.append("-DWASMBURST_FLUSHES_SUBNORMALS") }
    return flags
  }

  private static let targetFlag: String = {
    #if arch(arm64)
      return "-mcpu=native"
    #else
      return "-march=native"
    #endif
  }()

  private static let shim: [(name: String, content: [UInt8])] = [
    ("metal_adapter", PackageResources.metal_adapter),
    ("metal_integer", PackageResources.metal_integer),
    ("metal_keywords", PackageResources.metal_keywords),
    ("metal_math", PackageResources.metal_math),
    ("metal_stdlib", PackageResources.metal_stdlib),
    ("metal_types", PackageResources.metal_types),
  ]

  private static let shimDigest = SHA256.hexDigest(shim.flatMap { Array($0.name.utf8) + [0] + $0.content + [0] })

  /// Names everything that the object depends on.
  func key(source: String, definitions: [String]) -> String {
    let circumstances =
      [Self.shimDigest, KernelAdapter.version, executable.identity, Machine.processorIdentity] + flags(for: source) + definitions
    return SHA256.hexDigest(Array(circumstances.joined(separator: "\0").utf8) + [0] + Array(source.utf8))
  }

  /// Throws `MTLLibraryError`: `.compileFailure` with the messages for the text, `.unsupported` where there is no clang++.
  func compile(source: String, definitions: [String]) throws -> Data {
    let clang: String
    switch executable.location {
    case .found(let path): clang = path
    case .missing(let reason): throw MTLLibraryError(.unsupported, reason)
    }
    let adapter: String
    do {
      adapter = KernelAdapter.text(for: try KernelSignature.parseAll(in: source))
    } catch {
      throw MTLLibraryError(.compileFailure, "program_source:\(error.line): error: \(error.message)")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wasmburst-\(UUID().uuidString)", isDirectory: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      try write(KernelSignature.withoutThreadgroupAttributes(source) + adapter, to: folder)
    } catch {
      throw MTLLibraryError(.internal, "Cannot write to \(folder.path): \(error.localizedDescription)")
    }
    try run(clang, arguments: flags(for: source) + linkerFlags(clang) + definitions + ["program_source", "-o", "object"], in: folder)
    guard let object = try? Data(contentsOf: folder.appendingPathComponent("object")) else {
      throw MTLLibraryError(
        .unsupported, "\(clang) built nothing and gave no error: it is no clang++. WASMBURST_CLANG names the one to use")
    }
    return object
  }

  // The file's name is the one that Metal's messages use.
  private func write(_ text: String, to folder: URL) throws {
    let shimFolder = folder.appendingPathComponent("shim", isDirectory: true)
    try FileManager.default.createDirectory(at: shimFolder, withIntermediateDirectories: true)
    for header in Self.shim {
      try Data(header.content).write(to: shimFolder.appendingPathComponent(header.name))
    }
    try Data(text.utf8).write(to: folder.appendingPathComponent("program_source"))
  }

  /// A Swift toolchain brings its own linker, and the machine may have no other.
  private func linkerFlags(_ clang: String) -> [String] {
    let linker = URL(fileURLWithPath: clang).deletingLastPathComponent().appendingPathComponent("ld.lld").path
    return FileManager.default.isExecutableFile(atPath: linker) ? ["-fuse-ld=lld"] : []
  }

  private func run(_ clang: String, arguments: [String], in folder: URL) throws {
    let ended: BoundProcess.End
    do {
      ended = try BoundProcess.run(clang, arguments, inTemporary: folder.path)
    } catch {
      throw MTLLibraryError(.unsupported, "Cannot run \(clang): \(error.localizedDescription)")
    }
    if ended.status == 0 { return }
    let reason = ended.messages.isEmpty ? "clang++ ended with status \(ended.status) and no message" : ended.messages
    throw MTLLibraryError(.compileFailure, reason)
  }
}
