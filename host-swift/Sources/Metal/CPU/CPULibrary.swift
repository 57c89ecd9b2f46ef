import Foundation
import Synchronization

final class CPULibrary: NSObject, MTLLibrary {
  private let owner: CPUDevice
  private let image: KernelImage
  private let guardedLabel = Mutex<String?>(nil)

  init(device: CPUDevice, image: KernelImage) {
    owner = device
    self.image = image
  }

  var device: any MTLDevice { owner }
  var functionNames: [String] { image.kernels.keys.sorted() }
  var type: MTLLibraryType { .executable }

  var label: String? {
    get { guardedLabel.withLock { $0 } }
    set { guardedLabel.withLock { $0 = newValue } }
  }

  func makeFunction(name functionName: String) -> (any MTLFunction)? {
    image.kernels[functionName].map { CPUFunction(device: owner, image: image, kernel: $0) }
  }
}

final class CPUFunction: NSObject, ArchivableFunction {
  private let owner: CPUDevice
  let image: KernelImage
  let kernel: KernelImage.Kernel
  private let guardedLabel = Mutex<String?>(nil)

  init(device: CPUDevice, image: KernelImage, kernel: KernelImage.Kernel) {
    owner = device
    self.image = image
    self.kernel = kernel
  }

  var device: any MTLDevice { owner }
  var name: String { kernel.name }
  var key: String { image.key }
  var object: Data { image.object }
  var functionType: MTLFunctionType { .kernel }

  var label: String? {
    get { guardedLabel.withLock { $0 } }
    set { guardedLabel.withLock { $0 = newValue } }
  }
}

final class CPUComputePipelineState: NSObject, MTLComputePipelineState {
  private let owner: CPUDevice
  /// Keeps the kernel's code loaded.
  private let image: KernelImage
  let kernel: KernelImage.Kernel
  let label: String?
  let maxTotalThreadsPerThreadgroup: Int

  init(device: CPUDevice, function: CPUFunction, label: String?, maximumThreads: Int) {
    owner = device
    image = function.image
    kernel = function.kernel
    self.label = label
    let limits = [device.maxThreadsPerThreadgroup.width, maximumThreads, function.kernel.maximumThreads]
    maxTotalThreadsPerThreadgroup = limits.filter { $0 > 0 }.min() ?? 1
  }

  var device: any MTLDevice { owner }
  var threadExecutionWidth: Int { 1 }
  var staticThreadgroupMemoryLength: Int { 0 }
  var allocatedSize: Int { 0 }
}
