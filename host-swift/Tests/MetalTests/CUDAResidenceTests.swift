import Testing

@testable import Metal

@Suite("Limits of resident threads on NVIDIA GPUs")
struct CUDAResidenceTests {
  private let h100 = CUDAResidence(most: 228 << 10, reserved: 1 << 10)
  private let turing = CUDAResidence(most: 64 << 10, reserved: 0)

  /// Nsight Compute's for 3,072 bytes; the others by how a kernel's rate fell.
  @Test("an H100 runs as many blocks as were seen", arguments: [(3072, 16), (4352, 12), (7168, 4)])
  func seen(bytes: Int, blocks: Int) {
    #expect(h100.blocks(of: bytes) == blocks)
  }

  @Test(
    "as many blocks fit as are wanted, one at least",
    arguments: [(512, 32, 16), (384, 32, 12), (256, 32, 8), (160, 32, 5), (256, 64, 4), (32, 64, 1)])
  func fit(threads: Int, group: Int, most: Int) {
    for residence in [h100, turing] {
      let blocks = residence.blocks(of: residence.bytes(threads: threads, group: group))
      #expect(blocks <= most && blocks >= most * 3 / 4)
    }
  }

  @Test("more blocks than a multiprocessor runs are not limited")
  func unlimited() {
    #expect(h100.bytes(threads: 1024, group: 32) == 0)
    #expect(h100.bytes(threads: 4096, group: 32) == 0)
  }

  @Test("the driver is asked for no more than 32 KiB", arguments: [64, 100, 164, 228])
  func carveout(kilobytes: Int) {
    let percent = CUDAResidence(most: kilobytes << 10, reserved: 1 << 10).carveoutPercent
    // Sizes on offer are 0, 8, 16, 32 and more; the next one up is taken.
    #expect((17...32).contains(Int(percent) * kilobytes / 100))
  }
}
