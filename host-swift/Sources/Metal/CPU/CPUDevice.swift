import Foundation
import Synchronization

/// Runs MSL on the processor: clang++ compiles the text to a shared object, a thread pool walks the grid.
final class CPUDevice: NSObject, CompilingDevice {
  static let shared = CPUDevice(environment: ProcessInfo.processInfo.environment)

  let pool: WorkerPool
  let faults: CommandFaults
  let images: KernelImageStore<KernelImage>
  private let allocated = Mutex(0)
  private let workingSetSize = Machine.availableMemory / 4 * 3

  /// Reads `WASMBURST_CLANG`, `WASMBURST_CACHE`, `XDG_CACHE_HOME`, `WASMBURST_CPU_THREADS` and `PATH`.
  init(environment: [String: String]) {
    faults = CommandFaults(PlannedFault(environment: environment))
    pool = WorkerPool(workerCount: Machine.workerCount(environment: environment))
    images = KernelImageStore(
      compiler: ClangCompiler(environment: environment),
      cache: ObjectCache(directory: ObjectCache.defaultDirectory(environment: environment), prefix: "cpu"),
      load: KernelImage.init(key:object:))
  }

  var name: String {
    "CPU, \(Machine.processorModel), \(pool.workerCount) \(pool.workerCount == 1 ? "thread" : "threads")"
  }

  var registryID: UInt64 { 1 }
  var architecture: MTLArchitecture { MTLArchitecture(name: "cpu_\(Machine.instructionSet)") }
  var maxThreadsPerThreadgroup: MTLSize { MTLSize(width: 1024, height: 1024, depth: 1024) }
  /// Bytes, as Apple's GPUs have.
  static let threadgroupMemory = 32 << 10
  var maxThreadgroupMemoryLength: Int { Self.threadgroupMemory }
  var maxBufferLength: Int { workingSetSize }
  var hasUnifiedMemory: Bool { true }
  var recommendedMaxWorkingSetSize: UInt64 { UInt64(workingSetSize) }
  var currentAllocatedSize: Int { allocated.withLock { $0 } }
  var isLowPower: Bool { false }
  var isHeadless: Bool { true }
  var isRemovable: Bool { false }

  func supportsFamily(_ gpuFamily: MTLGPUFamily) -> Bool { false }

  /// Counts `bytes` as allocated unless they would exceed the working set.
  func reserve(bytes: Int) -> Bool {
    allocated.withLock { allocated in
      guard bytes <= workingSetSize - allocated else { return false }
      allocated += bytes
      return true
    }
  }

  func release(bytes: Int) {
    allocated.withLock { $0 -= bytes }
  }

  func makeCommandQueue() -> (any MTLCommandQueue)? {
    makeCommandQueue(maxCommandBufferCount: 64)
  }

  func makeCommandQueue(maxCommandBufferCount: Int) -> (any MTLCommandQueue)? {
    guard maxCommandBufferCount > 0 else { return nil }
    let runner = FaultyExecutor(executor: pool, faults: faults)
    return SerialCommandQueue(device: self, runner: runner, maxCommandBufferCount: maxCommandBufferCount)
  }

  func makeBuffer(length: Int, options: MTLResourceOptions) -> (any MTLBuffer)? {
    CPUBuffer(device: self, length: length, options: options)
  }

  func makeBuffer(bytes pointer: UnsafeRawPointer, length: Int, options: MTLResourceOptions) -> (any MTLBuffer)? {
    let buffer = CPUBuffer(device: self, length: length, options: options)
    buffer?.contents().copyMemory(from: pointer, byteCount: length)
    return buffer
  }

  func makeBinaryArchive(descriptor: MTLBinaryArchiveDescriptor) throws -> any MTLBinaryArchive {
    try KernelArchive(device: self, url: descriptor.url)
  }
}
