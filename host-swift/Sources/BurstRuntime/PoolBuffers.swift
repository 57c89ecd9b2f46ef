import BurstProtocol
import Foundation
import Metal

/// A pool's device memory and the copies in and out of it. Not Sendable: `InstancePool` keeps it on its worker.
final class PoolBuffers {
  let plan: PoolPlan
  let records: LaunchRecords
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
      let records = LaunchRecords(instances: plan.instances, device: device), let status = buffer(plan.status),
      let state = buffer(plan.state), let memory = buffer(plan.memory), let tables = buffer(plan.tables),
      let execution = buffer(plan.execution), let imageBuffer = buffer(image.count)
    else { return nil }
    image.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress { imageBuffer.contents().copyMemory(from: start, byteCount: bytes.count) }
    }
    let whole = TiledRegion.Block(offset: 0, width: image.count, pitch: 0, rows: 1)
    guard (try? DeviceCopies.publish(whole, of: imageBuffer)) != nil else { return nil }
    self.plan = plan
    self.records = records
    self.status = status
    self.state = state
    self.memory = memory
    self.tables = tables
    self.execution = execution
    self.image = imageBuffer
    self.isPoisoned = isPoisoned && device.hasUnifiedMemory
    poisonAll()
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
