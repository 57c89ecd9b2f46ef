import Foundation
import Testing

@testable import Metal

@Suite struct CompileErrorTests {
  let test = TestDevice()

  /// The message of the compile error that `source` must give.
  func message(_ source: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let error = try #require(compileError(source), sourceLocation: sourceLocation)
    #expect((error as? MTLLibraryError)?.code == .compileFailure, sourceLocation: sourceLocation)
    return error.localizedDescription
  }

  func compileError(_ source: String, on device: CPUDevice? = nil) -> (any Error)? {
    do {
      _ = try (device ?? test.device).makeLibrary(source: source, options: nil)
      return nil
    } catch {
      return error
    }
  }

  @Test func syntaxErrorHasTheLineOfTheText() throws {
    let text = try message("\n\nkernel void broken(device uint* out [[buffer(0)]]) { out[0] = ; }")
    #expect(text.contains("program_source:3:63: error: expected expression"))
  }

  @Test(arguments: [
    "uint* q = out;", "constant uint* q = out;", "threadgroup uint* q = out;", "uint& q = out[0];", "thread uint local; out = &local;",
  ])
  func wrongAddressSpaceDoesNotCompile(statement: String) throws {
    let text = try message("kernel void k(device uint* out [[buffer(0)]]) { \(statement) }")
    #expect(text.contains("error: "))
  }

  @Test func constantMemoryIsReadOnlyThroughItsOwnSpace() throws {
    let text = try message(
      "constant uint table[2] = {1, 2};\nkernel void k(device uint* out [[buffer(0)]]) { device const uint* q = table; out[0] = q[0]; }")
    #expect(text.contains("program_source:2:"))
  }

  @Test(arguments: [
    ("kernel void k(device uint* out) {}", "it needs an attribute"),
    ("kernel void k(device uint* out [[buffer(31)]]) {}", "from 0 to 30"),
    ("kernel void k(device uint out [[buffer(0)]]) {}", "a pointer or a reference"),
    ("kernel void k(threadgroup uint* t [[threadgroup(1)]]) {}", "threadgroup memory is a pointer to it with the index 0"),
    ("kernel void k(uint t [[threads_per_simdgroup]]) {}", "the cpu device has no [[threads_per_simdgroup]]"),
    ("kernel void k() {}\nkernel void k() {}", "program_source:2: error: kernel 'k' is defined twice"),
  ])
  func parameterThatCannotBeBoundIsNamed(source: String, part: String) throws {
    #expect(try message(source).contains(part))
  }

  @Test func errorsAreCaughtByCode() {
    #expect(throws: MTLLibraryError.self) { try test.device.makeLibrary(source: "?", options: nil) }
    do {
      _ = try test.device.makeLibrary(source: "?", options: nil)
      Issue.record("it compiled")
    } catch MTLLibraryError.compileFailure {
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func nothingOfTheSystemCanBeIncluded() throws {
    #expect(try message("#include <stdio.h>\nkernel void k() {}").contains("'stdio.h' file not found"))
  }

  @Test func missingCompilerIsSaid() throws {
    let device = TestDevice(["WASMBURST_CLANG": "/nowhere/clang++"]).device
    do {
      _ = try device.makeLibrary(source: vectorAdd, options: nil)
      Issue.record("it compiled")
    } catch MTLLibraryError.unsupported {
    }
    let reason = "WASMBURST_CLANG is '/nowhere/clang++', which is not an executable file"
    #expect(compileError(vectorAdd, on: device)?.localizedDescription == reason)
  }

  @Test func compilerThatIsNoneIsSaid() {
    let message = compileError(vectorAdd, on: TestDevice(["WASMBURST_CLANG": "/bin/true"]).device)?.localizedDescription
    #expect(message == "/bin/true built nothing and gave no error: it is no clang++. WASMBURST_CLANG names the one to use")
  }

  @Test func preprocessorMacrosReachTheText() throws {
    let source = "kernel void k(device uint* out [[buffer(0)]]) { out[0] = WIDTH; }"
    #expect(try message(source).contains("WIDTH"))
    let options = MTLCompileOptions()
    options.preprocessorMacros = ["WIDTH": NSNumber(value: 32)]
    let function = try #require(try test.device.makeLibrary(source: source, options: options).makeFunction(name: "k"))
    let out = try #require(test.device.makeBuffer(length: 4))
    try test.device.run(try test.device.makeComputePipelineState(function: function), [out], threads: line(1))
    #expect(out.elements(UInt32.self) == [32])
  }
}
