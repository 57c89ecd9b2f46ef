import BurstEnvironment
import BurstProtocol
import BurstTransport
import Foundation
import Metal

/// A device with the id and the profile that the protocol gives it.
final class Device: @unchecked Sendable {
  // Unchecked because before Xcode 26 `MTLDevice` is not marked Sendable; Metal documents devices as thread-safe.
  let metal: any MTLDevice
  let id: String
  let profile: Profile
  let scheduler: DeviceScheduler
  let threadgroups: ThreadgroupWidth
  let residence: ResidentThreads
  /// Somebody wanted something else than the defaults, which would run in silence.
  private let environmentProblem: String?
  private let probe = Locked<Probe?>(nil)
  private let loss = Locked<String?>(nil)

  private struct Probe {
    let threadExecutionWidth: Int
    let problem: String?
  }

  /// `environment`: what is asked for there, to measure and to test, holds for every launch instead of what suits it.
  init(_ metal: any MTLDevice, id: String, environment: HostEnvironment = .current) {
    self.metal = metal
    self.id = id
    environmentProblem = environment.problems.isEmpty ? nil : environment.problems.joined(separator: "; ")
    let (multiprocessors, memory) = Self.size(of: metal)
    threadgroups = ThreadgroupWidth(multiprocessors: multiprocessors, threadgroupMemory: memory, fixed: environment.threadgroupWidth)
    residence = ResidentThreads(cache: Self.cache(of: metal), fixed: environment.residentThreads)
    profile =
      switch Kind(metal) {
      case .cpu: .cpu
      case .cuda: .native
      case .metal: .apple
      }
    // A Mac can throttle and say nothing; of the others one tells more, and on the other, shared, time says little.
    scheduler = DeviceScheduler(device: id, source: .system(of: metal), detectsSlowdown: Kind(metal) == .metal)
  }

  /// Nobody looks at what it could hold up: no display is attached to it, as to a processor one may be.
  var isHeadless: Bool { kind != .cpu && metal.isHeadless }

  /// Multiprocessors, and bytes of threadgroup memory of one (`ThreadgroupWidth`).
  private static func size(of metal: any MTLDevice) -> (Int, Int) {
    #if os(Linux)
      guard let gpu = metal as? any MultiprocessorDevice else { return (0, 0) }
      return (gpu.multiprocessorCount, gpu.threadgroupMemoryOfMultiprocessor)
    #else
      // Metal does not tell. An M1 has 8 cores, and 60 KB a core; on larger GPUs launches are spread less thinly than they could be.
      return (8, 60 << 10)
    #endif
  }

  /// Bytes for `ResidentThreads`; 0 where nothing can limit them.
  private static func cache(of metal: any MTLDevice) -> Int {
    #if os(Linux)
      (metal as? any MultiprocessorDevice)?.threadgroupMemoryOfMultiprocessor ?? 0
    #else
      0
    #endif
  }

  /// A fault has ended the device for this process: whatever is asked of it fails from now on, and what its memory held is gone.
  func setLost(reason: String) { loss.withLock { $0 = $0 ?? reason } }

  var isLost: Bool { loss.withLock { $0 != nil } }

  /// Throws `deviceUnusable`.
  func checkEnvironment() throws(ResponseError) {
    guard let environmentProblem else { return }
    throw ResponseError(.deviceUnusable, "The device \"\(id)\" is not usable: \(environmentProblem)")
  }

  /// Throws `deviceError` with `lost`.
  func checkNotLost() throws(ResponseError) {
    guard let reason = loss.withLock({ $0 }) else { return }
    throw ResponseError(
      .deviceError, "The device \"\(id)\" failed, and nothing can run on it in this process any more: \(reason).",
      data: try? WireEncoder.encode(DeviceErrorData(reason: reason, lost: true)))
  }

  var kind: Kind { Kind(metal) }

  enum Kind: String {
    case cpu
    case cuda
    case metal

    init(_ metal: any MTLDevice) {
      let architecture = metal.architecture.name
      self =
        if metal.supportsFamily(.apple1) { .metal } else if architecture.hasPrefix("cpu") { .cpu } else if architecture.hasPrefix("cuda") {
          .cuda
        } else { .metal }
    }

    /// Enough to fill the device: until it is full, more lanes take no longer.
    var initialLanes: Int {
      switch self {
      case .cpu: ProcessInfo.processInfo.activeProcessorCount * 4
      // The threads that an H100 can have resident are 270,336.
      case .cuda: 262_144
      case .metal: 16_384
      }
    }

    /// Units that take about 10 ms in a simple loop on as many lanes; adaptation does the rest. A GPU that is not full takes as long for
    /// each unit however few the lanes are: collatz on an H100 2 ns with 1,024, and 12 with 262,144.
    func initialSliceFuel(lanes: Int) -> UInt32 {
      switch self {
      case .cpu: 1 << 22
      case .cuda, .metal: UInt32(min(max(initialLanes / max(lanes, 1), 1), 8)) << 19
      }
    }

    /// The id of the kind's device `number`, from 0: `metal`, `metal-2`, `cuda`, `cuda:1`.
    func id(number: Int) -> String {
      if number == 0 { return rawValue }
      return self == .cuda ? "\(rawValue):\(number)" : "\(rawValue)-\(number + 1)"
    }
  }

  /// Why the device is not usable, or `nil`: found once by building an empty kernel, which is what needs a compiler.
  var problem: String? { loss.withLock { $0 } ?? environmentProblem ?? probed().problem }

  var description: DeviceDescription {
    let probe = probed()
    let problem = problem
    return DeviceDescription(
      id: id, name: metal.name, usable: problem == nil, reason: problem, profile: profile,
      limits: DeviceLimits(
        maxThreadsPerThreadgroup: metal.maxThreadsPerThreadgroup.width,
        threadExecutionWidth: probe.threadExecutionWidth,
        maxThreadgroupMemoryLength: metal.maxThreadgroupMemoryLength,
        maxBufferLength: metal.maxBufferLength,
        recommendedMaxWorkingSetSize: workingSetSize,
        currentAllocatedSize: metal.currentAllocatedSize))
  }

  var workingSetSize: Int { Int(clamping: min(metal.recommendedMaxWorkingSetSize, UInt64(WireValue.maximumInteger))) }

  private func probed() -> Probe {
    if let known = probe.withLock({ $0 }) { return known }
    let found = buildEmptyKernel()
    probe.withLock { $0 = found }
    return found
  }

  private func buildEmptyKernel() -> Probe {
    let text = "#include <metal_stdlib>\nusing namespace metal;\nkernel void probe(device uint* words [[buffer(0)]]) {}\n"
    do {
      guard let function = try metal.makeLibrary(source: text, options: nil).makeFunction(name: "probe") else {
        return Probe(threadExecutionWidth: profile.tileWidth, problem: "an empty kernel was built, but is not in its library")
      }
      let pipeline = try metal.makeComputePipelineState(function: function)
      return Probe(threadExecutionWidth: pipeline.threadExecutionWidth, problem: nil)
    } catch {
      return Probe(threadExecutionWidth: profile.tileWidth, problem: error.localizedDescription)
    }
  }
}
