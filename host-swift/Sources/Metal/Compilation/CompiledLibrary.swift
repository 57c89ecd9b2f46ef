import Foundation

/// A text as its device's compiler made it, loaded. Unloaded when the last library, function or pipeline that uses it goes.
protocol CompiledImage: AnyObject, Sendable {
  associatedtype Kernel: CompiledKernel

  /// Names what the object was built from.
  var key: String { get }
  var object: Data { get }
  /// By name.
  var kernels: [String: Kernel] { get }
  static var threadExecutionWidth: Int { get }
}

protocol CompiledKernel: Sendable {
  var name: String { get }
  /// In a threadgroup. 0: no limit of its own.
  var maximumThreads: Int { get }
}

final class CompiledLibrary<Image: CompiledImage>: NSObject, MTLLibrary, Labelled {
  private let owner: any CompilingDevice
  private let image: Image
  let labelBox = LabelBox()

  init(device: any CompilingDevice, image: Image) {
    owner = device
    self.image = image
  }

  var device: any MTLDevice { owner }
  var functionNames: [String] { image.kernels.keys.sorted() }
  var type: MTLLibraryType { .executable }

  func makeFunction(name functionName: String) -> (any MTLFunction)? {
    image.kernels[functionName].map { CompiledFunction(device: owner, image: image, kernel: $0) }
  }
}

final class CompiledFunction<Image: CompiledImage>: NSObject, ArchivableFunction, Labelled {
  private let owner: any CompilingDevice
  let image: Image
  let kernel: Image.Kernel
  let labelBox = LabelBox()

  init(device: any CompilingDevice, image: Image, kernel: Image.Kernel) {
    owner = device
    self.image = image
    self.kernel = kernel
  }

  var device: any MTLDevice { owner }
  var name: String { kernel.name }
  var key: String { image.key }
  var object: Data { image.object }
  var functionType: MTLFunctionType { .kernel }
}

final class CompiledPipelineState<Image: CompiledImage>: NSObject, MTLComputePipelineState {
  private let owner: any CompilingDevice
  /// Keeps the kernel's code loaded.
  private let image: Image
  let kernel: Image.Kernel
  let label: String?
  let maxTotalThreadsPerThreadgroup: Int

  init(device: any CompilingDevice, function: CompiledFunction<Image>, label: String?, maximumThreads: Int) {
    owner = device
    image = function.image
    kernel = function.kernel
    self.label = label
    let limits = [device.maxThreadsPerThreadgroup.width, maximumThreads, function.kernel.maximumThreads]
    maxTotalThreadsPerThreadgroup = limits.filter { $0 > 0 }.min() ?? 1
  }

  var device: any MTLDevice { owner }
  var threadExecutionWidth: Int { Image.threadExecutionWidth }
  var staticThreadgroupMemoryLength: Int { 0 }
  var allocatedSize: Int { 0 }
}
