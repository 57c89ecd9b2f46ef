import Foundation
import Testing

@testable import Metal

@Suite struct KernelTests {
  let test = TestDevice()
  var device: CPUDevice { test.device }

  @Test func vectorAddRunsEveryThreadOnce() throws {
    let count = 10_000
    let out = try #require(device.makeBuffer(length: count * 4))
    let a = try device.buffer((0..<count).map { UInt32($0) })
    let b = try device.buffer((0..<count).map { UInt32($0 * 7) })
    let kernel = try device.pipeline(vectorAdd, "vector_add")
    try device.run(kernel, [try device.buffer([UInt32(count)]), a, b, out], threads: line(count), threadgroup: line(64))
    #expect(out.elements(UInt32.self) == (0..<count).map { UInt32($0 * 8) })
  }

  @Test func threadgroupMemoryServesEachThreadItsColumn() throws {
    let source = """
      #include <metal_stdlib>
      using namespace metal;
      kernel void reversed(device uint* out [[buffer(0)]], threadgroup uint* scratch [[threadgroup(0)]],
                           uint at [[thread_position_in_grid]], uint lane [[thread_index_in_threadgroup]]) {
        for (uint i = 0; i < 16; i++) { scratch[i * 8 + lane] = at * 100 + i; }
        for (uint i = 0; i < 16; i++) { out[at * 16 + i] = scratch[(15 - i) * 8 + lane]; }
      }
      """
    let out = try #require(device.makeBuffer(length: 24 * 16 * 4))
    let queue = try #require(device.makeCommandQueue())
    let commands = try #require(queue.makeCommandBuffer())
    let encoder = try #require(commands.makeComputeCommandEncoder())
    encoder.setComputePipelineState(try device.pipeline(source, "reversed"))
    encoder.setBuffer(out, offset: 0, index: 0)
    encoder.setThreadgroupMemoryLength(16 * 8 * 4, index: 0)
    encoder.dispatchThreads(line(24), threadsPerThreadgroup: line(8))
    encoder.endEncoding()
    commands.commit()
    commands.waitUntilCompleted()
    #expect(commands.status == .completed)
    let expected: [UInt32] = (0..<24).flatMap { (at: UInt32) in (0..<16).map { (i: UInt32) in at * 100 + 15 - i } }
    #expect(out.elements(UInt32.self) == expected)
  }

  @Test func libraryNamesItsKernelsAndNoOthers() throws {
    let library = try device.makeLibrary(source: vectorAdd, options: nil)
    #expect(library.functionNames == ["vector_add"])
    #expect(library.makeFunction(name: "sum") == nil)
  }

  @Test func threadgroupLimitComesFromTheKernelAndTheDescriptor() throws {
    let function = try #require(try device.makeLibrary(source: vectorAdd, options: nil).makeFunction(name: "vector_add"))
    #expect(try device.makeComputePipelineState(function: function).maxTotalThreadsPerThreadgroup == 64)
    let descriptor = MTLComputePipelineDescriptor()
    descriptor.computeFunction = function
    descriptor.maxTotalThreadsPerThreadgroup = 8
    let pipeline = try device.makeComputePipelineState(descriptor: descriptor, options: [], reflection: nil)
    #expect(pipeline.maxTotalThreadsPerThreadgroup == 8)
  }

  @Test func builtinsGiveEachThreadItsPlace() throws {
    let source = """
      #include <metal_stdlib>
      using namespace metal;
      kernel void places(device uint* out [[buffer(0)]], uint3 at [[thread_position_in_grid]], uint3 grid [[threads_per_grid]],
                         uint2 group [[threadgroup_position_in_grid]], uint index [[thread_index_in_threadgroup]],
                         ushort2 inside [[thread_position_in_threadgroup]], uint size [[threads_per_threadgroup]],
                         uint3 groups [[threadgroups_per_grid]]) {
        device uint* row = out + ((at.z * grid.y + at.y) * grid.x + at.x) * 8;
        row[0] = at.x; row[1] = at.y; row[2] = at.z; row[3] = group.x * 10 + group.y;
        row[4] = index; row[5] = inside.x * 10u + inside.y; row[6] = size; row[7] = groups.x * 100 + groups.y * 10 + groups.z;
      }
      """
    let out = try #require(device.makeBuffer(length: 5 * 3 * 2 * 8 * 4))
    try device.run(
      try device.pipeline(source, "places"), [out], threads: MTLSize(width: 5, height: 3, depth: 2),
      threadgroup: MTLSize(width: 2, height: 3, depth: 1))
    var expected: [UInt32] = []
    for z in 0..<2 as Range<UInt32> {
      for y in 0..<3 as Range<UInt32> {
        for x in 0..<5 as Range<UInt32> {
          expected += [x, y, z, x / 2 * 10 + y / 3, y % 3 * 2 + x % 2, x % 2 * 10 + y % 3, 2, 312]
        }
      }
    }
    #expect(out.elements(UInt32.self) == expected)
  }

  @Test func dispatchThreadgroupsCoversWholeThreadgroups() throws {
    let source = "kernel void mark(device uint* out [[buffer(0)]], uint at [[thread_position_in_grid]]) { out[at] = at + 1; }"
    let out = try #require(device.makeBuffer(length: 24 * 4))
    let commands = try #require(device.makeCommandQueue()?.makeCommandBuffer())
    let encoder = try #require(commands.makeComputeCommandEncoder())
    encoder.setComputePipelineState(try device.pipeline(source, "mark"))
    encoder.setBuffer(out, offset: 8, index: 0)
    encoder.dispatchThreadgroups(line(5), threadsPerThreadgroup: line(4))
    encoder.endEncoding()
    commands.commit()
    commands.waitUntilCompleted()
    #expect(out.elements(UInt32.self) == [0, 0] + Array(1...20) + [0, 0])
  }

  @Test func setBytesCopiesItsArgument() throws {
    let source = "kernel void put(constant ulong& value [[buffer(0)]], device ulong* out [[buffer(1)]]) { out[0] = value; }"
    let out = try #require(device.makeBuffer(length: 8))
    let commands = try #require(device.makeCommandQueue()?.makeCommandBuffer())
    let encoder = try #require(commands.makeComputeCommandEncoder())
    encoder.setComputePipelineState(try device.pipeline(source, "put"))
    var value: UInt64 = 0x1234_5678_9abc_def0
    encoder.setBytes(&value, length: 8, index: 0)
    value = 0
    encoder.setBuffer(out, offset: 0, index: 1)
    encoder.dispatchThreads(line(1), threadsPerThreadgroup: line(1))
    encoder.endEncoding()
    commands.commit()
    commands.waitUntilCompleted()
    #expect(out.elements(UInt64.self) == [0x1234_5678_9abc_def0])
  }

  @Test func deviceCodeRecursesThousandsOfFrames() throws {
    let source = """
      static __attribute__((noinline)) uint depth(device uint* out, uint n) {
        volatile uint local[64];
        local[n & 63] = n;
        return n == 0 ? 0 : depth(out, n - 1) + (local[n & 63] == n ? 1 : 0);
      }
      kernel void recurse(device uint* out [[buffer(0)]], uint at [[thread_position_in_grid]]) { out[at] = depth(out, 100000 + at); }
      """
    let out = try #require(device.makeBuffer(length: 16))
    try device.run(try device.pipeline(source, "recurse"), [out], threads: line(4))
    #expect(out.elements(UInt32.self) == [100_000, 100_001, 100_002, 100_003])
  }
}
