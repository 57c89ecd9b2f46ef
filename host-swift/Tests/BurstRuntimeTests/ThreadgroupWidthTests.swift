import Testing

@testable import BurstRuntime

@Suite("Threads of a threadgroup")
struct ThreadgroupWidthTests {
  private let h100 = ThreadgroupWidth(multiprocessors: 132, threadgroupMemory: 228 << 10)

  @Test(
    "few instances are spread over all multiprocessors, many fill SIMD-groups",
    arguments: [
      (1, 1), (528, 1), (529, 2), (1024, 2), (1056, 2), (1057, 4), (4096, 8), (16384, 32), (16896, 32), (16897, 64), (262_144, 64),
    ])
  func spreads(lanes: Int, threads: Int) {
    #expect(h100.threads(lanes: lanes, memory: 0) == threads)
  }

  @Test("a threadgroup's memory is as long however few threads it has: no more groups than there is room for")
  func memory() {
    #expect(h100.threads(lanes: 1024, memory: 48 << 10) == 2)
    #expect(h100.threads(lanes: 1024, memory: 100 << 10) == 4)
    let small = ThreadgroupWidth(multiprocessors: 40, threadgroupMemory: 64 << 10)
    #expect(small.threads(lanes: 160, memory: 0) == 1)
    #expect(small.threads(lanes: 160, memory: 32 << 10) == 2)
    // The device said that a group may have as much.
    #expect(small.threads(lanes: 40, memory: 96 << 10) == 1)
  }

  @Test("no more threads than the caller wants in one, unless a width was asked for")
  func most() {
    #expect(h100.threads(lanes: 262_144, memory: 0, most: 32) == 32)
    #expect(h100.threads(lanes: 1024, memory: 0, most: 32) == 2)
    #expect(ThreadgroupWidth(multiprocessors: 132, threadgroupMemory: 0, fixed: 64).threads(lanes: 1 << 20, memory: 0, most: 32) == 64)
  }

  @Test("where threads run one after the other nothing is spread")
  func processors() {
    let cpu = ThreadgroupWidth(multiprocessors: 0, threadgroupMemory: 0)
    #expect(cpu.threads(lanes: 1, memory: 0) == ThreadgroupWidth.most)
  }

  @Test("a width that was asked for is taken, one that is out of range is not")
  func fixed() {
    for width in [1, 3, 64] {
      #expect(ThreadgroupWidth(multiprocessors: 132, threadgroupMemory: 0, fixed: width).threads(lanes: 1 << 20, memory: 0) == width)
    }
    for width in [-1, 0, 65] {
      #expect(ThreadgroupWidth(multiprocessors: 132, threadgroupMemory: 0, fixed: width).threads(lanes: 1024, memory: 0) == 2)
    }
  }

  @Test("the machine's devices have a width of their own")
  func devices() {
    for device in DeviceRegistry().devices {
      #expect((device.threadgroups.multiprocessors == 0) == (Device.Kind(device.metal) == .cpu), "\(device.id)")
    }
  }
}
