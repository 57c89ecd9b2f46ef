import BurstTransport
import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("Snapshots", .serialized)
struct SnapshotTests {
  private let client: TestClient
  private let device: String

  init() throws {
    client = try TestClient.initialized()
    device = try #require(TestDevice.first).id
  }

  private func load(tileWidth: Int, memoryCell: Int = 8, identity: String? = "same", image: [UInt8] = [1, 2, 3, 4]) throws -> Int {
    let load = TestKernels.load(device, tileWidth: tileWidth, memoryCell: memoryCell, image: image, identity: identity)
    return try client.call(LoadModuleRequest.self, load).module
  }

  private func create(_ module: Int, _ instances: Int, initial: [InitialBytes]? = nil) throws -> CreatePoolRequest.Result {
    let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
    return try client.call(
      CreatePoolRequest.self, .init(module: module, instances: instances, memoryPages: 3, execution: execution, initial: initial))
  }

  private func invoke(_ pool: Int, _ kernel: String, _ arguments: [UInt32], instances: [Int]? = nil, timeLimit: Double? = nil) throws
    -> InvokeRequest.Result
  {
    try client.call(
      InvokeRequest.self,
      .init(
        pool: pool, kernel: kernel, instances: instances, arguments: TestKernels.records(arguments), argumentBytes: 4, resultBytes: 4,
        fuel: 1000, timeLimit: timeLimit, sliceFuel: 7))
  }

  private func results(_ pool: Int, _ kernel: String, _ arguments: [UInt32]) throws -> [UInt32] {
    TestKernels.words(try invoke(pool, kernel, arguments).results)
  }

  private func snapshot(_ pool: Int) throws -> Data { try client.call(SnapshotPoolRequest.self, .init(pool: pool)).bytes }

  private func restore(_ snapshot: Data, _ module: Int) throws -> RestorePoolRequest.Result {
    try client.call(RestorePoolRequest.self, .init(module: module, snapshot: snapshot))
  }

  /// Tiled one way and restored tiled another: what a restore on another device is.
  static let shapes = [((1, 8), (32, 4)), ((32, 8), (1, 8)), ((32, 4), (32, 8)), ((32, 8), (32, 64))]

