/// What ptxas says that a text's kernels take, the functions that they call among it.
struct CUDARegisters: Equatable {
  /// Of a thread, in the kernel that takes most.
  let most: Int
  /// Of a thread, sum over all kernels; what is spilled lies there.
  let stackBytes: Int

  /// The log of `--ptxas-options=-v`.
  init(log: String) {
    let kernels = log.matches(of: /Used (\d+) registers(?:.*?(\d+) bytes cumulative stack size)?/)
    most = kernels.compactMap { Int($0.1) }.max() ?? 0
    stackBytes = kernels.reduce(0) { $0 + ($1.2.flatMap { Int($0) } ?? 0) }
  }

  /// A multiprocessor has 65,536 registers: with one more than this a thread, only 896 threads fit it instead of 1,024.
  static let limit = 64
  /// From here on fewer registers have always been spills.
  private static let mostOverLimit = 16

  var isWorthLimiting: Bool { (Self.limit + 1...Self.limit + Self.mostOverLimit).contains(most) }
}
