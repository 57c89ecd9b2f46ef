import Testing

@testable import Metal

@Suite struct KernelSignatureTests {
  @Test func findsKernelsAmongOtherText() throws {
    let source = """
      // kernel void a() {}
      /* kernel void b() {} */
      #define K kernel void c() {}
      #define LONG \\
        kernel void d() {}
      constant char text[] = "kernel void e() {}";
      kernel void declared(device uint* out [[buffer(0)]]);
      namespace inner { static void f(uint kernel_count) {} }
      [[ max_total_threads_per_threadgroup( 128 ) ]] kernel
      void __attribute__((noinline)) found(
        device const uint * in [[ buffer(2) ]] /* input */, constant Launch &launch [[buffer(0)]],
        const uint2 at [[thread_position_in_grid]]) { if (at.x) { } }
      [[kernel]] void other(void) {}
      """
    #expect(
      try KernelSignature.parseAll(in: source) == [
        KernelSignature(
          name: "found",
          parameters: [
            .pointer(type: "device const uint *", buffer: 2), .reference(type: "constant Launch", buffer: 0),
            .builtin(.threadPositionInGrid, type: "const uint2"),
          ], maximumThreads: 128),
        KernelSignature(name: "other", parameters: [], maximumThreads: 0),
      ])
  }

  @Test(arguments: [
    "kernel", "kernel void", "kernel void f(", "kernel void f(((", "[[kernel", "}}} kernel void f()", "/*", "\"", "#", "'\\",
  ])
  func brokenTextNeitherCrashesNorHangs(source: String) throws {
    _ = try KernelSignature.parseAll(in: source)
  }

  @Test func errorHasTheLineOfTheKernel() {
    do {
      _ = try KernelSignature.parseAll(in: "\n\nkernel\nvoid f(uint x [[stage_in]]) {}")
      Issue.record("it parsed")
    } catch {
      #expect(error.line == 4)
      #expect(error.message == "parameter 'uint x [[stage_in]]' of kernel 'f': the cpu device has no [[stage_in]]")
    }
  }
}
