import Foundation
import Synchronization

/// An NVIDIA GPU: NVRTC compiles the text, the driver API runs it.
final class CUDADevice: NSObject, CompilingDevice, MultiprocessorDevice {
  /// The machine's GPUs; none where there is no driver or the driver refuses to start.
  static let all: [CUDADevice] = discover(environment: ProcessInfo.processInfo.environment)

  let context: CUDAContext
  let images: KernelImageStore<CUDAModule>
  let name: String
  /// "sm_90".
  let computeArchitecture: String
  /// On the PCI bus, as NVML takes it.
  let busIdentifier: String?
  let multiprocessorCount: Int
  /// Drivers end kernels after some seconds where a display would wait for them.
  let isHeadless: Bool
  let threadgroupMemoryOfMultiprocessor: Int
  private let residence: CUDAResidence
  private let maxThreads: Int
  private let sharedMemory: Int
  private let allocated = Mutex(0)
  private let fault: PlannedFault?

  private init(driver: CUDADriver, number: Int32, nvrtc: NVRTC?, environment: [String: String]) throws(CUDAError) {
    var device: CUDADriver.Device = 0
    try driver.check(driver.deviceGet(&device, number))
    var name = [CChar](repeating: 0, count: 256)
    try driver.check(driver.deviceGetName(&name, Int32(name.count), device))
    self.name = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    var bus = [CChar](repeating: 0, count: 32)
    let hasBus = driver.deviceGetBus(&bus, Int32(bus.count), device) == 0
    busIdentifier = hasBus ? String(decoding: bus.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    let major = try CUDAContext.attribute(.computeCapabilityMajor, of: device, driver)
    let minor = try CUDAContext.attribute(.computeCapabilityMinor, of: device, driver)
    computeArchitecture = "sm_\(major)\(minor)"
    maxThreads = try CUDAContext.attribute(.maxThreadsPerBlock, of: device, driver)
    sharedMemory = try CUDAContext.attribute(.maxSharedMemoryPerBlock, of: device, driver)
    multiprocessorCount = try CUDAContext.attribute(.multiprocessorCount, of: device, driver)
    isHeadless = try CUDAContext.attribute(.hasTimeLimit, of: device, driver) == 0
    threadgroupMemoryOfMultiprocessor = try CUDAContext.attribute(.maxSharedMemoryPerMultiprocessor, of: device, driver)
    // Drivers of CUDA 10 and before do not know it.
    let reserved = (try? CUDAContext.attribute(.reservedSharedMemoryPerBlock, of: device, driver)) ?? 0
    residence = CUDAResidence(most: threadgroupMemoryOfMultiprocessor, reserved: reserved)
    fault = PlannedFault(environment: environment)
    let context = CUDAContext(driver: driver, device: device)
    self.context = context
    let linker = CUDALinker(context: context, nvrtc: nvrtc)
    let link = linker.map { linker -> CUDACompiler.Link in { cubins in try linker.link(cubins) } }
    images = KernelImageStore(
      compiler: CUDACompiler(architecture: computeArchitecture, nvrtc: nvrtc, link: link),
      cache: ObjectCache(directory: ObjectCache.defaultDirectory(environment: environment), prefix: "cuda"),
      load: { key, object throws(KernelLoadError) in try CUDAModule(key: key, object: object, context: context) })
  }

  private static func discover(environment: [String: String]) -> [CUDADevice] {
    var count: Int32 = 0
    guard let driver = CUDADriver.shared, driver.initialize(0) == 0, driver.deviceGetCount(&count) == 0, count > 0 else { return [] }
    let nvrtc = NVRTC(environment: environment)
    return (0..<count).compactMap { try? CUDADevice(driver: driver, number: $0, nvrtc: nvrtc, environment: environment) }
  }

  /// Counts `bytes` as allocated unless they would exceed the working set.
  func reserve(bytes: Int) -> Bool {
    allocated.withLock { allocated in
      guard bytes <= context.workingSetSize - allocated else { return false }
      allocated += bytes
      return true
    }
  }

  func release(bytes: Int) {
    allocated.withLock { $0 -= bytes }
  }
}

extension CUDADevice {
  var registryID: UInt64 { 0x1_0000 + UInt64(context.device) }
  var architecture: MTLArchitecture { MTLArchitecture(name: "cuda_\(computeArchitecture)") }
  var maxThreadsPerThreadgroup: MTLSize { MTLSize(width: maxThreads, height: maxThreads, depth: 64) }
  var maxThreadgroupMemoryLength: Int { sharedMemory }
  var maxBufferLength: Int { context.workingSetSize }
  var hasUnifiedMemory: Bool { false }
  var recommendedMaxWorkingSetSize: UInt64 { UInt64(context.workingSetSize) }
  var currentAllocatedSize: Int { allocated.withLock { $0 } }
  var isLowPower: Bool { false }
  var isRemovable: Bool { false }

  func supportsFamily(_ gpuFamily: MTLGPUFamily) -> Bool { false }

  func makeCommandQueue() -> (any MTLCommandQueue)? {
    makeCommandQueue(maxCommandBufferCount: 64)
  }

  func makeCommandQueue(maxCommandBufferCount: Int) -> (any MTLCommandQueue)? {
    guard maxCommandBufferCount > 0, let stream = try? CUDAStream(context: context, residence: residence, fault: fault) else { return nil }
    return SerialCommandQueue(device: self, runner: stream, maxCommandBufferCount: maxCommandBufferCount)
  }

  func makeBuffer(length: Int, options: MTLResourceOptions) -> (any MTLBuffer)? {
    if MTLStorageMode(options) == .shared { return CUDASharedBuffer(device: self, length: length, options: options) }
    return CUDABuffer(device: self, length: length, options: options)
  }

  func makeBuffer(bytes pointer: UnsafeRawPointer, length: Int, options: MTLResourceOptions) -> (any MTLBuffer)? {
    guard let buffer = makeBuffer(length: length, options: options) else { return nil }
    buffer.contents().copyMemory(from: pointer, byteCount: length)
    try? (buffer as? any DiscreteBuffer)?.copyToDevice(.whole(of: buffer))
    return buffer
  }

  func makeBinaryArchive(descriptor: MTLBinaryArchiveDescriptor) throws -> any MTLBinaryArchive {
    try KernelArchive(device: self, url: descriptor.url)
  }
}
