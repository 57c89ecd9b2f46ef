import Foundation

// Compilation is the same on every device but for its images.
extension CompilingDevice {
  func register(_ archive: KernelArchive) {
    images.register(archive)
  }

  func archivableFunction(of descriptor: MTLComputePipelineDescriptor) throws -> any ArchivableFunction {
    try ownFunction(of: descriptor)
  }

  func makeLibrary(source: String, options: MTLCompileOptions?) throws -> any MTLLibrary {
    CompiledLibrary(device: self, image: try images.image(source: source, macros: options?.preprocessorMacros ?? [:]))
  }

  func makeComputePipelineState(
    descriptor: MTLComputePipelineDescriptor, options: MTLPipelineOption,
    reflection: AutoreleasingUnsafeMutablePointer<MTLAutoreleasedComputePipelineReflection?>?
  ) throws -> any MTLComputePipelineState {
    let function = try ownFunction(of: descriptor)
    try requireArchived(function, descriptor, options)
    return CompiledPipelineState(
      device: self, function: function, label: descriptor.label, maximumThreads: descriptor.maxTotalThreadsPerThreadgroup)
  }

  /// The descriptor's function. Throws `MTLLibraryError` where it has none, or another device's.
  private func ownFunction(of descriptor: MTLComputePipelineDescriptor) throws -> CompiledFunction<Image> {
    guard let function = descriptor.computeFunction else {
      throw MTLLibraryError(.functionNotFound, "The pipeline descriptor has no compute function")
    }
    guard let function = function as? CompiledFunction<Image> else {
      throw MTLLibraryError(.unsupported, "The function '\(function.name)' belongs to another device")
    }
    return function
  }
}

// The variants of one synchronous compilation.
extension CompilingDevice {
  func makeLibrary(
    source: String, options: MTLCompileOptions?, completionHandler: @escaping @Sendable ((any MTLLibrary)?, (any Error)?) -> Void
  ) {
    let options = UncheckedTransfer(options?.copy() as? MTLCompileOptions)
    DispatchQueue.global().async {
      do {
        completionHandler(try self.makeLibrary(source: source, options: options.value), nil)
      } catch {
        completionHandler(nil, error)
      }
    }
  }

  func makeLibrary(source: String, options: MTLCompileOptions?) async throws -> any MTLLibrary {
    try await withCheckedThrowingContinuation { continuation in
      makeLibrary(source: source, options: options) { library, error in
        continuation.resume(with: result(library, error))
      }
    }
  }

  func makeComputePipelineState(function computeFunction: any MTLFunction) throws -> any MTLComputePipelineState {
    let descriptor = MTLComputePipelineDescriptor()
    descriptor.computeFunction = computeFunction
    return try makeComputePipelineState(descriptor: descriptor, options: [], reflection: nil)
  }

  func makeComputePipelineState(
    function computeFunction: any MTLFunction,
    completionHandler: @escaping @Sendable ((any MTLComputePipelineState)?, (any Error)?) -> Void
  ) {
    let descriptor = MTLComputePipelineDescriptor()
    descriptor.computeFunction = computeFunction
    makeComputePipelineState(descriptor: descriptor, options: []) { pipeline, _, error in completionHandler(pipeline, error) }
  }

  func makeComputePipelineState(function computeFunction: any MTLFunction) async throws -> any MTLComputePipelineState {
    try await withCheckedThrowingContinuation { continuation in
      makeComputePipelineState(function: computeFunction) { pipeline, error in
        continuation.resume(with: result(pipeline, error))
      }
    }
  }

  func makeComputePipelineState(
    descriptor: MTLComputePipelineDescriptor, options: MTLPipelineOption,
    completionHandler: @escaping @Sendable ((any MTLComputePipelineState)?, MTLComputePipelineReflection?, (any Error)?) -> Void
  ) {
    let descriptor = UncheckedTransfer(descriptor.copy() as! MTLComputePipelineDescriptor)
    DispatchQueue.global().async {
      do {
        let pipeline = try self.makeComputePipelineState(descriptor: descriptor.value, options: options, reflection: nil)
        completionHandler(pipeline, nil, nil)
      } catch {
        completionHandler(nil, nil, error)
      }
    }
  }

  /// Throws where `options` ask for a function that no archive of the descriptor holds.
  func requireArchived(
    _ function: any ArchivableFunction, _ descriptor: MTLComputePipelineDescriptor, _ options: MTLPipelineOption
  ) throws {
    guard options.contains(.failOnBinaryArchiveMiss) else { return }
    let archives = (descriptor.binaryArchives ?? []).compactMap { $0 as? KernelArchive }
    guard archives.contains(where: { $0.contains(function) }) else {
      throw MTLBinaryArchiveError(.internalError, "No binary archive of the descriptor contains the function '\(function.name)'")
    }
  }
}

/// A copy that one closure gets to itself: unchecked because nobody else has it.
private struct UncheckedTransfer<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) {
    self.value = value
  }
}

private func result<Value>(_ value: Value?, _ error: (any Error)?) -> Result<Value, any Error> {
  if let value { return .success(value) }
  return .failure(error ?? MTLLibraryError(.internal, "No result and no error"))
}
