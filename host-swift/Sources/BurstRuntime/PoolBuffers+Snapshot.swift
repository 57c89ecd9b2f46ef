import BurstProtocol
import Foundation
import Metal

/// Whole instances, out of the tiled regions and into them.
extension PoolBuffers {
  /// Makes all that `instance(_:isSuspended:)` reads known to the host.
  func fetchInstances(suspended: [UInt32]) throws {
    try fetchMemorySizes(of: everyInstance)
    try forEachInstanceBlock(areSuspended: !suspended.isEmpty, DeviceCopies.fetch)
  }

  /// After `fetchInstances`.
  func instance(_ instance: Int, isSuspended: Bool) throws -> SnapshotInstance {
    func bytes(_ region: TiledRegion, _ buffer: any MTLBuffer, _ address: Int, _ length: Int) -> Data {
      var bytes = Data(count: length)
      bytes.withUnsafeMutableBytes { region.gather(from: buffer.contents(), instance: instance, address: address, into: $0) }
      return bytes
    }
    var status = bytes(plan.status, self.status, 0, SnapshotInstance.statusBytes)
    // What a cancelled invocation left is none of the restored pool's.
    if !isSuspended { status.replaceSubrange(8..., with: Data(count: SnapshotInstance.statusBytes - 8)) }
    var result = SnapshotInstance(
      status: status, state: bytes(plan.state, state, 0, plan.state.bytesPerInstance),
      memory: memoryBlocks(of: instance),
      tables: bytes(plan.tables, tables, 0, plan.tables.bytesPerInstance))
    guard isSuspended else { return result }
    result.callStack = bytes(plan.execution, execution, plan.valuesBytes, try SnapshotInstance.callStackBytes(status, plan))
    result.values = bytes(plan.execution, execution, 0, try SnapshotInstance.valuesBytes(result.callStack, plan))
    result.scratch = bytes(plan.execution, execution, plan.argumentsAddress, plan.scratchBytes)
    return result
  }

  private func memoryBlocks(of instance: Int) -> [(address: Int, bytes: Data)] {
    let size = SnapshotInstance.blockBytes
    let zeros = Data(count: size)
    var block = zeros
    return stride(from: 0, to: memoryBytes(of: instance), by: size).compactMap { address in
      block.withUnsafeMutableBytes { plan.memory.gather(from: memory.contents(), instance: instance, address: address, into: $0) }
      return block == zeros ? nil : (address, block)
    }
  }

  /// Into buffers that are new; `publishInstances` then gives them to the device.
  func set(_ instance: Int, to content: SnapshotInstance) {
    func write(_ bytes: Data, _ region: TiledRegion, _ buffer: any MTLBuffer, _ address: Int) {
      bytes.withUnsafeBytes { region.scatter($0, to: buffer.contents(), instance: instance, address: address) }
    }
    write(content.status, plan.status, status, 0)
    write(content.state, plan.state, state, 0)
    for block in content.memory { write(block.bytes, plan.memory, memory, block.address) }
    write(content.tables, plan.tables, tables, 0)
    write(content.callStack, plan.execution, execution, plan.valuesBytes)
    write(content.values, plan.execution, execution, 0)
    write(content.scratch, plan.execution, execution, plan.argumentsAddress)
  }

  func publishInstances(areSuspended: Bool) throws {
    try forEachInstanceBlock(areSuspended: areSuspended, DeviceCopies.publish)
  }

  private var everyInstance: [UInt32] { Array(0..<UInt32(plan.instances)) }

  /// The memories as far as the largest reaches, by the sizes that the host knows.
  private func forEachInstanceBlock(
    areSuspended: Bool, _ copy: (TiledRegion.Block, any MTLBuffer) throws(ResponseError) -> Void
  ) throws {
    let all = plan.instances
    try copy(plan.status.block(instances: all), status)
    try copy(plan.state.block(instances: all), state)
    try copy(plan.tables.block(instances: all), tables)
    let largest = (0..<all).lazy.map { self.memoryBytes(of: $0) }.max() ?? 0
    try copy(plan.memory.block(address: 0, length: largest, instances: 0...all - 1), memory)
    if areSuspended { try copy(plan.execution.block(instances: all), execution) }
  }
}
