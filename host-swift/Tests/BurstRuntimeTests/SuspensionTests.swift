import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("Suspended instances", .serialized)
struct SuspensionTests {
  private let client: TestClient
  private let device: String

  init() throws {
    client = try TestClient.initialized()
    device = try #require(TestDevice.first).id
  }

  private func pool(_ instances: Int, tileWidth: Int = 1) throws -> Int {
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device, tileWidth: tileWidth)).module
    let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
    return try client.call(CreatePoolRequest.self, .init(module: module, instances: instances, execution: execution)).pool
  }

  private func work(_ pool: Int, _ units: [UInt32], instances: [Int]? = nil, fuel: Int? = nil, timeLimit: Double? = nil, slice: Int? = nil)
    throws -> InvokeRequest.Result
  {
    try client.call(
      InvokeRequest.self,
      .init(
        pool: pool, kernel: "work", instances: instances, arguments: TestKernels.records(units), argumentBytes: 4, resultBytes: 4,
        fuel: fuel, timeLimit: timeLimit, sliceFuel: slice))
  }

  private func globals(_ pool: Int, _ instances: Int) throws -> [UInt32] {
    let parameters = ReadStateRequest.Parameters(pool: pool, instances: Array(0..<instances), word: 1, words: 1)
    return TestKernels.words(try client.call(ReadStateRequest.self, parameters).bytes)
  }

  @Test("instances go on until they end, whatever a launch's fuel", arguments: [1, 32], [1, 7, 100, nil])
  func slices(tileWidth: Int, slice: Int?) throws {
    let pool = try pool(70, tileWidth: tileWidth)
    let units = (0..<70).map { UInt32($0 * 13 % 97) }
    let result = try work(pool, units, slice: slice)
    #expect(TestKernels.words(result.results) == units)
    #expect(result.status.isEmpty)
    #expect(try globals(pool, 70) == units.map { 100 + $0 })
    // Nothing is left of it for the next.
    let some = try work(pool, [5, 0, 9], instances: [69, 2, 0], slice: slice)
    #expect(TestKernels.words(some.results) == [5, 0, 9])
  }

  @Test("the fuel limit is that of all launches together, to the unit", arguments: [1, 7, 50, nil])
  func fuelLimit(slice: Int?) throws {
    let pool = try pool(3, tileWidth: 32)
    for _ in 0..<2 {
      let result = try work(pool, [49, 50, 51], fuel: 50, slice: slice)
      #expect(TestKernels.words(result.status) == [0, 0, 0, 0, 11, 3])
      #expect(TestKernels.words(result.results) == [49, 50, 0])
    }
    #expect(try globals(pool, 3) == [198, 200, 200])
  }

  @Test("beyond the time limit an instance ends with a trap in the function that it was in; the others have their results")
  func timeLimit() throws {
    let pool = try pool(2, tileWidth: 32)
    let endless = UInt32.max
    let result = try work(pool, [endless, 10], timeLimit: 0.02, slice: 1_000_000)
    #expect(TestKernels.words(result.status) == [12, 3, 0, 0])
    #expect(TestKernels.words(result.results) == [0, 10])
    #expect(result.deviceSeconds > 0.02 && result.deviceSeconds < 5)
    #expect(TestKernels.words(try work(pool, [5, 5], timeLimit: 100).results) == [5, 5])
  }

  @Test("an invocation that never ends is cancelled between its launches, and the pool lives on")
  func cancellation() throws {
    let pool = try pool(2)
    let endless = TestKernels.records([UInt32.max, UInt32.max])
    let running = try client.start(
      InvokeRequest.self,
      .init(pool: pool, kernel: "work", arguments: endless, argumentBytes: 4, resultBytes: 4, sliceFuel: 1, progressToken: 1))
    let deadline = Date(timeIntervalSinceNow: 30)
    while client.notifications.isEmpty, Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
    client.notify("$/cancelRequest", .map([WireField("id", running.wireValue)]))
    #expect(throws: ResponseError.cancelled) { try client.wait(running, timeout: 20) }
    #expect(TestKernels.words(try work(pool, [3, 4]).results) == [3, 4])
  }

  @Test("limits that mean nothing are refused by field")
  func badLimits() throws {
    let pool = try pool(1)
    func field(timeLimit: Double? = nil, slice: Int? = nil) -> String? {
      let parameters = InvokeRequest.Parameters(
        pool: pool, kernel: "work", arguments: Data(count: 4), argumentBytes: 4, resultBytes: 4, timeLimit: timeLimit, sliceFuel: slice)
      guard let error = client.failure(InvokeRequest.self, parameters), error.code == .invalidParams else { return nil }
      return error.message.split(separator: "`").first.map(String.init)
    }
    for slice in [0, -1, 1 << 32] { #expect(field(slice: slice) == "sliceFuel") }
    for limit in [0, -1.5] { #expect(field(timeLimit: limit) == "timeLimit") }
  }
}
