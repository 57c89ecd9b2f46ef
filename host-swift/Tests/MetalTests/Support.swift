import Foundation

@testable import Metal

/// A device of its own, with an empty cache folder that goes when this does.
final class TestDevice {
  let folder: URL
  private(set) var device: CPUDevice

  init(_ changes: [String: String] = [:]) {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("metal-tests-\(UUID().uuidString)")
    device = TestDevice.makeDevice(folder, changes)
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  /// As a new process would see it: the same cache, nothing in memory.
  func restart() {
    device = TestDevice.makeDevice(folder, [:])
  }

  var cachedObjects: [URL] {
    (try? FileManager.default.contentsOfDirectory(at: cacheFolder, includingPropertiesForKeys: nil)) ?? []
  }

  var cacheFolder: URL { folder.appendingPathComponent("cache") }

  private static func makeDevice(_ folder: URL, _ changes: [String: String]) -> CPUDevice {
    let own = ["WASMBURST_CACHE": folder.appendingPathComponent("cache").path]
    let environment = ProcessInfo.processInfo.environment.merging(own) { $1 }
    return CPUDevice(environment: environment.merging(changes) { $1 })
  }
}

struct MissingResult: Error {}

extension CPUDevice {
  func pipeline(_ source: String, _ name: String) throws -> any MTLComputePipelineState {
    guard let function = try makeLibrary(source: source, options: nil).makeFunction(name: name) else { throw MissingResult() }
    return try makeComputePipelineState(function: function)
  }

  func buffer<Element>(_ elements: [Element]) throws -> any MTLBuffer {
    let buffer = elements.withUnsafeBytes { makeBuffer(bytes: $0.baseAddress!, length: $0.count) }
    guard let buffer else { throw MissingResult() }
    return buffer
  }

  /// Runs `kernel` once over `threads`, with `buffers` from index 0.
  @discardableResult
  func run(
    _ kernel: any MTLComputePipelineState, _ buffers: [any MTLBuffer], threads: MTLSize,
    threadgroup: MTLSize = MTLSize(width: 1, height: 1, depth: 1)
  ) throws -> any MTLCommandBuffer {
    guard let commands = makeCommandQueue()?.makeCommandBuffer(), let encoder = commands.makeComputeCommandEncoder() else {
      throw MissingResult()
    }
    encoder.setComputePipelineState(kernel)
    encoder.setBuffers(buffers, offsets: buffers.map { _ in 0 }, range: 0..<buffers.count)
    encoder.dispatchThreads(threads, threadsPerThreadgroup: threadgroup)
    encoder.endEncoding()
    commands.commit()
    commands.waitUntilCompleted()
    if let error = commands.error { throw error }
    return commands
  }
}

extension MTLBuffer {
  func elements<Element>(_ type: Element.Type = Element.self) -> [Element] {
    let count = length / MemoryLayout<Element>.stride
    return Array(UnsafeBufferPointer(start: contents().bindMemory(to: type, capacity: count), count: count))
  }
}

func line(_ width: Int) -> MTLSize { MTLSize(width: width, height: 1, depth: 1) }

/// `out[i] = a[i] + b[i]`, in the shape of WasmBurst's own texts.
let vectorAdd = """
  #include <metal_stdlib>
  using namespace metal;
  #pragma METAL fp math_mode(safe)
  #pragma METAL fp contract(off)

  // kernel void commented(device uint* out [[buffer(0)]]) {}
  struct Launch { uint lane_count; };

  static __attribute__((noinline)) uint sum(device const uint* a, device const uint* b, uint at) {
    return a[at] + b[at];
  }

  [[max_total_threads_per_threadgroup(64)]]
  kernel void vector_add(constant Launch& launch [[buffer(0)]], device const uint* a [[buffer(1)]],
                         device const uint* b [[buffer(2)]], device uint* out [[buffer(3)]],
                         uint thread_id [[thread_position_in_grid]]) {
    if (thread_id >= launch.lane_count) return;
    out[thread_id] = sum(a, b, thread_id);
  }
  """
