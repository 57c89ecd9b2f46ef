import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("Initial state that the client gives", .serialized)
struct InitialStateTests {
  private let client: TestClient
  private let device: String

  init() throws {
    client = try TestClient.initialized()
    device = try #require(TestDevice.first).id
  }

  private func parameters(
    _ initial: [InitialBytes], instances: Int = 3, tileWidth: Int = 1, firstInstance: Int? = nil, allInstances: Int? = nil
  ) throws -> CreatePoolRequest.Parameters {
    // This image's instantiation leaves everything as it is.
    let load = TestKernels.load(device, tileWidth: tileWidth, image: [253, 0, 0, 0])
    let module = try client.call(LoadModuleRequest.self, load).module
    return .init(
      module: module, instances: instances, execution: .init(values: 256, callStack: 256, scratch: 256), initial: initial,
      firstInstance: firstInstance, allInstances: allInstances)
  }

  private func results(_ pool: Int, _ kernel: String, _ argument: UInt32) throws -> [UInt32] {
    let arguments = TestKernels.records([argument, argument, argument])
    let parameters = InvokeRequest.Parameters(pool: pool, kernel: kernel, arguments: arguments, argumentBytes: 4, resultBytes: 4)
    return TestKernels.words(try client.call(InvokeRequest.self, parameters).results)
  }

  @Test("records for all and records of each are there before instantiation and after every reset", arguments: [1, 32])
  func applied(tileWidth: Int) throws {
    let initial = [
      InitialBytes(region: .state, address: 0, bytes: TestKernels.records([2]), perInstance: false),
      InitialBytes(region: .state, address: 4, bytes: TestKernels.records([10, 20, 30]), perInstance: true),
      InitialBytes(region: .memory, address: 131_071, bytes: Data([7]), perInstance: false),
      InitialBytes(region: .memory, address: 3, bytes: Data([1, 0, 2, 0, 3, 0]), perInstance: true),
      InitialBytes(region: .tables, address: 4, bytes: TestKernels.records([50, 60, 70]), perInstance: true),
    ]
    let pool = try client.call(CreatePoolRequest.self, parameters(initial, tileWidth: tileWidth)).pool
    func check(counted: [UInt32]) throws {
      #expect(try results(pool, "count", 1) == counted)
      #expect(try results(pool, "load", 131_071) == [7, 7, 7])
      #expect(try results(pool, "load", 3) == [1, 2, 3])
      #expect(try results(pool, "table", 1) == [50, 60, 70])
      #expect(try results(pool, "table", 0) == [0, 0, 0])
    }
    try check(counted: [11, 21, 31])
    let write = WriteMemoryRequest.Write(instance: 1, address: 3, bytes: Data([99, 99]))
    _ = try client.call(WriteMemoryRequest.self, .init(pool: pool, writes: [write]))
    #expect(try results(pool, "grow", 1) == [2, 2, 2])
    _ = try client.call(ResetPoolRequest.self, .init(pool: pool, instances: [1]))
    try check(counted: [12, 21, 32])
    _ = try client.call(ResetPoolRequest.self, .init(pool: pool, instances: nil))
    try check(counted: [11, 21, 31])
    #expect(try results(pool, "grow", 2) == [2, 2, 2])
  }

