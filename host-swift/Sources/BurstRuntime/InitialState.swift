import BurstProtocol
import Foundation
import Metal

extension Instantiation {
  /// Checks that everything lies within what an instance has. Throws `invalidParams` naming the field.
  static func check(_ initial: [InitialBytes], of instances: Int, plan: PoolPlan, layout: Layout) throws(ResponseError) {
    var pages = layout.memory.map { $0.minimumPages...$0.minimumPages } ?? 0...0
    for (index, entry) in initial.enumerated() {
      let field = "initial[\(index)]"
      if entry.perInstance, entry.bytes.count % instances != 0 {
        throw invalid("\(field).bytes", "\(entry.bytes.count) bytes are no records of equal size for \(instances) instances")
      }
      let size = entry.recordBytes(instances: instances)
      let region = plan.region(entry.region)
      guard entry.address >= 0, entry.address <= region.bytesPerInstance, size <= region.bytesPerInstance - entry.address else {
        throw invalid(field, "\(size) bytes at \(entry.address) are outside of the \(entry.region)'s \(region.bytesPerInstance) bytes")
      }
      if entry.region == .state, entry.address < 4, size > 0 {
        guard entry.address == 0, size >= 4 else { throw invalid(field, "word 0, the memory's size, has to be given whole") }
        pages = try Self.pages(entry, size, plan: plan, layout: layout, field)
      }
    }
    // Memory that is not there yet has to be zero when it grows.
    for (index, entry) in initial.enumerated() where entry.region == .memory {
      let end = entry.address + entry.recordBytes(instances: instances)
      guard end <= pages.lowerBound * Layout.pageBytes else {
        throw invalid("initial[\(index)]", "ends at \(end), beyond the memory of \(pages.lowerBound) pages that an instance begins with")
      }
    }
  }

  /// The least and the greatest of word 0.
  private static func pages(
    _ entry: InitialBytes, _ size: Int, plan: PoolPlan, layout: Layout, _ field: String
  ) throws(ResponseError) -> ClosedRange<Int> {
    let words = entry.bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: size).map { Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))) }
    }
    let allowed = (layout.memory?.minimumPages ?? 0)...plan.memoryPages
    guard let least = words.min(), let most = words.max(), allowed.contains(least), allowed.contains(most) else {
      throw invalid("\(field).bytes", "word 0, the memory's size in pages, must be \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return least...most
  }

  private static func invalid(_ field: String, _ problem: String) -> ResponseError {
    ResponseError(.invalidParams, "`\(field)`: \(problem).")
  }
}

extension InitialBytes {
  func recordBytes(instances: Int) -> Int { perInstance ? bytes.count / instances : bytes.count }
}

extension PoolPlan {
  func region(_ name: InitialBytes.Region) -> TiledRegion {
    switch name {
    case .state: state
    case .memory: memory
    case .tables: tables
    }
  }
}

extension PoolBuffers {
  /// Into regions that are zero. `numberOf`: the number that a lane goes by; of what differs from instance to instance it gets its own,
  /// and from as many on as there are instances in all they begin again.
  func write(_ instantiation: Instantiation, to instances: [UInt32], numberOf: (UInt32) -> Int) throws {
    let count = instantiation.numbers.count
    for entry in instantiation.initial {
      let region = plan.region(entry.region)
      let buffer = buffer(of: entry.region)
      let size = entry.recordBytes(instances: count)
      guard let block = block(region, address: entry.address, length: size, instances) else { continue }
      // The block has other instances' bytes as well, and perhaps some of the same cells.
      try DeviceCopies.fetch(block, of: buffer)
      entry.bytes.withUnsafeBytes { bytes in
        for lane in instances {
          let start = entry.perInstance ? numberOf(lane) % count * size : 0
          region.scatter(
            UnsafeRawBufferPointer(rebasing: bytes[start..<start + size]), to: buffer.contents(), instance: Int(lane),
            address: entry.address)
        }
      }
      try DeviceCopies.publish(block, of: buffer)
    }
  }

  private func buffer(of region: InitialBytes.Region) -> any MTLBuffer {
    switch region {
    case .state: state
    case .memory: memory
    case .tables: tables
    }
  }
}
