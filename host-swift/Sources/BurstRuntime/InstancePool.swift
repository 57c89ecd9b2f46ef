import BurstProtocol
import BurstTransport
import Foundation
import Metal

extension IncomingRequest: IncomingCancellation {}

/// Instances of one module on one device, with their memory. Everything must be called on `worker`, which also
/// gives requests the order of their arrival.
final class InstancePool: @unchecked Sendable {
  // Unchecked because buffers and command queues are not Sendable: only `worker` touches them.
  let worker: SerialWorker
  let plan: PoolPlan
  let module: LoadedModule
  let instantiation: Instantiation
  let hostFunctions: BoundFunctions
  let buffers: PoolBuffers
  let dispatcher: Dispatcher
  /// The invocation in which instances wait for imports.
  var waiting: Invocation?
  /// The run of jobs whose calls wait for the client.
  var jobRun: JobRun?
  var phase = Phase.instantiating
  /// One array for all requests: the records know it again, and need not look at its lanes.
  private(set) lazy var allInstances = Array(0..<UInt32(plan.instances))

  enum Phase {
    case instantiating
    case ready
    /// Instantiation ended without success: there is no such pool.
    case failed
    /// For good: the device may still be writing to the buffers.
    case abandoned(ResponseError)
  }

  typealias Progress = (Double) -> Void

  /// Allocates; nothing runs yet. Throws `ResponseError`: `poolTooLarge`, `deviceError`.
  init(
    _ plan: PoolPlan, module: LoadedModule, instantiation: Instantiation, hostFunctions: BoundFunctions,
    worker: SerialWorker, number: Int = 0, rules: BurstRules = BurstRules(), limits: Dispatcher.Limits = Dispatcher.Limits()
  ) throws {
    let device = module.device
    try device.checkNotLost()
    let available = device.workingSetSize - device.metal.currentAllocatedSize - module.image.count
    try plan.check(maxBufferLength: device.metal.maxBufferLength, available: available)
    guard let buffers = PoolBuffers(plan, image: module.image, device: device.metal) else {
      // The limits allowed it, so nobody can say what would fit.
      throw plan.tooLarge(fitting: 0, limit: "the memory that the device could give")
    }
    guard let commandQueue = device.metal.makeCommandQueue() else {
      throw ResponseError(.deviceError, "The device \"\(device.id)\" makes no command queue.")
    }
    self.worker = worker
    self.plan = plan
    self.module = module
    self.instantiation = instantiation
    self.hostFunctions = hostFunctions
    self.buffers = buffers
    dispatcher = Dispatcher(
      buffers: buffers, hostKernels: module.hostKernels, queue: commandQueue, device: device, pool: number, rules: rules, limits: limits)
  }

  func write(_ parameters: WriteMemoryRequest.Parameters) throws {
    try checkUsable()
    try buffers.fetchMemorySizes(of: allInstances)
    for (index, write) in parameters.writes.enumerated() {
      try check(range: write.address, write.bytes.count, of: write.instance, field: "writes[\(index)]")
    }
    for write in parameters.writes {
      try buffers.writeMemory(write.bytes, instance: write.instance, address: write.address)
    }
  }

  func read(_ parameters: ReadMemoryRequest.Parameters) throws -> [Data] {
    try checkUsable()
    try buffers.fetchMemorySizes(of: allInstances)
    var total = 0
    for (index, read) in parameters.reads.enumerated() {
      try check(range: read.address, read.length, of: read.instance, field: "reads[\(index)]")
      total += read.length
      guard total <= Self.largestAnswer else {
        throw invalid("reads", "the bytes asked for do not fit in one message; read less at a time")
      }
    }
    return try parameters.reads.map { read in
      try buffers.readMemory(length: read.length, instance: read.instance, address: read.address)
    }
  }

