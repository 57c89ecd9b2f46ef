import BurstProtocol
import Foundation

/// One instance's part of a snapshot: status, state, memory, tables, and of a suspended instance its frames, their values and scratch.
struct SnapshotInstance {
  var status: Data
  var state: Data
  /// The blocks that are not zero, by address: most of a memory never was touched, and is not to be when it is restored.
  var memory: [(address: Int, bytes: Data)]
  var tables: Data
  /// Headers of frames, the values that they name, and scratch; empty where the instance is not suspended.
  var callStack = Data()
  var values = Data()
  var scratch = Data()

  static let statusBytes = 32
  static let blockBytes = 4096
  private static let headerBytes = 32

  func append(to bytes: inout Data, plan: PoolPlan) {
    bytes.append(status)
    bytes.append(state)
    bytes.append(bitmap)
    for block in memory { bytes.append(block.bytes) }
    bytes.append(tables)
    bytes.append(callStack)
    bytes.append(values)
    bytes.append(scratch)
  }

  /// Throws `invalidSnapshot`.
  init(from reader: inout SnapshotReader, isSuspended: Bool, plan: PoolPlan, layout: Layout, imports: Int) throws(ResponseError) {
    status = try reader.take(Self.statusBytes)
    let suspension = Int(status.word(2))
    guard isSuspended ? (2..<2 + imports).contains(suspension) : suspension == 0 else {
      throw Snapshot.invalid("an instance's status does not agree with the invocation in progress")
    }
    state = try reader.take(plan.state.bytesPerInstance)
    let pages = Int(state.word(0))
    guard ((layout.memory?.minimumPages ?? 0)...plan.memoryPages).contains(pages) else {
      throw Snapshot.invalid("an instance's memory of \(pages) pages is not what the pool can have")
    }
    memory = []
    for (index, bits) in try reader.take(Self.bitmapBytes(pages: pages)).enumerated() where bits != 0 {
      for bit in 0..<8 where bits >> bit & 1 == 1 {
        memory.append((address: (index * 8 + bit) * Self.blockBytes, bytes: try reader.take(Self.blockBytes)))
      }
    }
    tables = try reader.take(plan.tables.bytesPerInstance)
    guard isSuspended else { return }
    callStack = try reader.take(try Self.callStackBytes(status, plan))
    values = try reader.take(try Self.valuesBytes(callStack, plan))
    scratch = try reader.take(plan.scratchBytes)
  }

  init(status: Data, state: Data, memory: [(address: Int, bytes: Data)], tables: Data) {
    self.status = status
    self.state = state
    self.memory = memory
    self.tables = tables
  }

  /// Bytes of the headers of a suspended instance's frames.
  static func callStackBytes(_ status: Data, _ plan: PoolPlan) throws(ResponseError) -> Int {
    let frames = Int(status.word(3))
    guard frames <= plan.callStackBytes / headerBytes else { throw Snapshot.invalid("an instance has \(frames) frames, more than fit") }
    return frames * headerBytes
  }

  /// Bytes up to the end of the last frame.
  static func valuesBytes(_ callStack: Data, _ plan: PoolPlan) throws(ResponseError) -> Int {
    var end = 0
    for header in stride(from: 0, to: callStack.count / 4, by: headerBytes / 4) {
      end = max(end, (Int(callStack.word(header + 2)) + Int(callStack.word(header + 3))) * 4)
    }
    guard end <= plan.valuesBytes else { throw Snapshot.invalid("a frame of an instance ends at \(end), beyond its values") }
    return end
  }

  private static func bitmapBytes(pages: Int) -> Int { pages * Layout.pageBytes / blockBytes / 8 }

  /// Which blocks of the memory follow.
  private var bitmap: Data {
    var bits = Data(count: Self.bitmapBytes(pages: Int(state.word(0))))
    for block in memory.map({ $0.address / Self.blockBytes }) { bits[block / 8] |= 1 << (block % 8) }
    return bits
  }
}

extension Data {
  func word(_ index: Int) -> UInt32 {
    withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)) }
  }
}
