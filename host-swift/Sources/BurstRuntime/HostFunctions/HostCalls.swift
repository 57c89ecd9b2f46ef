import BurstProtocol
import Foundation

/// All calls of one function that wait at the same time. Of use only while the function runs, on the thread that it runs on.
public final class HostCalls {
  /// Ascending; position `i` of every column belongs to `instances[i]`. By their numbers in the whole that the pool may be a part of; in a
  /// run of jobs an instance has its job's number: which of the pool's instances a job gets depends on time.
  public let instances: [Int]
  /// By the pool's own numbers.
  private let lanes: [UInt32]
  /// `module.name` of the import.
  let name: String
  private let buffers: PoolBuffers
  private let argumentRecords: Records
  private let resultRecords: Records
  private let log: (String) -> Void
  private var memorySizesAreKnown = false
  private(set) var failures: [Int: String] = [:]
  /// The device itself failed: no instance's fault.
  private(set) var deviceError: (any Error)?

  init(
    name: String, instances: [Int], lanes: [UInt32], arguments: Data, records: RecordSizes, buffers: PoolBuffers,
    log: @escaping (String) -> Void
  ) {
    self.instances = instances
    self.lanes = lanes
    self.name = name
    self.buffers = buffers
    self.log = log
    argumentRecords = Records(count: lanes.count, bytesEach: records.argumentBytes)
    resultRecords = Records(count: lanes.count, bytesEach: records.resultBytes)
    arguments.withUnsafeBytes { argumentRecords.bytes.copyMemory(from: $0) }
  }

  public var count: Int { instances.count }

  public func memory(of position: Int) -> HostMemory { HostMemory(self, position) }

  /// Ends the call at `position` with a trap that has the text; what the result columns hold there is ignored.
  public func fail(_ position: Int, _ text: String) {
    precondition(instances.indices.contains(position), "there is no call at this position")
    // The first reason is the cause of what follows.
    if failures[position] == nil { failures[position] = text }
  }

  /// Shows a text to the user of the client, who is told nothing else of it.
  public func show(_ text: String) { log(text) }

  func fail(_ position: Int, _ error: any Error) { fail(position, "\(error)") }

  func arguments(of position: Int) -> UnsafeRawPointer { UnsafeRawPointer(argumentRecords.start(of: position)) }
  func results(of position: Int) -> UnsafeMutableRawPointer { resultRecords.start(of: position) }
  var results: Data { Data(resultRecords.bytes) }

  // MARK: Memory

  fileprivate func memoryBytes(of position: Int) throws(HostMemoryError) -> Int {
    try onDevice {
      if !memorySizesAreKnown { try buffers.fetchMemorySizes(of: lanes) }
      memorySizesAreKnown = true
      return buffers.memoryBytes(of: Int(lanes[position]))
    }
  }

  fileprivate func check(_ address: UInt32, _ count: Int, of position: Int) throws(HostMemoryError) {
    let size = try memoryBytes(of: position)
    guard count >= 0, count <= size, Int(address) <= size - count else {
      throw .outOfBounds(address: address, count: count, instance: instances[position], memoryBytes: size)
    }
  }

  fileprivate func read(_ address: UInt32, _ count: Int, of position: Int) throws(HostMemoryError) -> Data {
    try onDevice { try buffers.readMemory(length: count, instance: Int(lanes[position]), address: Int(address)) }
  }

  fileprivate func write(_ bytes: Data, to address: UInt32, of position: Int) throws(HostMemoryError) {
    try onDevice { try buffers.writeMemory(bytes, instance: Int(lanes[position]), address: Int(address)) }
  }

  private func onDevice<Result>(_ body: () throws -> Result) throws(HostMemoryError) -> Result {
    do {
      return try body()
    } catch {
      deviceError = error
      throw .unavailable
    }
  }
}

/// The calling instance's memory.
public struct HostMemory {
  private let calls: HostCalls
  private let position: Int

  fileprivate init(_ calls: HostCalls, _ position: Int) {
    self.calls = calls
    self.position = position
  }

  /// Bytes that it has now.
  public func size() throws(HostMemoryError) -> Int { try calls.memoryBytes(of: position) }

  public func read(_ address: UInt32, count: Int) throws(HostMemoryError) -> Data {
    try calls.check(address, count, of: position)
    return try calls.read(address, count, of: position)
  }

  public func write(_ bytes: Data, to address: UInt32) throws(HostMemoryError) {
    try calls.check(address, bytes.count, of: position)
    try calls.write(bytes, to: address, of: position)
  }
}

public enum HostMemoryError: Error, CustomStringConvertible, Equatable {
  case outOfBounds(address: UInt32, count: Int, instance: Int, memoryBytes: Int)
  /// The device failed, and with it the whole invocation.
  case unavailable

  public var description: String {
    switch self {
    case .outOfBounds(let address, let count, let instance, let memoryBytes):
      "\(count) bytes at \(address) are not within the \(memoryBytes) bytes of instance \(instance)'s memory"
    case .unavailable: "the device failed"
    }
  }
}

/// Records of one size, side by side; zero at first.
private final class Records {
  let bytes: UnsafeMutableRawBufferPointer
  private let bytesEach: Int

  init(count: Int, bytesEach: Int) {
    self.bytesEach = bytesEach
    // Never empty, so that there is a start for records without bytes.
    bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count * bytesEach, 1), alignment: 8)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }

  func start(of position: Int) -> UnsafeMutableRawPointer { bytes.baseAddress! + position * bytesEach }
}
