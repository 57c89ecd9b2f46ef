import Foundation
import Metal

// Usage: MetalMisuse RULE. Ends with a failed assertion; "none" breaks no rule and ends normally.

let device = MTLCreateSystemDefaultDevice()!
let commands = device.makeCommandQueue()!.makeCommandBuffer()!
let buffer = device.makeBuffer(length: 64)!
let source = "[[max_total_threads_per_threadgroup(8)]] kernel void k(device uint* out [[buffer(0)]]) { out[0] = 1; }"
let pipeline = try device.makeComputePipelineState(
  function: try device.makeLibrary(source: source, options: nil).makeFunction(name: "k")!)
let one = MTLSizeMake(1, 1, 1)

@MainActor
func encode(_ body: (any MTLComputeCommandEncoder) -> Void) {
  let encoder = commands.makeComputeCommandEncoder()!
  encoder.setComputePipelineState(pipeline)
  encoder.setBuffer(buffer, offset: 0, index: 0)
  body(encoder)
  encoder.endEncoding()
}

switch CommandLine.arguments.dropFirst().first {
case "commit with an open encoder":
  let encoder = commands.makeComputeCommandEncoder()!
  commands.commit()
  encoder.endEncoding()
case "two encoders":
  let encoder = commands.makeComputeCommandEncoder()!
  _ = commands.makeBlitCommandEncoder()
  encoder.endEncoding()
case "dropped encoder":
  _ = commands.makeComputeCommandEncoder()
case "commit twice":
  commands.commit()
  commands.commit()
case "handler after commit":
  commands.commit()
  commands.addCompletedHandler { _ in }
case "wait before commit":
  commands.waitUntilCompleted()
case "no pipeline":
  let encoder = commands.makeComputeCommandEncoder()!
  encoder.dispatchThreads(one, threadsPerThreadgroup: one)
case "threadgroup too large":
  encode { $0.dispatchThreads(MTLSizeMake(64, 1, 1), threadsPerThreadgroup: MTLSizeMake(3, 3, 1)) }
case "threadgroup memory too long":
  encode { $0.setThreadgroupMemoryLength(65536, index: 0) }
case "threadgroup memory unaligned":
  encode { $0.setThreadgroupMemoryLength(40, index: 0) }
case "threadgroup memory index":
  encode { $0.setThreadgroupMemoryLength(16, index: 1) }
case "empty grid":
  encode { $0.dispatchThreads(MTLSizeMake(0, 1, 1), threadsPerThreadgroup: one) }
case "grid too large":
  encode { $0.dispatchThreadgroups(MTLSizeMake(1 << 40, 1 << 40, 1), threadsPerThreadgroup: one) }
case "buffer index":
  encode { $0.setBuffer(buffer, offset: 0, index: 31) }
case "buffer offset":
  encode { $0.setBuffer(buffer, offset: 64, index: 0) }
case "fill outside":
  commands.makeBlitCommandEncoder()!.fill(buffer: buffer, range: 60..<65, value: 0)
case "misaligned access", "shift by too much", "signed overflow":
  // Traps where WASMBURST_CPU_CHECKS is 1.
  let source = """
    kernel void k(device uchar* x [[buffer(0)]], constant int* y [[buffer(1)]]) {
      if (y[0] == 0) { x[0] = uchar(*(device uint*)(x + 1)); }
      if (y[0] == 1) { x[0] = uchar(1u << (y[0] + 40)); }
      if (y[0] == 2) { x[0] = uchar((y[0] + 0x7fffffff) >> 1); }
    }
    """
  let hazard = try device.makeComputePipelineState(
    function: try device.makeLibrary(source: source, options: nil).makeFunction(name: "k")!)
  let number = ["misaligned access", "shift by too much", "signed overflow"].firstIndex(of: CommandLine.arguments[1])!
  let encoder = commands.makeComputeCommandEncoder()!
  encoder.setComputePipelineState(hazard)
  encoder.setBuffer(buffer, offset: 0, index: 0)
  var argument = Int32(number)
  encoder.setBytes(&argument, length: 4, index: 1)
  encoder.dispatchThreads(one, threadsPerThreadgroup: one)
  encoder.endEncoding()
  commands.commit()
  commands.waitUntilCompleted()
case "none":
  encode { $0.dispatchThreads(one, threadsPerThreadgroup: one) }
  commands.commit()
  commands.waitUntilCompleted()
default:
  FileHandle.standardError.write(Data("unknown rule\n".utf8))
  exit(2)
}
