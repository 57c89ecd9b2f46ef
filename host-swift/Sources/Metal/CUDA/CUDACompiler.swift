import BurstEnvironment
import Dispatch
import Foundation
import Synchronization

/// Compiles MSL with NVRTC, behind the header in `Shim`, for one GPU architecture.
struct CUDACompiler: KernelCompiler {
  /// What a library is built to, as a binary property list.
  struct Object: Codable {
    struct Kernel: Codable {
      var name: String
      /// The buffer index of each pointer parameter, in their order.
      var buffers: [Int]
      var usesThreadgroupMemory: Bool
    }

    var cubin: Data
    var kernels: [Kernel]
  }

  /// "sm_90".
  let architecture: String
  private let nvrtc: NVRTC?
  private let link: Link?
  static let shim = String(decoding: PackageResources.metal_stdlib_cuda_h, as: UTF8.self)

  /// Relocatable cubins to one that can be loaded.
  typealias Link = @Sendable ([Data]) throws -> Data

  /// Without `link` every text is compiled as a whole.
  init(architecture: String, nvrtc: NVRTC?, link: Link? = nil) {
    self.architecture = architecture
    self.nvrtc = nvrtc
    self.link = link
  }

  // IEEE arithmetic; only the contraction is not what NVRTC does by default.
  var options: [String] {
    [
      "--std=c++17", "--gpu-architecture=\(architecture)", "-default-device", "--fmad=false", "--ftz=false", "--prec-div=true",
      "--prec-sqrt=true", "--disable-warnings",
    ]
  }

  /// NVRTC's time grows faster than a text: on 16 cores the 0.5 MB of an LZ4 module from npm take 40 s, and 10 s with less effort, which costs programs 3 to 20 %
  /// of their rate. With the least effort it is 6 s, and they run 10 to 150 times as long.
  static func effort(bytes: Int, inUnits: Bool = false, nvrtcVersion: String?, environment: [String: String]) -> [String] {
    if let named = environment["WASMBURST_NVRTC_OPTIONS"] { return named.split(separator: " ").map(String.init) }
    // Version 12 does not have both options.
    guard let major = nvrtcVersion?.split(separator: ".").first.flatMap({ Int($0) }), major >= 13, bytes >= largeText else { return [] }
    return inUnits ? ["--Ofast-compile=min"] : ["--split-compile=0", "--Ofast-compile=min"]
  }

  /// Bytes of text. The largest example has 0.1 MB.
  private static let largeText = 256 << 10

  /// Bytes of functions for a unit of translation, nil where a text is compiled as a whole. A unit costs a tenth of a second besides. Functions that are called from other
  /// units take more registers; lz4-wasm and zstd-wasm run as fast as they do as a whole.
  static func unitBytes(ofText bytes: Int, environment: [String: String]) -> Int? {
    guard bytes >= largeText, HostEnvironment(environment).buildsInUnits else { return nil }
    return max(64 << 10, bytes / 40)
  }

  private func unitBytes(for source: String) -> Int? {
    link == nil ? nil : Self.unitBytes(ofText: source.utf8.count, environment: ProcessInfo.processInfo.environment)
  }

  private func options(for source: String, inUnits: Bool) -> [String] {
    let effort = Self.effort(
      bytes: source.utf8.count, inUnits: inUnits, nvrtcVersion: nvrtc?.version, environment: ProcessInfo.processInfo.environment)
    return options + effort + (inUnits ? ["--relocatable-device-code=true"] : [])
  }

  func key(source: String, definitions: [String]) -> String {
    let circumstances =
      [Self.shim, nvrtc?.version ?? "", CUDAKernelText.wrapperVersion]
      + options(for: source, inUnits: unitBytes(for: source) != nil) + definitions
    return SHA256.hexDigest(Array(circumstances.joined(separator: "\0").utf8) + [0] + Array(source.utf8))
  }