  @Test("instances of a part get what is theirs in the whole, also after a reset and a restore; jobs get what is theirs by number")
  func part() throws {
    let table = InitialBytes(region: .tables, address: 4, bytes: TestKernels.records([50, 60, 70, 80, 90, 100]), perInstance: true)
    let pages = InitialBytes(region: .state, address: 0, bytes: TestKernels.records([1]), perInstance: false)
    let parameters = try parameters([pages, table], firstInstance: 2, allInstances: 6)
    let pool = try client.call(CreatePoolRequest.self, parameters).pool
    #expect(try results(pool, "table", 1) == [70, 80, 90])
    func jobs(_ numbers: [Int]?) -> RunJobsRequest.Parameters {
      RunJobsRequest.Parameters(
        pool: pool, kernel: "table", jobs: 8, arguments: TestKernels.records(Array(repeating: 1, count: 8)), argumentBytes: 4,
        resultBytes: 4, numbers: numbers)
    }
    func run(numbers: [Int]?) throws -> [UInt32] {
      TestKernels.words(try client.call(RunJobsRequest.self, jobs(numbers)).results)
    }
    #expect(try run(numbers: nil) == [50, 60, 70, 80, 90, 100, 50, 60])
    #expect(try run(numbers: [9, 5, 0, 1, 2, 600, 4, 3]) == [80, 100, 50, 60, 70, 50, 90, 80])
    let snapshot = try client.call(SnapshotPoolRequest.self, .init(pool: pool)).bytes
    let restored = try client.call(RestorePoolRequest.self, .init(module: parameters.module, snapshot: snapshot)).pool
    for pool in [pool, restored] {
      _ = try client.call(ResetPoolRequest.self, .init(pool: pool, instances: nil))
      #expect(try results(pool, "table", 1) == [70, 80, 90])
    }
    // Functions of the host get the numbers, some as 32 bits.
    for number in [-1, Int(Int32.max) + 1] {
      let refused = client.failure(RunJobsRequest.self, jobs([number, 1, 2, 3, 4, 5, 6, 7]))
      #expect(refused?.code == .invalidParams && refused?.message.contains("numbers") == true)
    }
    for (first, all) in [(-1, 6), (4, 6), (2, Int(Int32.max) + 1), (Int(Int32.max), nil)] {
      let refused = try self.parameters([], firstInstance: first, allInstances: all)
      #expect(client.failure(CreatePoolRequest.self, refused)?.code == .invalidParams)
    }
  }

  @Test("what lies outside of an instance, or makes its memory too large, is refused by field")
  func refused() throws {
    func field(_ initial: InitialBytes...) throws -> String? {
      guard let error = client.failure(CreatePoolRequest.self, try parameters(initial)), error.code == .invalidParams else { return nil }
      return error.message.split(separator: "`").first.map(String.init)
    }
    func entry(_ region: InitialBytes.Region, _ address: Int, _ bytes: Data, perInstance: Bool = false) -> InitialBytes {
      InitialBytes(region: region, address: address, bytes: bytes, perInstance: perInstance)
    }
    #expect(try field(entry(.state, 8, Data([1]))) == "initial[0]")
    #expect(try field(entry(.state, -1, Data([1]))) == "initial[0]")
    #expect(try field(entry(.tables, 4, Data(count: 5))) == "initial[0]")
    #expect(try field(entry(.tables, WireValue.maximumInteger, Data(count: 5))) == "initial[0]")
    #expect(try field(entry(.tables, 0, Data()), entry(.state, 4, Data(count: 4), perInstance: true)) == "initial[1].bytes")
    #expect(try field(entry(.state, 2, Data(count: 4))) == "initial[0]")
    #expect(try field(entry(.state, 0, Data(count: 3))) == "initial[0]")
    #expect(try field(entry(.state, 0, TestKernels.records([5]))) == "initial[0].bytes")
    #expect(try field(entry(.state, 0, TestKernels.records([0]))) == "initial[0].bytes")
    #expect(try field(entry(.state, 0, TestKernels.records([1, UInt32.max, 1]), perInstance: true)) == "initial[0].bytes")
    // One page, unless the state says more; the least of the instances counts.
    #expect(try field(entry(.memory, 65_536, Data([1]))) == "initial[0]")
    #expect(
      try field(entry(.memory, 65_536, Data([1])), entry(.state, 0, TestKernels.records([2, 1, 2]), perInstance: true)) == "initial[0]")
    #expect(try field(entry(.memory, 65_536, Data([1])), entry(.state, 0, TestKernels.records([2]))) == nil)
  }
}