  func readState(_ parameters: ReadStateRequest.Parameters) throws -> Data {
    let instances = try check(instances: parameters.instances)
    try check(word: parameters.word, words: parameters.words)
    try checkUsable()
    let size = parameters.words * 4
    guard instances.count * size <= FrameDecoder.maximumBodyBytes / 2 else {
      throw invalid("words", "the state asked for does not fit in one message; read less at a time")
    }
    try buffers.fetchState()
    let base = buffers.state.contents()
    var bytes = Data(count: instances.count * size)
    bytes.withUnsafeMutableBytes { bytes in
      for (index, instance) in instances.enumerated() {
        let record = UnsafeMutableRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size])
        plan.state.gather(from: base, instance: Int(instance), address: parameters.word * 4, into: record)
      }
    }
    return bytes
  }

  func writeState(_ parameters: WriteStateRequest.Parameters) throws {
    let instances = try check(instances: parameters.instances)
    try check(word: parameters.word, words: parameters.words)
    // Kernels check accesses against it.
    guard parameters.word > 0 || parameters.words == 0 else { throw invalid("word", "word 0 is the memory's size and cannot be written") }
    let size = parameters.words * 4
    guard parameters.bytes.count == instances.count * size else {
      throw invalid("bytes", "\(instances.count) × \(size) bytes were expected, got \(parameters.bytes.count)")
    }
    try checkUsable()
    try buffers.fetchState()
    let base = buffers.state.contents()
    parameters.bytes.withUnsafeBytes { bytes in
      for (index, instance) in instances.enumerated() {
        let record = UnsafeRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size])
        plan.state.scatter(record, to: base, instance: Int(instance), address: parameters.word * 4)
      }
    }
    try buffers.publishState()
  }

  /// Does what needs the device. Where a command buffer does not end, the pool is given up.
  func onDevice<Result>(_ body: () throws -> Result) throws -> Result {
    worker.preconditionIsCurrent()
    try checkUsable()
    do {
      return try body()
    } catch let error as Dispatcher.Abandoned {
      abandon()
      throw error.reason
    }
  }

  func abandon() {
    phase = .abandoned(
      ResponseError(
        .deviceError, "An earlier command buffer of this pool did not end; the pool can only be released.",
        data: try? WireEncoder.encode(DeviceErrorData(reason: "timeout"))))
  }

  /// Bytes of an answer that surely fits in a message.
  static let largestAnswer = FrameDecoder.maximumBodyBytes / 2

  // MARK: Checks

  func checkUsable() throws(ResponseError) {
    try module.device.checkNotLost()
    switch phase {
    case .instantiating, .ready: break
    case .failed: throw ResponseError(.unknownPool, "The pool does not exist: its instantiation did not succeed.")
    case .abandoned(let reason): throw reason
    }
  }

  func kernel(_ name: String) throws(ResponseError) -> any MTLComputePipelineState {
    guard let pipeline = module.kernels.pipelines[name] else {
      throw invalid("kernel", "the module was loaded without a kernel \"\(name)\"")
    }
    return pipeline
  }

  func check(instances: [Int]?) throws(ResponseError) -> [UInt32] {
    guard let instances else { return allInstances }
    var seen = Set<UInt32>(minimumCapacity: instances.count)
    var lanes: [UInt32] = []
    lanes.reserveCapacity(instances.count)
    for (index, instance) in instances.enumerated() {
      guard (0..<plan.instances).contains(instance) else {
        throw invalid("instances[\(index)]", "the pool has no instance \(instance); it has \(plan.instances)")
      }
      guard seen.insert(UInt32(instance)).inserted else {
        throw invalid("instances[\(index)]", "instance \(instance) stands twice")
      }
      lanes.append(UInt32(instance))
    }
    return lanes
  }

  func check(recordBytes: Int, _ field: String) throws(ResponseError) {
    guard recordBytes >= 0, recordBytes % 4 == 0, recordBytes <= plan.scratchBytes / 2 else {
      throw invalid(field, "must be a multiple of 4 from 0 to \(plan.scratchBytes / 2), half of scratch")
    }
  }

  /// Refuses what would not fit in one message as an answer, before anything runs.
  func check(answerFor count: Int, resultBytes: Int, _ field: String) throws(ResponseError) {
    let arguments = module.imports.map(\.argumentBytes).max() ?? 0
    // Beside the records: two status words, and the instance's number in the lists of those resumed and those that wait.
    guard count * (resultBytes + arguments + 32) <= FrameDecoder.maximumBodyBytes / 2 else {
      throw invalid(field, "the results of all instances do not fit in one message; take fewer at a time")
    }
  }

  private func check(word: Int, words: Int) throws(ResponseError) {
    let count = plan.state.bytesPerInstance / 4
    guard word >= 0, word <= count else { throw invalid("word", "must be 0 to \(count), the words of the state") }
    guard words >= 0, words <= count - word else {
      throw invalid("words", "the state has \(count) words, \(count - word) from word \(word) on")
    }
  }

  private func check(range address: Int, _ length: Int, of instance: Int, field: String) throws(ResponseError) {
    guard (0..<plan.instances).contains(instance) else {
      throw invalid("\(field).instance", "the pool has no instance \(instance); it has \(plan.instances)")
    }
    let size = buffers.memoryBytes(of: instance)
    guard address >= 0, length >= 0, address <= size, length <= size - address else {
      throw ResponseError(
        .memoryOutOfBounds,
        "Instance \(instance): \(length) bytes at address \(address) are outside of its memory of \(size) bytes.")
    }
  }

  func invalid(_ field: String, _ problem: String) -> ResponseError {
    ResponseError(.invalidParams, "`\(field)`: \(problem).")
  }
}
