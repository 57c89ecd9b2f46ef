import Foundation

/// Registers, stack and spills of MSL texts on NVIDIA GPUs, without a GPU: for a check of ours, not for hosts.
package enum CUDAResourceUsage {
  /// "13.0", or nil where there is no NVRTC.
  package static var compilerVersion: String? { NVRTC(environment: ProcessInfo.processInfo.environment)?.version }

  /// ptxas's report of the text, built as the cuda device builds it. `flushesSubnormals` is for texts of the apple profile.
  package static func report(source: String, architecture: String, flushesSubnormals: Bool) throws -> String {
    try CUDACompiler(architecture: architecture, nvrtc: NVRTC(environment: ProcessInfo.processInfo.environment))
      .resourceUsage(source: source, flushesSubnormals: flushesSubnormals)
  }
}
