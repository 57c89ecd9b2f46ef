import BurstProtocol
import Foundation
import Metal

/// What host and device tell each other with every launch, packed by instance, in memory that both reach: `RecordKernels` fill and read it
/// on the device's side. Not Sendable: `InstancePool` keeps it on its worker.
final class LaunchRecords {
  private let instances: Int
  private let device: any MTLDevice
  /// The instance of each thread of a launch. All kernels of a launch read it, so where the host's memory lies beyond a bus it is a copy
  /// in the device's.
  let lanes: any MTLBuffer
  private let writtenLanes: any MTLBuffer
  let report: any MTLBuffer
  /// What `lanes` holds. Where an array is the same in memory, as most often it is, comparing and looking for its range costs nothing.
  private var placed: [UInt32] = []
  private var placedRange: Range<Int>?
  private var arguments: (any MTLBuffer)?
  private var results: (any MTLBuffer)?
  /// Of calls of imports: the host serves some while others' arguments and results lie in the two above.
  private var calls: (any MTLBuffer)?

  /// Bytes that an instance's report takes.
  private static let reportBytes = 24
  private static let laneBytes = 4
  /// Without the records, which are as large as a call's.
  static let bytesPerInstance = laneBytes + reportBytes

  /// `nil` where the device has no memory left. `copiesLanes`: by default where the host's memory is not the device's.
  init?(instances: Int, device: any MTLDevice, copiesLanes: Bool? = nil) {
    func buffer(_ bytesEach: Int) -> (any MTLBuffer)? { device.makeBuffer(length: instances * bytesEach, options: .storageModeShared) }
    let storage = DeviceCopies.storage(of: device)
    guard
      let written = buffer(Self.laneBytes), let report = buffer(Self.reportBytes),
      let lanes = copiesLanes ?? (storage != .storageModeShared) ? device.makeBuffer(length: written.length, options: storage) : written
    else { return nil }
    self.instances = instances
    self.device = device
    self.lanes = lanes
    writtenLanes = written
    self.report = report
  }

