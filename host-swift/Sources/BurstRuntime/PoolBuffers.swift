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

  /// Smallest buffer that may be bound (docs/kernel-abi.md).
  private static let minimumLength = 16

  /// `nil` where the device has no memory left in spite of its limits.
  init?(_ plan: PoolPlan, image: Data, device: any MTLDevice) {
    func buffer(_ length: Int) -> (any MTLBuffer)? {
      device.makeBuffer(length: max(length, Self.minimumLength), options: .storageModeShared)
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
    self.plan = plan
    self.lanes = lanes
    self.status = status
    self.state = state
    self.memory = memory
    self.tables = tables
    self.execution = execution
    self.image = imageBuffer
  }

  /// Records in the order of `instances` to `address` of each instance's execution buffer.
  func scatterRecords(_ records: Data, bytesEach: Int, to instances: [UInt32], address: Int) {
    guard bytesEach > 0 else { return }
    let base = execution.contents()
    records.withUnsafeBytes { bytes in
      for (index, instance) in instances.enumerated() {
        plan.execution.scatter(
          UnsafeRawBufferPointer(rebasing: bytes[index * bytesEach..<(index + 1) * bytesEach]), to: base,
          instance: Int(instance), address: address)
      }
    }
  }

  /// The first two words of each status, and the records at `address` of the execution buffers, zero where a trap is set.
  func gatherResults(bytesEach: Int, from instances: [UInt32], address: Int) -> (status: Data, results: Data) {
    var statusWords = Data(count: instances.count * 8)
    var results = Data(count: instances.count * bytesEach)
    let statusBase = status.contents()
    let base = execution.contents()
    statusWords.withUnsafeMutableBytes { words in
      results.withUnsafeMutableBytes { bytes in
        for (index, lane) in instances.enumerated() {
          let instance = Int(lane)
          plan.status.gather(
            from: statusBase, instance: instance, address: 0,
            into: UnsafeMutableRawBufferPointer(rebasing: words[index * 8..<index * 8 + 8]))
          let trapped = plan.status.word(0, of: instance, in: statusBase) != 0
          if trapped || bytesEach == 0 { continue }
          plan.execution.gather(
            from: base, instance: instance, address: address,
            into: UnsafeMutableRawBufferPointer(rebasing: bytes[index * bytesEach..<(index + 1) * bytesEach]))
        }
      }
    }
    return (statusWords, results)
  }

  /// Before a run: what an earlier one that was cut off left must not be resumed.
  func clearSuspension(of lanes: [UInt32]) {
    let base = status.contents()
    for lane in lanes {
      plan.status.setWord(2, of: Int(lane), in: base, to: 0)
      plan.status.setWord(3, of: Int(lane), in: base, to: 0)
    }
  }

  /// Those that ran out of fuel and wait for the next launch.
  func suspended(_ lanes: [UInt32]) -> [UInt32] {
    let base = status.contents()
    return lanes.filter { plan.status.word(2, of: Int($0), in: base) != 0 }
  }

  /// Turns suspension into the trap `fuel exhausted`; the kernel left the function in the second word.
  func trapSuspended(_ lanes: [UInt32]) {
    let base = status.contents()
    for lane in lanes { plan.status.setWord(0, of: Int(lane), in: base, to: Self.fuelExhausted) }
  }

  /// The trap's code (docs/kernel-abi.md, Status).
  private static let fuelExhausted: UInt32 = 11

  /// The current size of an instance's memory in bytes.
  func memoryBytes(of instance: Int) -> Int {
    // A kernel wrote the word; what it may reach is bounded by what was allocated, whatever it says.
    min(Int(plan.state.word(0, of: instance, in: state.contents())), plan.memoryPages) * Layout.pageBytes
  }

  /// Zeroes what the instantiating kernel does not write: memory beyond segments, state, tables.
  func clear(_ instances: [UInt32]) {
    for lane in instances {
      let instance = Int(lane)
      plan.memory.clear(memory.contents(), instance: instance, length: memoryBytes(of: instance))
      plan.state.clear(state.contents(), instance: instance, length: plan.state.bytesPerInstance)
      plan.tables.clear(tables.contents(), instance: instance, length: plan.tables.bytesPerInstance)
    }
  }
}
