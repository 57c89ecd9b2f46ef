import BurstProtocol
import Foundation
import Metal

/// A pool's device memory and the copies in and out of it. Not Sendable: `InstancePool` keeps it on its worker.
final class PoolBuffers {
  let plan: PoolPlan
  let lanes: any MTLBuffer
  let status: any MTLBuffer
  let state: any MTLBuffer
  let memory: any MTLBuffer
  let tables: any MTLBuffer
  let execution: any MTLBuffer
  let image: any MTLBuffer
  /// What nobody has written holds a pattern.
  let isPoisoned: Bool

  /// Smallest buffer that may be bound (docs/kernel-abi.md).
  private static let minimumLength = 16

  /// `nil` where the device has no memory left in spite of its limits.
  init?(_ plan: PoolPlan, image: Data, device: any MTLDevice, isPoisoned: Bool = PoolBuffers.poisonIsAskedFor) {
    func buffer(_ length: Int) -> (any MTLBuffer)? {
      device.makeBuffer(length: max(length, Self.minimumLength), options: DeviceCopies.storage(of: device))
    }
    func buffer(_ region: TiledRegion) -> (any MTLBuffer)? { buffer(region.length(instances: plan.instances)) }
    guard
      let lanes = buffer(plan.instances * MemoryLayout<UInt32>.size), let status = buffer(plan.status),
      let state = buffer(plan.state), let memory = buffer(plan.memory), let tables = buffer(plan.tables),
      let execution = buffer(plan.execution), let imageBuffer = buffer(image.count)
    else { return nil }
    image.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress { imageBuffer.contents().copyMemory(from: start, byteCount: bytes.count) }
    }
    let whole = TiledRegion.Block(offset: 0, width: image.count, pitch: 0, rows: 1)
    guard (try? DeviceCopies.publish(whole, of: imageBuffer)) != nil else { return nil }
    self.plan = plan
    self.lanes = lanes
    self.status = status
    self.state = state
    self.memory = memory
    self.tables = tables
    self.execution = execution
    self.image = imageBuffer
    self.isPoisoned = isPoisoned && device.hasUnifiedMemory
    poisonAll()
  }

  /// Records in the order of `instances` to `address` of each instance's execution buffer.
  func scatterRecords(_ records: Data, bytesEach: Int, to instances: [UInt32], address: Int) throws {
    guard bytesEach > 0, let block = block(plan.execution, address: address, length: bytesEach, instances) else { return }
    let base = execution.contents()
    // The block has other instances' records as well.
    if instances.count < plan.instances { try DeviceCopies.fetch(block, of: execution) }
    records.withUnsafeBytes { bytes in
      for (index, instance) in instances.enumerated() {
        plan.execution.scatter(
          UnsafeRawBufferPointer(rebasing: bytes[index * bytesEach..<(index + 1) * bytesEach]), to: base,
          instance: Int(instance), address: address)
      }
    }
    try DeviceCopies.publish(block, of: execution)
  }

  /// Records at `address` of the execution buffers, in the order of `instances`; zero where `isEmpty` says so.
  func gatherRecords(bytesEach: Int, from instances: [UInt32], address: Int, isEmpty: (Int) -> Bool = { _ in false }) throws -> Data {
    var records = Data(count: instances.count * bytesEach)
    guard let block = block(plan.execution, address: address, length: bytesEach, instances) else { return records }
    try DeviceCopies.fetch(block, of: execution)
    let base = execution.contents()
    records.withUnsafeMutableBytes { bytes in
      for (index, instance) in instances.enumerated() where !isEmpty(index) {
        plan.execution.gather(
          from: base, instance: Int(instance), address: address,
          into: UnsafeMutableRawBufferPointer(rebasing: bytes[index * bytesEach..<(index + 1) * bytesEach]))
      }
    }
    return records
  }

  /// `nil` where there is nothing to copy.
  func block(_ region: TiledRegion, address: Int, length: Int, _ instances: [UInt32]) -> TiledRegion.Block? {
    guard length > 0, let first = instances.min(), let last = instances.max() else { return nil }
    return region.block(address: address, length: length, instances: Int(first)...Int(last))
  }

  /// Makes the sizes of the memories of `instances` known to `memoryBytes(of:)`.
  func fetchMemorySizes(of instances: [UInt32]) throws {
    if let block = block(plan.state, address: 0, length: 4, instances) { try DeviceCopies.fetch(block, of: state) }
  }

  /// The current size of an instance's memory in bytes, after `fetchMemorySizes(of:)`.
  func memoryBytes(of instance: Int) -> Int {
    // A kernel wrote the word; what it may reach is bounded by what was allocated, whatever it says.
    min(Int(plan.state.word(0, of: instance, in: state.contents())), plan.memoryPages) * Layout.pageBytes
  }

  /// Zeroes what the instantiating kernel does not write: memory beyond segments, state, tables.
  func clear(_ instances: [UInt32]) throws {
    try fetchMemorySizes(of: instances)
    let wholeState = plan.state.block(instances: plan.instances)
    if instances.count == plan.instances, try DeviceCopies.clear(wholeState, of: state) {
      // The memories' sizes differ by instance; those that never grew need no more than the first bytes of all.
      let largest = instances.lazy.map { self.memoryBytes(of: Int($0)) }.max() ?? 0
      let all = 0...plan.instances - 1
      _ = try DeviceCopies.clear(plan.memory.block(address: 0, length: largest, instances: all), of: memory)
      _ = try DeviceCopies.clear(plan.tables.block(instances: plan.instances), of: tables)
      return
    }
    for lane in instances {
      let instance = Int(lane)
      try clear(plan.memory, memory, instance, length: memoryBytes(of: instance))
      try clear(plan.state, state, instance, length: plan.state.bytesPerInstance)
      try clear(plan.tables, tables, instance, length: plan.tables.bytesPerInstance)
    }
  }

  private func clear(_ region: TiledRegion, _ buffer: any MTLBuffer, _ instance: Int, length: Int) throws {
    if try DeviceCopies.clear(region.cells(address: 0, length: length, instance: instance), of: buffer) { return }
    region.fill(0..<length, of: instance, in: buffer.contents(), with: 0)
  }

  // MARK: Bytes of one instance

  func writeMemory(_ bytes: Data, instance: Int, address: Int) throws {
    let block = plan.memory.block(address: address, length: bytes.count, instances: instance...instance)
    // The block has the tile's other instances' bytes as well.
    try DeviceCopies.fetch(block, of: memory)
    bytes.withUnsafeBytes { plan.memory.scatter($0, to: memory.contents(), instance: instance, address: address) }
    try DeviceCopies.publish(block, of: memory)
  }

  func readMemory(length: Int, instance: Int, address: Int) throws -> Data {
    try DeviceCopies.fetch(plan.memory.block(address: address, length: length, instances: instance...instance), of: memory)
    var bytes = Data(count: length)
    bytes.withUnsafeMutableBytes { plan.memory.gather(from: memory.contents(), instance: instance, address: address, into: $0) }
    return bytes
  }

  // MARK: State

  func fetchState() throws {
    try DeviceCopies.fetch(plan.state.block(instances: plan.instances), of: state)
  }

  func publishState() throws {
    try DeviceCopies.publish(plan.state.block(instances: plan.instances), of: state)
  }

  func fetchStatus() throws {
    try DeviceCopies.fetch(plan.status.block(instances: plan.instances), of: status)
  }
}
