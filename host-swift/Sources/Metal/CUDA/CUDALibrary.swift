import Foundation
import Synchronization

final class CUDALibrary: NSObject, MTLLibrary {
  private let owner: CUDADevice
  private let module: CUDAModule
  private let guardedLabel = Mutex<String?>(nil)

  init(device: CUDADevice, module: CUDAModule) {
    owner = device
    self.module = module
  }

  var device: any MTLDevice { owner }
  var functionNames: [String] { module.kernels.keys.sorted() }
  var type: MTLLibraryType { .executable }

  var label: String? {
    get { guardedLabel.withLock { $0 } }
    set { guardedLabel.withLock { $0 = newValue } }
  }

  func makeFunction(name functionName: String) -> (any MTLFunction)? {
    module.kernels[functionName].map { CUDAFunction(device: owner, module: module, kernel: $0) }
  }
}

final class CUDAFunction: NSObject, ArchivableFunction {
  private let owner: CUDADevice
  let module: CUDAModule
  let kernel: CUDAModule.Kernel
  private let guardedLabel = Mutex<String?>(nil)

  init(device: CUDADevice, module: CUDAModule, kernel: CUDAModule.Kernel) {
    owner = device
    self.module = module
    self.kernel = kernel
  }

  var device: any MTLDevice { owner }
  var name: String { kernel.name }
  var key: String { module.key }
  var object: Data { module.object }
  var functionType: MTLFunctionType { .kernel }

  var label: String? {
    get { guardedLabel.withLock { $0 } }
    set { guardedLabel.withLock { $0 = newValue } }
  }
}

final class CUDAComputePipelineState: NSObject, MTLComputePipelineState {
  private let owner: CUDADevice
  /// Keeps the kernel loaded.
  private let module: CUDAModule
  let kernel: CUDAModule.Kernel
  let label: String?
  let maxTotalThreadsPerThreadgroup: Int

  init(device: CUDADevice, function: CUDAFunction, label: String?, maximumThreads: Int) {
    owner = device
    module = function.module
    kernel = function.kernel
    self.label = label
    maxTotalThreadsPerThreadgroup = [function.kernel.maxThreads, maximumThreads].filter { $0 > 0 }.min() ?? 1
  }

  var device: any MTLDevice { owner }
  var threadExecutionWidth: Int { 32 }
  var staticThreadgroupMemoryLength: Int { 0 }
  var allocatedSize: Int { 0 }
}
