import BurstProtocol
import BurstTransport
import Foundation

/// The form of a snapshot (protocol/README.md, Snapshots): a header in MessagePack, the instances' bytes, a checksum.
enum Snapshot {
  static let magic = Data([0, 0x77, 0x62, 0x73, 0x6E, 0x61, 0x70, 0x0A])
  static let version: UInt32 = 1

  /// Of a pool, with the module that it is of.
  struct Header: Codable, Equatable {
    let module: ModuleIdentity
    let instances: Int
    let memoryPages: Int
    let valuesBytes: Int
    let callStackBytes: Int
    let scratchBytes: Int
    let sliceFuel: Int?
    let initial: [InitialBytes]
    let firstInstance: Int?
    let allInstances: Int?
    let invocation: WaitingInvocation?
  }

  /// An invocation in which instances wait.
  struct WaitingInvocation: Codable, Equatable {
    let purpose: Invocation.Purpose
    let kernel: String
    let resultBytes: Int
    let fuel: Int?
    let sliceFuel: Int?
    let timeLimit: Double?
    /// Ascending.
    let instances: [Int]
    /// Of each of `instances`; only with a time limit.
    let seconds: [Double]?
  }

  /// A snapshot without instances, to which they are appended; `seal` then ends it.
  static func begin(_ header: Header) throws -> Data {
    let header = MessagePackBodyCodec().encode(try WireEncoder.encode(header))
    var bytes = magic
    bytes.append(littleEndian: version)
    bytes.append(littleEndian: UInt32(header.count))
    bytes.append(header)
    return bytes
  }

  static func seal(_ bytes: inout Data) {
    bytes.append(littleEndian: Checksum.of(bytes))
  }

  /// The header, and where the instances begin and end. Throws `invalidSnapshot`.
  static func open(_ snapshot: Data) throws(ResponseError) -> (header: Header, instances: Range<Int>) {
    let checksumBytes = MemoryLayout<UInt64>.size
    var reader = SnapshotReader(snapshot)
    guard snapshot.starts(with: magic) else { throw invalid("these bytes are none") }
    _ = try reader.take(magic.count)
    let version = try reader.word()
    guard version == Self.version else { throw invalid("it has format version \(version), this host reads version \(Self.version)") }
    guard snapshot.count >= reader.position + checksumBytes else { throw invalid("it is cut short") }
    let end = snapshot.count - checksumBytes
    let checksum = snapshot.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: end, as: UInt64.self)) }
    guard checksum == Checksum.of(snapshot.prefix(end)) else { throw invalid("it is damaged or cut short: its checksum is wrong") }
    let bytes = try reader.take(Int(try reader.word()))
    do {
      let header = try WireDecoder.decode(Header.self, from: MessagePackBodyCodec().decode(bytes))
      guard reader.position <= end else { throw invalid("it is cut short") }
      return (header, reader.position..<end)
    } catch let error as ResponseError {
      throw error
    } catch {
      throw invalid("its header cannot be read: \((error as? DecodingError)?.sentence ?? "\(error)")")
    }
  }

  static func invalid(_ problem: String) -> ResponseError {
    ResponseError(.invalidSnapshot, "The snapshot cannot be restored: \(problem).")
  }
}

/// A cursor over a snapshot's bytes. Throws `invalidSnapshot` beyond their end.
struct SnapshotReader {
  private let bytes: Data
  private let end: Int
  private(set) var position: Int

  init(_ bytes: Data, range: Range<Int>? = nil) {
    // Positions count from 0, which indices of a slice do not.
    self.bytes = bytes.startIndex == 0 ? bytes : Data(bytes)
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  var remaining: Int { end - position }

  mutating func take(_ count: Int) throws(ResponseError) -> Data {
    guard count >= 0, count <= remaining else { throw Snapshot.invalid("it ends too early") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func word() throws(ResponseError) -> UInt32 {
    try take(4).withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
  }
}

extension Data {
  mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
