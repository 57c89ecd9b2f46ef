/// The CUDA C++ of an MSL text: the shim, the text, and the __global__ functions through which the host enters its kernels.
enum CUDAKernelText {
  /// Changes with the text that is generated here and in `TranslationUnits`, and with what `CUDACompiler` asks for by what it sees.
  static let wrapperVersion = "4"

  static func wrapperName(of kernel: String) -> String { "wasmburst_grid_\(kernel)" }

  /// The text stands in the shim's namespace, so that its `min` is the shim's and not the one that CUDA declares for everyone.
  static func text(source: String, kernels: [KernelSignature], shim: String) -> String {
    text(translated: withoutIncludes(source), kernels: kernels, shim: shim)
  }

  /// Texts to be compiled as relocatable code and linked: see `TranslationUnits`.
  static func units(source: String, kernels: [KernelSignature], shim: String, bytes: Int) -> [String] {
    let units = TranslationUnits.split(withoutIncludes(source), bytes: bytes)
    return units.enumerated().map { number, unit in
      // Kernels lie side by side, and what they alone call is inlined: one unit of them all would be the slowest by far.
      let share = kernels.enumerated().filter { $0.offset % units.count == number }.map(\.element)
      return text(translated: unit, kernels: share, shim: shim)
    }
  }

  private static func text(translated source: String, kernels: [KernelSignature], shim: String) -> String {
    """
    #line 1 "metal_stdlib_cuda.h"
    \(shim)
    namespace metal {
    #line 1 "program_source"
    \(source)
    #line 1 "wasmburst_wrappers"
    \(kernels.map(wrapper).joined(separator: "\n"))
    }  // namespace metal

    """
  }

  /// The shim is there already, and NVRTC knows no other file, nor clang's pragmas. Lines stay lines.
  private static func withoutIncludes(_ source: String) -> String {
    KernelSignature.withoutThreadgroupAttributes(source)
      .replacingOccurrences(of: "threadgroup uint*", with: "threadgroup_words").split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.hasPrefix("#include <metal") ? "" : $0.hasSuffix("#pragma clang loop unroll(full)") ? "#pragma unroll" : $0 }
      .joined(separator: "\n")
  }

  /// Parameters: a pointer for each buffer, then the extents of the grid in threads.
  private static func wrapper(_ kernel: KernelSignature) -> String {
    var parameters: [String] = []
    var arguments: [String] = []
    for parameter in kernel.parameters {
      switch parameter {
      case .pointer(let type, let buffer):
        parameters.append("\(type) buffer\(buffer)")
        arguments.append("buffer\(buffer)")
      case .reference(let type, let buffer):
        parameters.append("\(type)* buffer\(buffer)")
        arguments.append("*buffer\(buffer)")
      case .builtin(let builtin, let type):
        arguments.append(value(of: builtin, type: type))
      case .threadgroup:
        arguments.append("threadgroup_words{0}")
      }
    }
    parameters += ["uint grid_x", "uint grid_y", "uint grid_z"]
    let bounds = kernel.maximumThreads > 0 ? "__launch_bounds__(\(kernel.maximumThreads)) " : ""
    return """
      extern "C" __global__ void \(bounds)\(wrapperName(of: kernel.name))(\(parameters.joined(separator: ", "))) {
        const uint x = blockIdx.x * blockDim.x + threadIdx.x;
        const uint y = blockIdx.y * blockDim.y + threadIdx.y;
        const uint z = blockIdx.z * blockDim.z + threadIdx.z;
        if (x >= grid_x || y >= grid_y || z >= grid_z) return;
        \(kernel.name)(\(arguments.joined(separator: ", ")));
      }
      """
  }

  private static func value(of builtin: KernelSignature.Builtin, type: String) -> String {
    let components =
      switch builtin {
      case .threadPositionInGrid: ["x", "y", "z"]
      case .threadsPerGrid: ["grid_x", "grid_y", "grid_z"]
      case .threadPositionInThreadgroup: ["threadIdx.x", "threadIdx.y", "threadIdx.z"]
      case .threadIndexInThreadgroup: ["(threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x"]
      case .threadsPerThreadgroup: ["blockDim.x", "blockDim.y", "blockDim.z"]
      case .threadgroupPositionInGrid: ["blockIdx.x", "blockIdx.y", "blockIdx.z"]
      case .threadgroupsPerGrid: ["gridDim.x", "gridDim.y", "gridDim.z"]
      }
    let count = min(type.last?.wholeNumberValue ?? 1, components.count)
    return "\(type)(\(components.prefix(count).joined(separator: ", ")))"
  }
}
