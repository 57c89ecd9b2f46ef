import Testing

@testable import BurstRuntime

@Suite("Threads that a multiprocessor runs side by side")
struct ResidentThreadsTests {
  @Test(
    "as many as find room in the cache, in whole SIMD-groups, one at least",
    arguments: [(228 << 10, 448, 512), (164 << 10, 448, 352), (64 << 10, 448, 128), (64 << 10, 1 << 20, 32)])
  func fits(cache: Int, cacheBytes: Int, most: Int) {
    #expect(ResidentThreads(cache: cache, fixed: nil).most(cacheBytes: cacheBytes) == most)
  }

  @Test("no limit where the module asks for none, or the device does not tell its cache")
  func unlimited() {
    #expect(ResidentThreads(cache: 228 << 10, fixed: nil).most(cacheBytes: 0) == 0)
    #expect(ResidentThreads(cache: 0, fixed: nil).most(cacheBytes: 448) == 0)
  }

  @Test("a number that was asked for is taken for every module, 0 as no limit")
  func fixed() {
    for asked in [128, 0] {
      #expect(ResidentThreads(cache: 228 << 10, fixed: asked).most(cacheBytes: 0) == asked)
      #expect(ResidentThreads(cache: 228 << 10, fixed: asked).most(cacheBytes: 448) == asked)
    }
  }
}
