import Foundation
import Testing

@testable import Metal

/// How a large text for NVRTC is taken apart. Linking needs a GPU's driver: test/npm-modules does it there.
struct TranslationUnitsTests {
  private static let text = """
    #include <metal_stdlib>
    using namespace metal;
    volatile constexpr constant uint zero = 0u;
    static __attribute__((noinline)) uint runtime(uint a) {
      return a + zero;
    }
    static __attribute__((noinline)) uint first(uint a);
    static __attribute__((noinline)) uint second(uint a);
    static inline uint small(uint a);
    static __attribute__((noinline)) uint first(uint a) {
      return runtime(a) + 1u;
    }
    static inline uint small(uint a) {
      return a * 3u;
    }
    static __attribute__((noinline)) uint second(uint a) {
      return first(small(a));
    }
    kernel void one(device uint* out [[buffer(0)]]) {
      out[0] = first(0u);
    }
    kernel void two(device uint* out [[buffer(0)]]) {
      out[0] = second(0u);
    }
    """

  private func count(_ part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }

  @Test func functionsThatStayCallsAreSharedOut() {
    let units = TranslationUnits.split(Self.text, bytes: 1)
    #expect(units.count == 2)
    for (unit, own, other) in [(0, "first", "second"), (1, "second", "first")] {
      #expect(count("extern __attribute__((noinline)) uint \(own)(uint a) {", in: units[unit]) == 1)
      #expect(count("\(other)(uint a) {", in: units[unit]) == 0)
    }
  }

  @Test func everyUnitHasTheDeclarationsAndWhatIsInlined() {
    for unit in TranslationUnits.split(Self.text, bytes: 1) {
      for part in [
        "extern __attribute__((noinline)) uint first(uint a);", "extern __attribute__((noinline)) uint second(uint a);",
        "static __attribute__((noinline)) uint runtime(uint a) {", "static inline uint small(uint a) {",
        "static volatile constexpr constant uint zero", "kernel void one(", "kernel void two(",
      ] { #expect(count(part, in: unit) == 1, "\(part)") }
    }
  }

  @Test func whatIsLeftOutMovesNoLine() {
    for unit in TranslationUnits.split(Self.text, bytes: 1) {
      var number = 1
      for line in unit.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("#line ") {
          number = Int(line.dropFirst(6))!
        } else {
          if line.hasPrefix("kernel void two") { #expect(number == 22) }
          number += 1
        }
      }
    }
  }

  @Test func oneUnitIsTheTextItself() {
    #expect(TranslationUnits.split(Self.text, bytes: 1 << 20) == [Self.text])
  }

  @Test func largeTextsAreTakenApartUnlessThatIsSwitchedOff() {
    #expect(CUDACompiler.unitBytes(ofText: 100_000, environment: [:]) == nil)
    #expect(CUDACompiler.unitBytes(ofText: 500_000, environment: [:]) == 64 << 10)
    #expect(CUDACompiler.unitBytes(ofText: 10 << 20, environment: [:]) == 256 << 10)
    #expect(CUDACompiler.unitBytes(ofText: 10 << 20, environment: ["WASMBURST_NVRTC_UNITS": "0"]) == nil)
  }

  private static let nvrtc = NVRTC(environment: ProcessInfo.processInfo.environment)

  private func cubins(_ source: String) throws -> [Data] {
    let compiler = CUDACompiler(architecture: "sm_90", nvrtc: Self.nvrtc)
    let kernels = try KernelSignature.parseAll(in: source)
    return try compiler.build(
      CUDAKernelText.units(source: source, kernels: kernels, shim: CUDACompiler.shim, bytes: 1),
      options: compiler.options + ["--relocatable-device-code=true"])
  }

  @Test(.enabled(if: nvrtc != nil, "no NVRTC")) func unitsAreRelocatable() throws {
    let cubins = try cubins(Self.text)
    #expect(cubins.count == 2)
    for cubin in cubins {
      #expect(cubin.starts(with: [0x7f, 0x45, 0x4c, 0x46]))
      #expect(cubin[16] == 1, "ET_REL")
    }
    // Each has a kernel, so that no unit is the slowest because of them.
    for (cubin, kernel) in zip(cubins, ["one", "two"]) {
      #expect(cubin.range(of: Data(CUDAKernelText.wrapperName(of: kernel).utf8)) != nil)
    }
  }

  @Test(.enabled(if: nvrtc != nil, "no NVRTC")) func whatTheDriverDoesNotLinkIsCompiledAsAWhole() throws {
    struct Refused: Error {}
    let padding = String(repeating: "  // \(String(repeating: "x", count: 1019))\n", count: 130)
    let large = Self.text.replacingOccurrences(of: "  return runtime", with: padding + "  return runtime").replacingOccurrences(
      of: "  return first", with: padding + "  return first")
    func cubin(_ link: @escaping CUDACompiler.Link) throws -> Data {
      let object = try CUDACompiler(architecture: "sm_90", nvrtc: Self.nvrtc, link: link).compile(source: large, definitions: [])
      return try PropertyListDecoder().decode(CUDACompiler.Object.self, from: object).cubin
    }
    #expect(try cubin { units in Data([UInt8(units.count)]) } == Data([2]))
    let whole = try cubin { _ in throw Refused() }
    // ET_EXEC.
    #expect(whole.starts(with: [0x7f, 0x45, 0x4c, 0x46]) && whole[16] == 2)
  }

  @Test(.enabled(if: nvrtc != nil, "no NVRTC"), arguments: [("runtime(a) + 1u", 11), ("first(small(a))", 17), ("second(0u)", 23)])
  func anErrorInAUnitNamesTheTextsOwnLine(wrong: String, line: Int) {
    #expect {
      try cubins(Self.text.replacingOccurrences(of: wrong, with: "missing"))
    } throws: { error in
      (error as? MTLLibraryError)?.code == .compileFailure && error.localizedDescription.contains("program_source(\(line))")
    }
  }
}
