import BurstEnvironment

/// How many instances share a threadgroup, and with it SIMD-groups. Pure.
///
/// Lanes of a SIMD-group wait for each other's branches. A launch too small to keep all multiprocessors busy gets small threadgroups,
/// down to one instance that has a SIMD-group for itself and waits for nobody: the other lanes would have had no instance anyway.
struct ThreadgroupWidth: Sendable, Equatable {
  /// What runs threadgroups side by side: a multiprocessor, a core. 0: threads run one after the other, as on a CPU.
  let multiprocessors: Int
  /// Bytes that all threadgroups on one have together.
  let threadgroupMemory: Int
  /// Whatever the launch.
  let fixed: Int?

  static let most = HostEnvironment.widestThreadgroup

  /// A SIMD-group for each of the four schedulers that a multiprocessor of NVIDIA's and a core of Apple's have. With two, 1,024 instances
  /// on an H100 were 5 % slower on the geometric mean of six programs: those whose lanes stay together share what they load.
  static let groupsEach = 4

  /// `fixed`: 1 to `most`, others are left out.
  init(multiprocessors: Int, threadgroupMemory: Int, fixed: Int? = nil) {
    self.multiprocessors = multiprocessors
    self.threadgroupMemory = threadgroupMemory
    self.fixed = fixed.flatMap { (1...Self.most).contains($0) ? $0 : nil }
  }

  /// Threads of each threadgroup, a power of two, so that a group has whole sectors of a tile. `memory`: bytes that each takes of the
  /// threadgroup memory, however many threads it has. `most`: threads of one, a power of two.
  func threads(lanes: Int, memory: Int, most: Int = Self.most) -> Int {
    if let fixed { return fixed }
    guard multiprocessors > 0 else { return most }
    let room = memory > 0 ? max(threadgroupMemory / memory, 1) : Self.groupsEach
    let groups = multiprocessors * min(room, Self.groupsEach)
    var threads = 1
    while threads < most, threads * groups < lanes { threads *= 2 }
    return threads
  }
}
