import Foundation
import Testing

@testable import Metal

/// NVRTC needs no GPU, but has to be somewhere: `WASMBURST_NVRTC` names it where the loader does not find it.
@Suite(.enabled(if: NVRTC(environment: ProcessInfo.processInfo.environment) != nil, "no NVRTC"))
struct CUDACompilerTests {
  private let compiler = CUDACompiler(architecture: "sm_90", nvrtc: NVRTC(environment: ProcessInfo.processInfo.environment))

  private func compile(_ source: String) throws -> CUDACompiler.Object {
    try PropertyListDecoder().decode(CUDACompiler.Object.self, from: try compiler.compile(source: source, definitions: []))
  }

  @Test func everyGoldenTextCompiles() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../test/golden").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.lastPathComponent.hasSuffix(".expected.msl") }
    #expect(!files.isEmpty)
    for file in files {
      let object = try compile(try String(contentsOf: file, encoding: .utf8))
      #expect(object.kernels.contains { $0.name == "wb_instantiate" && $0.buffers == Array(0...7) }, "\(file.lastPathComponent)")
      #expect(object.cubin.starts(with: [0x7f, 0x45, 0x4c, 0x46]), "\(file.lastPathComponent)")
    }
  }

  @Test func everyBuiltinIsComputed() throws {
    let object = try compile(
      """
      #include <metal_stdlib>
      using namespace metal;
      [[max_total_threads_per_threadgroup(128)]]
      kernel void all(device uint* out [[buffer(3)]], uint3 a [[thread_position_in_grid]], uint3 b [[threads_per_grid]],
          uint2 c [[thread_position_in_threadgroup]], uint d [[thread_index_in_threadgroup]], uint3 e [[threads_per_threadgroup]],
          uint3 f [[threadgroup_position_in_grid]], ushort g [[threadgroups_per_grid]]) {
        out[0] = a.x + b.y + c.y + d + e.z + f.x + g;
      }
      """)
    #expect(object.kernels.map(\.buffers) == [[3]])
  }

  @Test func anErrorNamesTheTextsOwnLine() {
    #expect {
      try compiler.compile(source: "#include <metal_stdlib>\nuint f() { return missing; }\n", definitions: [])
    } throws: { error in
      (error as? MTLLibraryError)?.code == .compileFailure && error.localizedDescription.contains("program_source(2)")
    }
  }

  /// The value of a constant expression, found without a GPU: another value does not compile.
  @Test(arguments: [
    "sizeof(uint4) == 16 && alignof(uint4) == 16", "sizeof(uint3) == 16", "sizeof(uchar2) == 2", "sizeof(ulong) == 8",
  ])
  func holds(_ claim: String) throws {
    _ = try compile(
      "#include <metal_stdlib>\nusing namespace metal;\nstatic_assert(\(claim), \"\");\nkernel void k(device uint* o [[buffer(0)]]) {}\n")
  }
}

@Suite struct CUDAWithoutGPUTests {
  @Test func withoutNVRTCTheReasonSaysWhatToInstall() {
    let compiler = CUDACompiler(architecture: "sm_90", nvrtc: nil)
    #expect {
      try compiler.compile(source: "", definitions: [])
    } throws: { error in
      (error as? MTLLibraryError)?.code == .unsupported && error.localizedDescription.contains("WASMBURST_NVRTC")
    }
  }

  @Test func largeTextsAreCompiledWithLessEffortByCompilersThatKnowHow() {
    let less = ["--split-compile=0", "--Ofast-compile=min"]
    func effort(_ bytes: Int, _ version: String?, _ environment: [String: String] = [:]) -> [String] {
      CUDACompiler.effort(bytes: bytes, nvrtcVersion: version, environment: environment)
    }
    #expect(effort(100_000, "13.0") == [])
    #expect(effort(500_000, "13.0") == less)
    #expect(effort(500_000, "12.9") == [])
    #expect(effort(500_000, nil) == [])
    #expect(effort(500_000, "13.0", ["WASMBURST_NVRTC_OPTIONS": ""]) == [])
    #expect(effort(100_000, "12.4", ["WASMBURST_NVRTC_OPTIONS": "-lineinfo --time=-"]) == ["-lineinfo", "--time=-"])
  }

  @Test func aNamedCompilerIsTheOnlyCandidate() {
    #expect(NVRTC.candidates(environment: ["WASMBURST_NVRTC": "/none.so"]) == ["/none.so"])
    #expect(NVRTC(environment: ["WASMBURST_NVRTC": "/none.so"]) == nil)
  }
}
