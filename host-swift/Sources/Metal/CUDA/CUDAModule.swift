import Foundation

/// A compiled text, loaded on a GPU.
final class CUDAModule: CompiledImage, @unchecked Sendable {
  // Unchecked because handles are pointers; nothing changes after the init.
  struct Kernel: CompiledKernel, @unchecked Sendable {
    var name: String
    /// The buffer index of each pointer parameter, in their order.
    var buffers: [Int]
    var function: CUDADriver.Function
    var maximumThreads: Int
    var usesThreadgroupMemory: Bool

    var requiredBuffers: UInt64 { buffers.reduce(0) { $0 | 1 << UInt64($1) } }
  }

  let key: String
  let object: Data
  let kernels: [String: Kernel]
  private let context: CUDAContext
  private let module: CUDADriver.Module

  static let threadExecutionWidth = 32

  private static let maxThreadsPerBlock: Int32 = 0  // CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK

  init(key: String, object: Data, context: CUDAContext) throws(KernelLoadError) {
    guard let content = try? PropertyListDecoder().decode(CUDACompiler.Object.self, from: object) else {
      throw KernelLoadError(message: "the object is not one of this device's")
    }
    self.key = key
    self.object = object
    self.context = context
    do throws(CUDAError) {
      var module: CUDADriver.Module?
      try context.perform { driver in content.cubin.withUnsafeBytes { driver.moduleLoadData(&module, $0.baseAddress!) } }
      self.module = module!
      var kernels: [String: Kernel] = [:]
      for kernel in content.kernels {
        var function: CUDADriver.Function?
        var maxThreads: Int32 = 0
        try context.perform { $0.moduleGetFunction(&function, module!, CUDAKernelText.wrapperName(of: kernel.name)) }
        try context.perform { $0.functionGetAttribute(&maxThreads, Self.maxThreadsPerBlock, function!) }
        kernels[kernel.name] = Kernel(
          name: kernel.name, buffers: kernel.buffers, function: function!, maximumThreads: Int(maxThreads),
          usesThreadgroupMemory: kernel.usesThreadgroupMemory)
      }
      self.kernels = kernels
    } catch {
      throw KernelLoadError(message: error.message)
    }
  }

  deinit {
    try? context.perform { $0.moduleUnload(module) }
  }
}
