import BurstTransport
import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

/// `ask` of `TestKernels` calls import 0, (a, 10 a) -> r, and where r is odd import 1, (r) -> i64; its result is a + r + low and high word.
@Suite("Functions of the host", .serialized)
struct HostFunctionTests {
  private let device: String

  init() throws { device = try #require(TestDevice.first).id }

  private static let types: [HostFunctionBinding] = [
    .init(number: 0, module: "test", name: "first", parameters: [.i32, .i32], results: [.i32]),
    .init(number: 1, module: "test", name: "second", parameters: [.i32], results: [.i64]),
  ]

  private static func table(
    first: HostFunction, second: HostFunction = HostFunction { (_: HostCall, _: UInt32) in UInt64(0) }
  ) -> HostFunctionTable {
    var table = HostFunctionTable()
    table.register("test", "first", first)
    table.register("test", "second", second)
    return table
  }

  private static let adding = HostFunction { (call: HostCall, a: UInt32, b: UInt32) in a + b + UInt32(call.instance) }

  private func client(_ table: HostFunctionTable) throws -> TestClient { try TestClient.initialized(hostFunctions: table) }

  private func create(
    _ client: TestClient, _ instances: Int, tileWidth: Int = 1, image: [UInt8] = [1, 2, 3, 4], firstInstance: Int? = nil,
    _ bindings: [HostFunctionBinding]? = HostFunctionTests.types
  ) throws -> CreatePoolRequest.Result {
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device, tileWidth: tileWidth, image: image)).module
    return try client.call(
      CreatePoolRequest.self,
      .init(
        module: module, instances: instances, execution: .init(values: 256, callStack: 256, scratch: 256), hostFunctions: bindings,
        firstInstance: firstInstance))
  }

  private func ask(_ client: TestClient, _ pool: Int, _ arguments: [UInt32]) throws -> InvokeRequest.Result {
    try client.call(
      InvokeRequest.self,
      .init(
        pool: pool, kernel: "ask", instances: Array(arguments.indices), arguments: TestKernels.records(arguments), argumentBytes: 4,
        resultBytes: 4))
  }

  @Test("a function's signature is that of its body")
  func signatures() {
    var table = HostFunctionTable()
    table.register("b", "none", HostFunction { (_: HostCall) in })
    table.register("a", "all", HostFunction { (_: HostCall, a: Int32, b: UInt64, c: Float, d: Double) in (d, c, Int64(b), UInt32(a)) })
    table.register("a", "columns", HostFunction(batched: { (_: HostCalls, a: [Float]) -> [Double] in a.map(Double.init) }))
    #expect(
      table.descriptions == [
        .init(module: "a", name: "all", parameters: [.i32, .i64, .f32, .f64], results: [.f64, .f32, .i64, .i32]),
        .init(module: "a", name: "columns", parameters: [.f32], results: [.f64]),
        .init(module: "b", name: "none", parameters: [], results: []),
      ])
    table.register("b", "none", HostFunction { (_: HostCall) in Int32(1) })
    #expect(table.descriptions.last?.results == [.i32], "the last one registered is offered")
  }

  @Test("every host offers what is documented")
  func standard() throws {
    let offered = try client(.standard).call(ListHostFunctionsRequest.self, .init()).functions
    #expect(offered.map { "\($0.module).\($0.name)" } == ["wasmburst.clock_nanoseconds", "wasmburst.instance_index", "wasmburst.log"])
  }

  @Test("instances are served between launches, and the client is not asked", arguments: [1, 32])
  func served(tileWidth: Int) throws {
    // 10 a + a + instance is odd where a + instance is.
    let second = HostFunction { (_: HostCall, r: UInt32) in UInt64(r) << 32 | 5 }
    let client = try client(Self.table(first: Self.adding, second: second))
    let pool = try create(client, 40, tileWidth: tileWidth).pool
    let arguments = (0..<40).map { UInt32($0 / 3) }
    let result = try ask(client, pool, arguments)
    #expect(result.waiting == nil && result.failures == nil)
    let expected = arguments.enumerated().map { instance, a in
      let r = 11 * a + UInt32(instance)
      return r % 2 == 0 ? a + r : a + r + r + 5
    }
    #expect(TestKernels.words(result.results) == expected)
  }

  @Test("the instances of a part of a larger pool are known by their numbers in the whole, and their memory by their own")
  func firstInstance() throws {
    let seen = Locked<[Int]>([])
    let first = HostFunction { (call: HostCall, a: UInt32, _: UInt32) throws -> UInt32 in
      seen.withLock { $0.append(call.instance) }
      try call.memory.write(Data([UInt8(call.instance - 1000)]), to: 16)
      if a == 2 { _ = try call.memory.read(1 << 30, count: 1) }
      return 0
    }
    let client = try client(Self.table(first: first))
    let pool = try create(client, 3, firstInstance: 1000).pool
    let result = try ask(client, pool, [0, 1, 2])
    #expect(seen.withLock { $0 } == [1000, 1001, 1002])
    let failure = try #require(result.failures?.first)
    #expect(failure.instances == [2] && failure.message.contains("instance 1002's memory"))
    let reads = (0..<3).map { ReadMemoryRequest.Read(instance: $0, address: 16, length: 1) }
    #expect(try client.call(ReadMemoryRequest.self, .init(pool: pool, reads: reads)).bytes == [0, 1, 2].map { Data([$0]) })
    #expect(throws: ResponseError.self) { try create(client, 3, firstInstance: -1) }
  }

  @Test("a batched function gets all that wait as columns, in their order")
  func columns() throws {
    let seen = Locked<[[UInt32]]>([])
    let first = HostFunction(batched: { (calls: HostCalls, a: [UInt32], b: [UInt32]) -> [UInt32] in
      seen.withLock { $0 += [calls.instances.map(UInt32.init), a, b] }
      return zip(a, b).map { 2 * ($0 + $1) }
    })
    let client = try client(Self.table(first: first))
    let result = try ask(client, try create(client, 3).pool, [7, 8, 9])
    #expect(TestKernels.words(result.results) == [161, 184, 207])
    #expect(seen.withLock { $0 } == [[0, 1, 2], [7, 8, 9], [70, 80, 90]])
  }

  @Test("what it throws is the trap of its instance; the same texts come together")
  func failures() throws {
    let first = HostFunction { (call: HostCall, a: UInt32, _: UInt32) throws -> UInt32 in
      if a > 5 { throw HostFunctionError(a > 6 ? "far too much" : "too much") }
      return 2
    }
    let client = try client(Self.table(first: first))
    let result = try ask(client, try create(client, 5).pool, [7, 1, 6, 2, 8])
    #expect(TestKernels.words(result.status) == [13, 4, 0, 0, 13, 4, 0, 0, 13, 4])
    #expect(TestKernels.words(result.results) == [0, 3, 0, 4, 0])
    #expect(
      result.failures == [
        .init(number: 0, message: "far too much", instances: [0, 4]), .init(number: 0, message: "too much", instances: [2]),
      ])
  }

  @Test("a batched function fails calls by position, and all of them with what it throws or with a column too short")
  func batchedFailures() throws {
    let some = HostFunction(batched: { (calls: HostCalls, a: [UInt32], _: [UInt32]) -> [UInt32] in
      calls.fail(1, "not you")
      calls.fail(1, "a second text")
      return a.map { _ in 4 }
    })
    var client = try client(Self.table(first: some))
    var result = try ask(client, try create(client, 3).pool, [1, 2, 3])
    #expect(TestKernels.words(result.results) == [5, 0, 7])
    #expect(result.failures == [.init(number: 0, message: "not you", instances: [1])])

    let short = HostFunction(batched: { (_: HostCalls, _: [UInt32], _: [UInt32]) -> [UInt32] in [1] })
    client = try self.client(Self.table(first: short))
    result = try ask(client, try create(client, 2).pool, [1, 2])
    let text = "test.first (batched) returned 1 values of type i32 for 2 calls"
    #expect(result.failures == [.init(number: 0, message: text, instances: [0, 1])])
  }

  @Test("a function reads and writes the memory of the instance that calls", arguments: [1, 32])
  func memory(tileWidth: Int) throws {
    let first = HostFunction { (call: HostCall, address: UInt32, _: UInt32) throws -> UInt32 in
      let size = try call.memory.size()
      let bytes = try call.memory.read(address, count: 2)
      try call.memory.write(Data(bytes.map { $0 + UInt8(call.instance) }), to: address + 8)
      return UInt32(size / 2)
    }
    let client = try client(Self.table(first: first))
    let pool = try create(client, 34, tileWidth: tileWidth).pool
    var arguments = [UInt32](repeating: 1, count: 34)
    arguments[3] = 65_535
    arguments[5] = 65_528
    let result = try ask(client, pool, arguments)
    #expect(TestKernels.words(result.results)[33] == 32_769)
    #expect(
      result.failures == [
        .init(number: 0, message: "2 bytes at 65535 are not within the 65536 bytes of instance 3's memory", instances: [3]),
        .init(number: 0, message: "2 bytes at 65536 are not within the 65536 bytes of instance 5's memory", instances: [5]),
      ])
    let read = try client.call(
      ReadMemoryRequest.self, .init(pool: pool, reads: [0, 33, 3].map { .init(instance: $0, address: 9, length: 2) }))
    #expect(read.bytes == [Data([2, 3]), Data([2 + 33, 3 + 33]), Data([0, 0])])
  }

  @Test("imports that are not bound stay the client's")
  func mixed() throws {
    let client = try client(Self.table(first: Self.adding))
    let pool = try create(client, 2, [Self.types[0]]).pool
    let result = try ask(client, pool, [1, 2])
    // 11 is odd and asks on; 23 as well, but of instance 1.
    #expect(result.waiting == [.init(number: 1, instances: [0, 1], arguments: TestKernels.records([11, 23]))])
    let last = try client.call(
      ResumePoolRequest.self,
      .init(pool: pool, answers: [.init(number: 1, instances: [0, 1], results: TestKernels.records([1, 0, 2, 0]))]))
    #expect(TestKernels.words(last.results) == [13, 27])
  }

  @Test("start functions are served, at the beginning and at a reset, and one that fails is the pool's end with its text")
  func instantiation() throws {
    let starting: [UInt8] = [254, 0, 0, 0]
    let client = try client(
      Self.table(
        first: HostFunction { (call: HostCall, a: UInt32, _: UInt32) throws -> UInt32 in
          if a == 2 { throw HostFunctionError("no third") }
          return 10 * a
        }))
    let created = try create(client, 2, image: starting)
    #expect(created.trap == nil && created.waiting == nil)
    #expect(try client.call(ResetPoolRequest.self, .init(pool: created.pool, instances: nil)).waiting == nil)
    let counted = try client.call(
      InvokeRequest.self,
      .init(pool: created.pool, kernel: "count", arguments: TestKernels.records([1, 1]), argumentBytes: 4, resultBytes: 4))
    #expect(TestKernels.words(counted.results) == [1, 11])
    let third = try create(client, 3, image: starting)
    #expect(third.trap?.code == 13)
    #expect(third.failures == [.init(number: 0, message: "no third", instances: [2])])
  }

  @Test("a snapshot's instances that waited for the client go on with a function of the host, and the reverse is asked of the client")
  func snapshots() throws {
    let client = try client(Self.table(first: Self.adding))
    let load = TestKernels.load(device)
    let module = try client.call(LoadModuleRequest.self, load).module
    let pool = try create(client, 3, nil).pool
    #expect(try ask(client, pool, [2, 4, 6]).waiting?.count == 1)
    let snapshot = try client.call(SnapshotPoolRequest.self, .init(pool: pool)).bytes
    let restored = try client.call(RestorePoolRequest.self, .init(module: module, snapshot: snapshot, hostFunctions: Self.types))
    #expect(restored.kernel == "ask" && restored.waiting?.map(\.instances) == [[0, 1, 2]])

    // What the host serves cannot be answered, but ended.
    let answer = ResumePoolRequest.Answer(number: 0, instances: [0], results: TestKernels.records([1]))
    let refused = client.failure(ResumePoolRequest.self, .init(pool: restored.pool, answers: [answer]))
    #expect(refused?.message.hasPrefix("`answers[0].instances[0]`") == true)
    let resumed = try client.call(ResumePoolRequest.self, .init(pool: restored.pool, answers: [], failed: [1]))
    #expect(resumed.instances == [0, 1, 2] && resumed.waiting == nil)
    #expect(TestKernels.words(resumed.results) == [24, 0, 74])
  }

  @Test("what the host does not offer, or not so, is refused by name")
  func refusals() throws {
    let client = try client(Self.table(first: Self.adding))
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device)).module
    func problem(_ bindings: [HostFunctionBinding]) -> String? {
      let failure = client.failure(CreatePoolRequest.self, .init(module: module, instances: 1, hostFunctions: bindings))
      return failure?.code == .invalidParams ? failure?.message : nil
    }
    func binding(_ number: Int, _ name: String, _ parameters: [ValueType], _ results: [ValueType]) -> HostFunctionBinding {
      .init(number: number, module: "test", name: name, parameters: parameters, results: results)
    }
    #expect(problem([binding(0, "third", [.i32, .i32], [.i32])]) == "`hostFunctions[0]`: this host has no function test.third.")
    #expect(
      problem([binding(0, "first", [.i64], [.i32])])
        == "`hostFunctions[0]`: the host's function test.first is (i32, i32) -> (i32), not (i64) -> (i32).")
    #expect(problem([binding(1, "first", [.i32, .i32], [.i32])])?.contains("the records of import 1") == true)
    #expect(problem([binding(2, "first", [.i32, .i32], [.i32])])?.contains("import 2, which the module does not have") == true)
    #expect(problem([Self.types[0], Self.types[0]])?.hasPrefix("`hostFunctions[1]`") == true)
    let restore = RestorePoolRequest.Parameters(module: module, snapshot: Data(), hostFunctions: [binding(0, "third", [], [])])
    #expect(client.failure(RestorePoolRequest.self, restore)?.message.contains("no function test.third") == true)
  }

  @Test("a cancelled request ends instances that a function of the host keeps going")
  func cancellation() throws {
    // Odd for ever: `work` never calls, so the function itself is what lasts.
    let begun = DispatchSemaphore(value: 0)
    let first = HostFunction(batched: { (_: HostCalls, a: [UInt32], _: [UInt32]) -> [UInt32] in
      begun.signal()
      Thread.sleep(forTimeInterval: 0.2)
      return a
    })
    let client = try client(Self.table(first: first))
    let pool = try create(client, 1).pool
    let id = try client.start(
      InvokeRequest.self,
      .init(pool: pool, kernel: "ask", arguments: TestKernels.records([2]), argumentBytes: 4, resultBytes: 4))
    begun.wait()
    client.notify(CancelRequestNotification.method, try WireEncoder.encode(CancelRequestNotification.Parameters(id: id)))
    #expect(throws: ResponseError.self) { try client.wait(id) }
    #expect(TestKernels.words(try ask(client, pool, [4]).results) == [8])
  }

  @Test("there is an end to the texts that an answer has of failures")
  func manyTexts() throws {
    var failures = FailureTexts()
    failures.add(String(repeating: "é", count: 5000), import: 0, of: 20_000)
    for lane in 0..<10_050 { failures.add("text \(lane)", import: 0, of: lane) }
    let report = try #require(failures.ofInstances)
    #expect(report.count == 10_001)
    #expect(report.filter { $0.instances.count == 51 }.map(\.message) == ["one of more than 10000 different texts, too many to keep"])
    #expect(report.allSatisfy { $0.message.unicodeScalars.count <= 1000 })
  }
}