  @Test("all state of idle instances is restored, whatever the tiling, and a reset knows what they began with", arguments: shapes)
  func idle(from: (Int, Int), to: (Int, Int)) throws {
    let table = InitialBytes(region: .tables, address: 4, bytes: TestKernels.records([70, 71, 72]), perInstance: true)
    let pool = try create(load(tileWidth: from.0, memoryCell: from.1), 3, initial: [table]).pool
    _ = try invoke(pool, "count", [1, 2, 3])
    _ = try invoke(pool, "grow", [1, 0, 2])
    let writes = [
      WriteMemoryRequest.Write(instance: 0, address: 70_001, bytes: Data([5, 6, 7])),
      .init(instance: 2, address: 4095, bytes: Data([8, 9])),
    ]
    _ = try client.call(WriteMemoryRequest.self, .init(pool: pool, writes: writes))
    let bytes = try snapshot(pool)
    // Memory that is zero is not written.
    #expect(bytes.count < 30_000)
    let restored = try restore(bytes, load(tileWidth: to.0, memoryCell: to.1))
    #expect(restored.instances == 3 && restored.memoryPages == 3 && restored.waiting == nil)
    for pool in [pool, restored.pool] {
      #expect(try results(pool, "count", [0, 0, 0]) == [101, 102, 103])
      #expect(try results(pool, "table", [1, 1, 1]) == [70, 71, 72])
      let reads = [ReadMemoryRequest.Read(instance: 0, address: 70_000, length: 5), .init(instance: 2, address: 4094, length: 4)]
      #expect(
        try client.call(ReadMemoryRequest.self, .init(pool: pool, reads: reads)).bytes == [Data([0, 5, 6, 7, 0]), Data([0, 8, 9, 0])])
      #expect(try results(pool, "grow", [1, 1, 1]) == [2, 1, UInt32.max])
      _ = try client.call(ResetPoolRequest.self, .init(pool: pool, instances: nil))
      #expect(try results(pool, "count", [0, 0, 0]) == [100, 100, 100])
      #expect(try results(pool, "table", [1, 1, 1]) == [70, 71, 72])
    }
  }

  @Test("instances that wait go on in the restored pool, and in the first one too", arguments: shapes)
  func waiting(from: (Int, Int), to: (Int, Int)) throws {
    let pool = try create(load(tileWidth: from.0, memoryCell: from.1), 40).pool
    let first = try invoke(pool, "ask", [7, 8, 9], instances: [35, 0, 4], timeLimit: 100)
    _ = try client.call(
      ResumePoolRequest.self,
      .init(
        pool: pool, answers: [.init(number: 0, instances: [0, 4, 35], results: TestKernels.records([11, 20, 31]))]))
    let bytes = try snapshot(pool)
    let restored = try restore(bytes, load(tileWidth: to.0, memoryCell: to.1))
    #expect(first.waiting?.first?.instances == [0, 4, 35])
    #expect(restored.waiting == [.init(number: 1, instances: [0, 35], arguments: TestKernels.records([11, 31]))])
    // The same pool makes the same bytes.
    #expect(try snapshot(restored.pool) == bytes)
    for pool in [restored.pool, pool] {
      let answers = [ResumePoolRequest.Answer(number: 1, instances: [35, 0], results: TestKernels.records([1, 2, 3, 4]))]
      let last = try client.call(ResumePoolRequest.self, .init(pool: pool, answers: answers))
      #expect(last.instances == [0, 35] && last.waiting == nil)
      #expect(TestKernels.words(last.results) == [UInt32(8 + 11 + 3 + 4), UInt32(7 + 31 + 1 + 2)])
      #expect(try results(pool, "work", Array(repeating: 12, count: 40)) == Array(repeating: 12, count: 40))
    }
  }

  @Test("a pool whose start functions wait is restored as such")
  func instantiating() throws {
    let image: [UInt8] = [254, 0, 0, 0]
    let pool = try create(load(tileWidth: 1, image: image), 2).pool
    let module = try load(tileWidth: 32, image: image)
    let restored = try restore(snapshot(pool), module)
    #expect(restored.waiting?.map(\.number) == [0])
    let answers = [ResumePoolRequest.Answer(number: 0, instances: [0, 1], results: TestKernels.records([5, 6]))]
    _ = try client.call(ResumePoolRequest.self, .init(pool: restored.pool, answers: answers))
    #expect(try results(restored.pool, "count", [0, 0]) == [5, 6])
    let again = try restore(snapshot(pool), module)
    #expect(try client.call(ResumePoolRequest.self, .init(pool: again.pool, answers: [], failed: [0, 1])).trap?.code == 13)
    #expect(client.failure(SnapshotPoolRequest.self, .init(pool: again.pool))?.code == .unknownPool)
  }

  @Test("what is no snapshot of the module is refused with the reason")
  func refusals() throws {
    let module = try load(tileWidth: 1)
    let bytes = try snapshot(create(module, 2).pool)
    func refusal(_ bytes: Data, _ module: Int) -> String? {
      let error = client.failure(RestorePoolRequest.self, .init(module: module, snapshot: bytes))
      return error?.code == .invalidSnapshot ? error?.message : nil
    }
    #expect(refusal(Data(), module)?.contains("are none") == true)
    #expect(refusal(Data("wasm".utf8), module)?.contains("are none") == true)
    var later = bytes
    later[8] = 2
    #expect(refusal(later, module)?.contains("version 2") == true)
    var damaged = bytes
    damaged[bytes.count / 2] ^= 1
    #expect(refusal(damaged, module)?.contains("checksum") == true)
    #expect(refusal(bytes.prefix(bytes.count - 1), module)?.contains("checksum") == true)
    #expect(refusal(bytes, try load(tileWidth: 1, identity: "other"))?.contains("another module") == true)
    #expect(refusal(bytes, try load(tileWidth: 1, image: [1, 2, 3, 5]))?.contains("another module") == true)
    #expect(client.failure(RestorePoolRequest.self, .init(module: 9999, snapshot: bytes))?.code == .unknownModule)
    #expect(refusal(bytes, module) == nil)
  }

  @Test("without an identity the text is the module's: another tiling is another module")
  func identity() throws {
    let bytes = try snapshot(create(load(tileWidth: 1, identity: nil), 1).pool)
    #expect(throws: Never.self) { try restore(bytes, load(tileWidth: 1, identity: nil)) }
    let other = try load(tileWidth: 32, identity: nil)
    #expect(client.failure(RestorePoolRequest.self, .init(module: other, snapshot: bytes))?.code == .invalidSnapshot)
  }

  @Test("changed bytes under a right checksum give an error or a pool, never more memory than allowed and never a crash")
  func fuzz() throws {
    let module = try load(tileWidth: 32)
    let pool = try create(module, 3).pool
    _ = try invoke(pool, "ask", [1, 2], instances: [0, 2], timeLimit: 5)
    let bytes = try snapshot(pool)
    var random = SplitMix(state: 7)
    var refused = 0
    for round in 0..<600 {
      var changed = bytes.prefix(bytes.count - 8)
      switch round % 3 {
      case 0: changed = changed.prefix(Int(random.next() % UInt64(changed.count)))
      // Most of it is memory; the header and the ends are what matters.
      case 1: for _ in 0..<3 { changed[Int(random.next() % 900)] = UInt8(truncatingIfNeeded: random.next()) }
      default: changed[Int(random.next() % UInt64(changed.count))] = [0, 1, 127, 128, 255][Int(random.next() % 5)]
      }
      changed.append(littleEndian: Checksum.of(changed))
      do {
        let restored = try restore(changed, module)
        for call in restored.waiting ?? [] { #expect(call.instances.allSatisfy((0..<restored.instances).contains)) }
        _ = try client.call(ReleasePoolRequest.self, .init(pool: restored.pool))
      } catch let error as ResponseError {
        refused += 1
        #expect([.invalidSnapshot, .poolTooLarge].contains(error.code), "\(error)")
      }
    }
    #expect(refused > 250)
    #expect(throws: Never.self) { try restore(bytes, module) }
  }

  private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }
}

@Suite("Checksum")
struct ChecksumTests {
  @Test("is CRC-64/XZ: its check value is known")
  func checkValue() {
    #expect(Checksum.of(Data("123456789".utf8)) == 0x995D_C9BB_DF19_39FA)
    #expect(Checksum.of(Data()) == 0)
  }
}