  /// The lanes of the next launch, which is `commandBuffer`, before its kernels; nothing to do where they are those of the last one. False
  /// where the device makes no encoder.
  func setLanes(_ lanes: [UInt32], in commandBuffer: any MTLCommandBuffer) -> Bool {
    if lanes == placed { return true }
    placedRange = Self.range(of: lanes)
    placed = lanes
    lanes.withUnsafeBytes { writtenLanes.contents().copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    if writtenLanes === self.lanes { return true }
    guard let encoder = commandBuffer.makeBlitCommandEncoder() else {
      forgetLanes()
      return false
    }
    encoder.copy(
      from: writtenLanes, sourceOffset: 0, to: self.lanes, destinationOffset: 0, size: lanes.count * Self.laneBytes)
    encoder.endEncoding()
    return true
  }

  /// A command buffer failed, and with it perhaps the copy.
  func forgetLanes() { placed = [] }

  /// For records of `bytesEach`; what it held may be gone. Throws `ResponseError`: `deviceError`.
  func argumentBuffer(bytesEach: Int) throws(ResponseError) -> any MTLBuffer { try grow(&arguments, bytesEach) }
  func resultBuffer(bytesEach: Int) throws(ResponseError) -> any MTLBuffer { try grow(&results, bytesEach) }
  func callBuffer(bytesEach: Int) throws(ResponseError) -> any MTLBuffer { try grow(&calls, bytesEach) }

  private func grow(_ buffer: inout (any MTLBuffer)?, _ bytesEach: Int) throws(ResponseError) -> any MTLBuffer {
    let length = max(instances * bytesEach, 16)
    if let buffer, buffer.length >= length { return buffer }
    buffer = nil
    guard let new = device.makeBuffer(length: length, options: .storageModeShared) else {
      throw Dispatcher.deviceError("no memory for records of \(bytesEach) bytes of \(instances) instances")
    }
    buffer = new
    return new
  }

  // MARK: Records

  /// Records in the order of `lanes` to their places.
  func setArguments(_ records: Data, bytesEach: Int, of lanes: [UInt32]) throws(ResponseError) {
    guard bytesEach > 0, !lanes.isEmpty else { return }
    unpack(records, bytesEach, lanes, to: try argumentBuffer(bytesEach: bytesEach).contents())
  }

  /// Records in the order of `lanes` to and from the buffer of calls.
  func setCalls(_ records: Data, bytesEach: Int, of lanes: [UInt32]) throws(ResponseError) {
    unpack(records, bytesEach, lanes, to: try callBuffer(bytesEach: bytesEach).contents())
  }
  func calls(bytesEach: Int, of lanes: [UInt32]) throws(ResponseError) -> Data {
    packed(try callBuffer(bytesEach: bytesEach).contents(), bytesEach, lanes)
  }

  /// Of `lanes`, in their order, as the last slices left them: two status words each, empty where all are zero, and records, zero where an
  /// instance trapped or waits.
  func ended(resultBytes: Int, of lanes: [UInt32]) throws(ResponseError) -> (status: Data, results: Data) {
    var results = Data()
    if resultBytes > 0, !lanes.isEmpty {
      results = packed(try resultBuffer(bytesEach: resultBytes).contents(), resultBytes, lanes)
    }
    guard anyOutcome(of: lanes) else { return (Data(), results) }
    let outcomes = outcomes
    if resultBytes > 0 {
      results.withUnsafeMutableBytes { bytes in
        for (index, lane) in lanes.enumerated() where outcomes[Int(lane) * 2] != 0 {
          (bytes.baseAddress! + index * resultBytes).initializeMemory(as: UInt8.self, repeating: 0, count: resultBytes)
        }
      }
    }
    return (packed(UnsafeRawPointer(outcomes), 8, lanes), results)
  }

  private func unpack(_ records: Data, _ bytesEach: Int, _ lanes: [UInt32], to target: UnsafeMutableRawPointer) {
    records.withUnsafeBytes { source in
      forEachRun(of: lanes) { lane, index, count in
        (target + Int(lane) * bytesEach).copyMemory(from: source.baseAddress! + index * bytesEach, byteCount: count * bytesEach)
      }
    }
  }

  private func packed(_ source: UnsafeRawPointer, _ bytesEach: Int, _ lanes: [UInt32]) -> Data {
    var records = Data(capacity: lanes.count * bytesEach)
    forEachRun(of: lanes) { lane, _, count in
      records.append((source + Int(lane) * bytesEach).assumingMemoryBound(to: UInt8.self), count: count * bytesEach)
    }
    return records
  }

  /// Where lanes ascend without a gap, which most often they do: what is looked up for each of them is then one loop over memory.
  private func range(of lanes: [UInt32]) -> Range<Int>? { lanes == placed ? placedRange : Self.range(of: lanes) }

  private static func range(of lanes: [UInt32]) -> Range<Int>? {
    guard let first = lanes.first else { return nil }
    var differs: UInt32 = 0
    var expected = first
    for lane in lanes {
      differs |= lane ^ expected
      expected &+= 1
    }
    return differs == 0 ? Int(first)..<Int(first) + lanes.count : nil
  }

  /// Lanes that follow one another: `body(first lane, its index, count)`.
  private func forEachRun(of lanes: [UInt32], _ body: (UInt32, Int, Int) -> Void) {
    if let range = range(of: lanes) { return body(lanes[0], 0, range.count) }
    lanes.withUnsafeBufferPointer { lanes in
      var start = 0
      while start < lanes.count {
        var end = start + 1
        while end < lanes.count, lanes[end] == lanes[end - 1] &+ 1 { end += 1 }
        body(lanes[start], start, end - start)
        start = end
      }
    }
  }

  // MARK: Reports

  // Of every instance that was launched since the pool was made or restored.
  private var words: UnsafeMutablePointer<UInt32> { report.contents().assumingMemoryBound(to: UInt32.self) }

  /// Trap code (`waitingStatus` where it is suspended) and function: two words an instance.
  var outcomes: UnsafeMutablePointer<UInt32> { words }
  /// Used since the invocation began. Of detailed reports only, as `frames`.
  var fuelUsed: UnsafeMutablePointer<UInt64> { report.contents().assumingMemoryBound(to: UInt64.self) + instances }
  /// Status word 2.
  var suspensions: UnsafeMutablePointer<UInt32> { words + 4 * instances }
  var frames: UnsafePointer<UInt32> { UnsafePointer(words + 5 * instances) }

  /// Whether a word of their outcomes is not zero.
  private func anyOutcome(of lanes: [UInt32]) -> Bool {
    any(UnsafeRawPointer(outcomes).assumingMemoryBound(to: UInt64.self), of: lanes)
  }

  /// Whether one of them is suspended.
  func anySuspension(of lanes: [UInt32]) -> Bool { any(UnsafePointer(suspensions), of: lanes) }

  private func any<Word: FixedWidthInteger>(_ words: UnsafePointer<Word>, of lanes: [UInt32]) -> Bool {
    guard let range = range(of: lanes) else { return lanes.contains { words[Int($0)] != 0 } }
    return UnsafeBufferPointer(start: words + range.lowerBound, count: range.count).reduce(0, |) != 0
  }

  /// Why each of `lanes` did not end in its last launch, if it did not. Without a list made where all ended or all ran out of fuel.
  func suspended(_ lanes: [UInt32]) -> (outOfFuel: [UInt32], waiting: [UInt32]) {
    let suspensions = suspensions
    if let range = range(of: lanes) {
      var any: UInt32 = 0
      var differs: UInt32 = 0
      for word in UnsafeBufferPointer(start: suspensions + range.lowerBound, count: range.count) {
        any |= word
        differs |= word ^ Self.outOfFuel
      }
      if any == 0 { return ([], []) }
      if differs == 0 { return (lanes, []) }
    }
    var waiting: [UInt32] = []
    let outOfFuel = [UInt32](unsafeUninitializedCapacity: lanes.count) { target, count in
      var found = 0
      for lane in lanes {
        let word = suspensions[Int(lane)]
        // Written even where it is none and the next one's: which lanes end is not to be predicted.
        target[found] = lane
        if word == Self.outOfFuel { found += 1 }
        if word > Self.outOfFuel { waiting.append(lane) }
      }
      count = found
    }
    return (outOfFuel.count == lanes.count ? lanes : outOfFuel, waiting)
  }

  static let outOfFuel: UInt32 = 1
  private static let firstImport = 2

  /// Number of the import that each of `lanes` waits for; all of them have to wait.
  func importsWaitedFor(by lanes: [UInt32]) -> [Int] { lanes.map { Int(suspensions[Int($0)]) - Self.firstImport } }

  /// What `lanes` have used since their invocation began, together.
  func fuelUsed(by lanes: ArraySlice<UInt32>) -> UInt64 {
    let fuelUsed = fuelUsed
    return lanes.reduce(into: 0) { $0 &+= fuelUsed[Int($1)] }
  }

  /// Of the first of `lanes` that trapped.
  func firstTrap(of lanes: [UInt32]) -> TrapReport? {
    guard anyOutcome(of: lanes) else { return nil }
    let outcomes = outcomes
    let trapped = lanes.first { outcomes[Int($0) * 2] != 0 && outcomes[Int($0) * 2] != waitingStatus }
    return trapped.map { TrapReport(code: Int(outcomes[Int($0) * 2]), function: Int(outcomes[Int($0) * 2 + 1])) }
  }
}
