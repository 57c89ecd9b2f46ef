import Foundation

extension CPUDevice {
  func register(_ archive: KernelArchive) {
    images.register(archive)
  }

  func ownFunction(of descriptor: MTLComputePipelineDescriptor) throws -> any ArchivableFunction {
    try cpuFunction(of: descriptor)
  }

  func makeLibrary(source: String, options: MTLCompileOptions?) throws -> any MTLLibrary {
    CPULibrary(device: self, image: try images.image(source: source, macros: options?.preprocessorMacros ?? [:]))
  }

  func makeComputePipelineState(
    descriptor: MTLComputePipelineDescriptor, options: MTLPipelineOption,
    reflection: AutoreleasingUnsafeMutablePointer<MTLAutoreleasedComputePipelineReflection?>?
  ) throws -> any MTLComputePipelineState {
    let function = try cpuFunction(of: descriptor)
    try requireArchived(function, descriptor, options)
    return CPUComputePipelineState(
      device: self, function: function, label: descriptor.label, maximumThreads: descriptor.maxTotalThreadsPerThreadgroup)
  }

  private func cpuFunction(of descriptor: MTLComputePipelineDescriptor) throws -> CPUFunction {
    guard let function = descriptor.computeFunction else {
      throw MTLLibraryError(.functionNotFound, "The pipeline descriptor has no compute function")
    }
    guard let function = function as? CPUFunction else {
      throw MTLLibraryError(.unsupported, "The function '\(function.name)' belongs to another device")
    }
    return function
  }
}
