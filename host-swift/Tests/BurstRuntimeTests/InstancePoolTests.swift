import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

/// One at a time: they share the device, and some fill it on purpose.
@Suite("Pools", .serialized)
struct InstancePoolTests {
  private let client: TestClient
  private let device: String

  init() throws {
    client = try TestClient.initialized()
    device = try #require(TestDevice.first).id
  }

  private func pool(_ instances: Int, tileWidth: Int = 1, memoryCell: Int = 8) throws -> Int {
    let load = TestKernels.load(device, tileWidth: tileWidth, memoryCell: memoryCell)
    let module = try client.call(LoadModuleRequest.self, load).module
    let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
    let result = try client.call(CreatePoolRequest.self, .init(module: module, instances: instances, execution: execution))
    #expect(result.trap == nil && result.memoryPages == 4)
    #expect(result.bytesPerInstance == 4 * 65_536 + 768 + 32 + 8 + 8 + 28 + 8)
    return result.pool
  }

  private func invoke(_ pool: Int, _ kernel: String, _ arguments: [UInt32], instances: [Int]? = nil) throws -> (
    status: [UInt32], results: [UInt32]
  ) {
    let result = try client.call(
      InvokeRequest.self,
      .init(
        pool: pool, kernel: kernel, instances: instances, arguments: TestKernels.records(arguments), argumentBytes: 4, resultBytes: 4))
    return (TestKernels.status(result.status, arguments.count), TestKernels.words(result.results))
  }

  static let shapes = [(1, 4), (1, 8), (1, 64), (32, 4), (32, 8), (32, 16), (32, 32), (32, 64)]

  @Test("instances compute on their own arguments and keep their own state", arguments: shapes)
  func invokes(tileWidth: Int, memoryCell: Int) throws {
    let pool = try pool(100, tileWidth: tileWidth, memoryCell: memoryCell)
    let arguments = (0..<100).map(UInt32.init)
    let first = try invoke(pool, "count", arguments)
    #expect(first.results == arguments.map { 100 + $0 })
    #expect(first.status == Array(repeating: 0, count: 200))
    // Some, in an order of their own.
    #expect(try invoke(pool, "count", [1000, 2000], instances: [99, 3]).results == [1199, 2103])
    #expect(try invoke(pool, "count", [0, 0, 0], instances: [3, 4, 99]).results == [2103, 104, 1199])
    #expect(try invoke(pool, "count", [], instances: []).results == [])
  }

  @Test("a trap is one instance's: its status names it, its result is zero, the others go on")
  func traps() throws {
    let pool = try pool(3)
    let result = try invoke(pool, "divide", [10, 0, 8])
    #expect(result.results == [100, 0, 125])
    #expect(result.status == [0, 0, 2, 7, 0, 0])
    #expect(try invoke(pool, "divide", [1, 1, 1]).status == [0, 0, 0, 0, 0, 0])
  }

