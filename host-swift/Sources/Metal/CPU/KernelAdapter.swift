/// Writes the C functions through which the host enters kernels: one call walks a range of the grid.
///
/// A row of the table `wasmburst_kernels` names each; `metal_adapter` in the shim has the types.
enum KernelAdapter {
  /// Changes with the text that is generated here: objects are kept by it.
  static let version = "2"

  static func text(for kernels: [KernelSignature]) -> String {
    var text = "\n#line 1 \"wasmburst_adapter\"\n#include <metal_adapter>\n"
    for kernel in kernels {
      text += """
        extern "C" void \(kernel.name)_wasmburst_grid(
            const ulong* buffers, const wasmburst_dispatch* dispatch, ulong begin, ulong end) {
          const wasmburst_float_mode mode;
          \(kernel.usesThreadgroupMemory ? threadgroupMemory : "")
          for (wasmburst_walk at(dispatch, begin); begin < end; begin++, at.next()) {
            \(kernel.name)(\(kernel.parameters.map(argument).joined(separator: ", ")));
          }
        }

        """
    }
    text += "extern \"C\" __attribute__((visibility(\"default\"))) const wasmburst_kernel wasmburst_kernels[] = {\n"
    for kernel in kernels {
      text += "  {\"\(kernel.name)\", \(kernel.name)_wasmburst_grid, \(kernel.maximumThreads), \(bufferMask(kernel))},\n"
    }
    return text + "  {nullptr, nullptr, 0, 0}};\n"
  }

  /// One for all threads of the range, which run one after the other: none should see what another has left. Nor what an earlier
  /// launch has: a GPU's holds anything then.
  private static let threadgroupMemory = """
    alignas(16) uchar threadgroup_memory[\(CPUDevice.threadgroupMemory)];
        __builtin_memset(threadgroup_memory, 0xa5, sizeof(threadgroup_memory));
    """

  private static func argument(_ parameter: KernelSignature.Parameter) -> String {
    switch parameter {
    case .pointer(let type, let buffer): "(\(type))buffers[\(buffer)]"
    case .reference(let type, let buffer): "*(\(type)*)buffers[\(buffer)]"
    case .builtin(.threadIndexInThreadgroup, let type): "(\(type))at.thread_index_in_threadgroup()"
    case .threadgroup(let type): "(\(type))(ulong)threadgroup_memory"
    case .builtin(let builtin, let type): components(of: builtin, type: type)
    }
  }

  /// `uint3{at.f(0), at.f(1), at.f(2)}`, or the first alone where the type is a scalar.
  private static func components(of builtin: KernelSignature.Builtin, type: String) -> String {
    let count = type.last.flatMap { $0.wholeNumberValue } ?? 1
    let values = (0..<count).map { "at.\(builtin.rawValue)(\($0))" }
    return count == 1 ? "(\(type))\(values[0])" : "\(type)(\(values.joined(separator: ", ")))"
  }

  private static func bufferMask(_ kernel: KernelSignature) -> String {
    var mask: UInt64 = 0
    for parameter in kernel.parameters {
      switch parameter {
      case .pointer(_, let buffer), .reference(_, let buffer): mask |= 1 << UInt64(buffer)
      case .builtin, .threadgroup: break
      }
    }
    return "\(mask)"
  }
}
