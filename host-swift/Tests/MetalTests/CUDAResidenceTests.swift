import Testing

@testable import Metal

@Suite("Limits of resident threads on NVIDIA GPUs")
struct CUDAResidenceTests {
  private let h100 = CUDAResidence(most: 228 << 10, reserved: 1 << 10)
  private let turing = CUDAResidence(most: 64 << 10, reserved: 0)

  /// Blocks that find room in 32 KiB, as the driver gives them out.
  private func blocks(_ residence: CUDAResidence, threads: Int, group: Int) -> Int {
    let each = residence.bytes(threads: threads, group: group) + residence.reserved
    return (32 << 10) / max((each + 255) / 256 * 256, 1)
  }

  @Test("as many blocks fit as are wanted, one at least", arguments: [(256, 32, 8), (192, 32, 6), (160, 32, 5), (256, 64, 4), (32, 64, 1)])
  func fit(threads: Int, group: Int, most: Int) {
    #expect(blocks(h100, threads: threads, group: group) == most)
    #expect(blocks(turing, threads: threads, group: group) == most)
  }

  @Test("more blocks than what the system reserves for each leaves room for are not limited")
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