  @Test("memory is contiguous to the client, bounded by its current size, and grows", arguments: shapes)
  func memory(tileWidth: Int, memoryCell: Int) throws {
    let pool = try pool(40, tileWidth: tileWidth, memoryCell: memoryCell)
    let bytes = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) })
    _ = try client.call(
      WriteMemoryRequest.self,
      .init(pool: pool, writes: [.init(instance: 33, address: 13, bytes: bytes), .init(instance: 34, address: 65_535, bytes: Data([9]))]))
    let read = try client.call(
      ReadMemoryRequest.self,
      .init(
        pool: pool,
        reads: [
          .init(instance: 33, address: 13, length: 1000), .init(instance: 33, address: 0, length: 5),
          .init(instance: 32, address: 13, length: 4), .init(instance: 34, address: 65_530, length: 6),
          .init(instance: 0, address: 65_536, length: 0),
        ]))
    #expect(read.bytes == [bytes, Data([1, 2, 3, 4, 0]), Data(count: 4), Data([0, 0, 0, 0, 0, 9]), Data()])
    #expect(try invoke(pool, "load", [14], instances: [33]).results == [7])

    let beyond = ReadMemoryRequest.Parameters(pool: pool, reads: [.init(instance: 33, address: 65_530, length: 7)])
    let refusal = try #require(client.failure(ReadMemoryRequest.self, beyond))
    #expect(refusal.code == .memoryOutOfBounds)
    for part in ["33", "65530", "7 bytes", "65536"] { #expect(refusal.message.contains(part)) }
    #expect(try invoke(pool, "grow", [3], instances: [33]).results == [1])
    #expect(try client.call(ReadMemoryRequest.self, beyond).bytes == [Data(count: 7)])
    #expect(try invoke(pool, "grow", [1], instances: [33]).results == [UInt32.max])
  }

  @Test("no write is done where one of them is out of bounds")
  func writesAreAllOrNothing() throws {
    let pool = try pool(2)
    for bad in [(0, 65_536), (0, -1), (1, WireValue.maximumInteger)] {
      let writes = [
        WriteMemoryRequest.Write(instance: 0, address: 0, bytes: Data([77])), .init(instance: bad.0, address: bad.1, bytes: Data([1])),
      ]
      #expect(client.failure(WriteMemoryRequest.self, .init(pool: pool, writes: writes))?.code == .memoryOutOfBounds)
    }
    let stranger = WriteMemoryRequest.Write(instance: 2, address: 0, bytes: Data())
    #expect(client.failure(WriteMemoryRequest.self, .init(pool: pool, writes: [stranger]))?.code == .invalidParams)
    #expect(
      try client.call(ReadMemoryRequest.self, .init(pool: pool, reads: [.init(instance: 0, address: 0, length: 1)])).bytes == [Data([1])])
  }

  @Test("reset brings back state and memory of the instances named, grown memory included", arguments: shapes)
  func reset(tileWidth: Int, memoryCell: Int) throws {
    let pool = try pool(3, tileWidth: tileWidth, memoryCell: memoryCell)
    _ = try invoke(pool, "count", [5, 5, 5])
    _ = try invoke(pool, "grow", [2, 2, 2])
    let writes = (0..<3).map { WriteMemoryRequest.Write(instance: $0, address: 131_070, bytes: Data([8, 8, 8, 8])) }
    _ = try client.call(WriteMemoryRequest.self, .init(pool: pool, writes: writes))
    _ = try client.call(ResetPoolRequest.self, .init(pool: pool, instances: [1]))
    #expect(try invoke(pool, "count", [0, 0, 0]).results == [105, 100, 105])
    #expect(try invoke(pool, "grow", [2], instances: [1]).results == [1])
    let reads = (0..<3).map { ReadMemoryRequest.Read(instance: $0, address: 131_070, length: 4) }
    #expect(
      try client.call(ReadMemoryRequest.self, .init(pool: pool, reads: reads)).bytes == [
        Data([8, 8, 8, 8]), Data(count: 4), Data([8, 8, 8, 8]),
      ])
  }

  @Test("words of the state are read and written, but not the memory's size")
  func state() throws {
    let pool = try pool(5, tileWidth: 32)
    _ = try client.call(
      WriteStateRequest.self, .init(pool: pool, instances: [4, 1], word: 1, words: 1, bytes: TestKernels.records([40, 10])))
    let read = try client.call(ReadStateRequest.self, .init(pool: pool, instances: [0, 1, 4], word: 0, words: 2))
    #expect(TestKernels.words(read.bytes) == [1, 100, 1, 10, 1, 40])
    let size = WriteStateRequest.Parameters(pool: pool, instances: [0], word: 0, words: 1, bytes: Data(count: 4))
    #expect(client.failure(WriteStateRequest.self, size)?.code == .invalidParams)
    for (word, words) in [(2, 1), (-1, 1), (1, 2), (0, -1), (3, 0), (1, WireValue.maximumInteger)] {
      #expect(
        client.failure(ReadStateRequest.self, .init(pool: pool, instances: [0], word: word, words: words))?.code == .invalidParams)
    }
  }

  @Test("a pool that does not fit is refused before anything is allocated")
  func tooLarge() throws {
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device)).module
    let refusal = try #require(client.failure(CreatePoolRequest.self, .init(module: module, instances: 1 << 40)))
    #expect(refusal.code == .poolTooLarge)
    let data = try WireDecoder.decode(PoolTooLargeData.self, from: #require(refusal.data))
    #expect(data.instances == 1 << 40 && data.instancesThatFit < data.instances)
    #expect(data.bytesPerInstance == 4 * 65_536 + 65_536 + 32 + 8 + 8 + 28 + 8)
    #expect(client.failure(CreatePoolRequest.self, .init(module: module, instances: 0))?.code == .invalidParams)
  }

  @Test("a trap of instantiation is reported, and the pool does not exist")
  func instantiationTrap() throws {
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device, image: [255, 0, 0, 0])).module
    let result = try client.call(CreatePoolRequest.self, .init(module: module, instances: 2))
    #expect(result.trap == TrapReport(code: 1, function: 9))
    #expect(client.failure(ReleasePoolRequest.self, .init(pool: result.pool))?.code == .unknownPool)
  }

  @Test("wrong invocations are refused by field")
  func invalidInvocations() throws {
    let pool = try pool(2)
    func field(_ kernel: String = "count", _ instances: [Int]? = nil, bytes: Int = 8, each: Int = 4, results: Int = 4, fuel: Int? = nil)
      -> String?
    {
      let parameters = InvokeRequest.Parameters(
        pool: pool, kernel: kernel, instances: instances, arguments: Data(count: bytes), argumentBytes: each, resultBytes: results,
        fuel: fuel)
      guard let error = client.failure(InvokeRequest.self, parameters), error.code == .invalidParams else { return nil }
      return error.message.split(separator: "`").first.map(String.init)
    }
    #expect(field("absent") == "kernel")
    #expect(field("count", [0, 0]) == "instances[1]")
    #expect(field("count", [2]) == "instances[0]")
    #expect(field("count", [-1]) == "instances[0]")
    #expect(field(bytes: 7) == "arguments")
    #expect(field(bytes: 12, each: 6) == "argumentBytes")
    #expect(field(bytes: 264, each: 132) == "argumentBytes")
    #expect(field(results: -4) == "resultBytes")
    #expect(field(fuel: -1) == "fuel")
  }

  @Test("requests on one pool run in the order of arrival")
  func order() throws {
    let pool = try pool(8)
    let ids = try (0..<30).map { _ in
      try client.start(
        InvokeRequest.self,
        .init(pool: pool, kernel: "count", arguments: TestKernels.records(Array(repeating: 1, count: 8)), argumentBytes: 4, resultBytes: 4))
    }
    for (index, id) in ids.enumerated() {
      let result = try WireDecoder.decode(InvokeRequest.Result.self, from: client.wait(id))
      #expect(TestKernels.words(result.results) == Array(repeating: UInt32(101 + index), count: 8))
    }
  }

  @Test("many pools work at once, however few threads the system lends")
  func manyPools() throws {
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device)).module
    let execution = CreatePoolRequest.Execution(values: 0, callStack: 0, scratch: 256)
    let pools = try (0..<300).map { _ in
      try client.call(CreatePoolRequest.self, .init(module: module, instances: 1, execution: execution)).pool
    }
    let ids = try pools.map { pool in
      try client.start(
        InvokeRequest.self,
        .init(pool: pool, kernel: "spin", arguments: TestKernels.records([100_000]), argumentBytes: 4, resultBytes: 0))
    }
    for id in ids { #expect(throws: Never.self) { try client.wait(id) } }
  }

  @Test("progress comes between command buffers, and a running invocation can be cancelled there")
  func cancellation() throws {
    let pool = try pool(4000)
    let arguments = TestKernels.records(Array(repeating: 2_000_000, count: 4000))
    let parameters = InvokeRequest.Parameters(
      pool: pool, kernel: "spin", arguments: arguments, argumentBytes: 4, resultBytes: 0, progressToken: 5)
    let running = try client.start(InvokeRequest.self, parameters)
    let waiting = try client.start(InvokeRequest.self, parameters)
    let deadline = Date(timeIntervalSinceNow: 30)
    while client.notifications.isEmpty, Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
    #expect(!client.notifications.isEmpty)
    // The one that waits first: it must not be in the way of the other's turn.
    for id in [waiting, running] { client.notify("$/cancelRequest", .map([WireField("id", id.wireValue)])) }
    for id in [waiting, running] { #expect(throws: ResponseError.cancelled) { try client.wait(id, timeout: 20) } }
    #expect(try invoke(pool, "divide", [4], instances: [0]).results == [250])
  }

  @Test("shutdown ends work that is running")
  func shutdownEndsWork() throws {
    let pool = try pool(4000)
    let arguments = TestKernels.records(Array(repeating: 2_000_000, count: 4000))
    let running = try client.start(
      InvokeRequest.self, .init(pool: pool, kernel: "spin", arguments: arguments, argumentBytes: 4, resultBytes: 0))
    #expect(try client.call("shutdown") == .null)
    #expect(throws: ResponseError.cancelled) { try client.wait(running) }
  }
}