  func compile(source: String, definitions: [String]) throws -> Data {
    let kernels = try signatures(in: source)
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    let listed = kernels.map {
      Object.Kernel(name: $0.name, buffers: $0.buffers, usesThreadgroupMemory: $0.usesThreadgroupMemory)
    }
    let cubin = try cubin(source: source, kernels: kernels, definitions: definitions)
    return try encoder.encode(Object(cubin: cubin, kernels: listed))
  }

  private func cubin(source: String, kernels: [KernelSignature], definitions: [String]) throws -> Data {
    if let link, let bytes = unitBytes(for: source) {
      let units = CUDAKernelText.units(source: source, kernels: kernels, shim: Self.shim, bytes: bytes)
      // A single one is a text with nothing to share out.
      if units.count > 1 {
        let cubins = try build(units, options: options(for: source, inUnits: true) + definitions)
        // A driver that does not link them costs time: as a whole the text takes some four times as long.
        if let linked = try? link(cubins) { return linked }
      }
    }
    return try whole(source: source, kernels: kernels, options: options(for: source, inUnits: false) + definitions).cubin
  }

  /// With fewer registers where that makes room for more threads and nothing is spilled for it: jsontree ran 1.3 to 1.5 times as fast on an H100 (docs/performance.md).
  private func whole(source: String, kernels: [KernelSignature], options: [String]) throws -> NVRTC.Output {
    let text = CUDAKernelText.text(source: source, kernels: kernels, shim: Self.shim)
    let options = options + ["--ptxas-options=-v"]
    let free = try build(text, options: options)
    let used = CUDARegisters(log: free.log)
    // Twice the time is too much for a large text.
    guard used.isWorthLimiting, source.utf8.count < Self.largeText, !options.contains(where: { $0.contains("maxrregcount") }) else {
      return free
    }
    let limited = try build(text, options: options + ["--maxrregcount=\(CUDARegisters.limit)"])
    return CUDARegisters(log: limited.log).stackBytes <= used.stackBytes ? limited : free
  }

  /// The cubins of texts, made on all cores. Of several errors, the first text's is thrown.
  func build(_ texts: [String], options: [String]) throws -> [Data] {
    let results = Mutex([Result<Data, any Error>?](repeating: nil, count: texts.count))
    DispatchQueue.concurrentPerform(iterations: texts.count) { number in
      let result = Result { try build(texts[number], options: options).cubin }
      results.withLock { $0[number] = result }
    }
    return try results.withLock { try $0.map { try $0!.get() } }
  }

  /// What ptxas says of the registers, stack and spills of each function.
  func resourceUsage(source: String, flushesSubnormals: Bool) throws -> String {
    let options = options.map { $0 == "--ftz=false" && flushesSubnormals ? "--ftz=true" : $0 }
    return try whole(source: source, kernels: signatures(in: source), options: options).log
  }

  private func signatures(in source: String) throws -> [KernelSignature] {
    do {
      return try KernelSignature.parseAll(in: source)
    } catch {
      throw MTLLibraryError(.compileFailure, "program_source:\(error.line): error: \(error.message)")
    }
  }

  private func build(_ text: String, options: [String]) throws -> NVRTC.Output {
    guard let nvrtc else {
      throw MTLLibraryError(
        .unsupported,
        "NVRTC, NVIDIA's runtime compiler, was not found: install libnvrtc.so.13 or .12, or name it in WASMBURST_NVRTC")
    }
    do {
      return try nvrtc.compile(source: text, name: "program_source", options: options)
    } catch {
      throw MTLLibraryError(error.isCompileError ? .compileFailure : .internal, error.message)
    }
  }
}

extension KernelSignature {
  /// The buffer index of each pointer or reference, in their order.
  fileprivate var buffers: [Int] {
    parameters.compactMap { parameter in
      switch parameter {
      case .pointer(_, let buffer), .reference(_, let buffer): buffer
      case .builtin, .threadgroup: nil
      }
    }
  }
}
