import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("The schedule of a real device", .serialized)
struct ScheduleTests {
  private let client: TestClient
  private let device: String

  init() throws {
    client = try TestClient.initialized()
    device = try #require(TestDevice.first).id
  }

  private func pool(_ instances: Int, _ settings: ScheduleSettings? = nil) throws -> Int {
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device)).module
    let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
    return try client.call(
      CreatePoolRequest.self, .init(module: module, instances: instances, execution: execution, schedule: settings)
    ).pool
  }

  /// Two instances that work until they have had `seconds` of the device.
  private func work(_ pool: Int, seconds: Double) throws -> InvokeRequest.Result {
    let endless = TestKernels.records([UInt32.max, UInt32.max])
    return try client.call(
      InvokeRequest.self,
      .init(pool: pool, kernel: "work", arguments: endless, argumentBytes: 4, resultBytes: 4, timeLimit: seconds))
  }

  private var events: [ScheduleEvent] {
    client.notifications.flatMap { message -> [ScheduleEvent] in
      guard case .notification(ScheduleNotification.method, let parameters) = message else { return [] }
      return (try? WireDecoder.decode(ScheduleNotification.Parameters.self, from: parameters))?.events ?? []
    }
  }

  private func watch(_ watching: Bool = true) throws -> Double {
    try client.call(WatchScheduleRequest.self, .init(watching: watching)).now
  }

  @Test("`sustained` is busy a third of the time, in bursts of the length that was set, and its events say so")
  func sustained() throws {
    let pool = try pool(2, ScheduleSettings(policy: .sustained, burst: 100))
    let begin = try watch()
    let result = try work(pool, seconds: 0.7)
    let end = try watch(false)
    let slices = events.filter { $0.kind == .slice && $0.pool == pool }
    let bursts = events.filter { $0.kind == .burst }
    let rests = events.filter { $0.kind == .coolDown }
    #expect(abs(slices.reduce(0) { $0 + ($1.seconds ?? 0) } - result.deviceSeconds) < 0.001)
    // A machine that others share rests more, never less. What follows the last rest has not been rested for.
    let rested = try #require(rests.map { $0.at + ($0.seconds ?? 0) }.max())
    let busy = slices.filter { $0.at < rested }.reduce(0) { $0 + ($1.seconds ?? 0) }
    #expect(busy / (rested - begin) < 0.37)
    #expect(rests.contains { ($0.seconds ?? 0) > 0.05 })
    // One slice may take long where others share the machine, but none begins in a burst that is over.
    #expect(!bursts.isEmpty)
    for burst in bursts {
      #expect(slices.allSatisfy { $0.at < burst.at || $0.at > burst.at + (burst.seconds ?? 0) || $0.at - burst.at <= 0.1 })
    }
    #expect(events.contains { $0.kind == .thermal && $0.device == device && $0.thermal?.source.isEmpty == false })
    #expect(slices.allSatisfy { $0.lanes == 2 && $0.live == 2 && $0.at >= begin && $0.at <= end })
  }

  @Test("who does not watch is told nothing, nor who does no more")
  func quiet() throws {
    let pool = try pool(2)
    _ = try work(pool, seconds: 0.05)
    #expect(events.isEmpty)
    _ = try watch()
    _ = try watch(false)
    let before = events.count
    _ = try work(pool, seconds: 0.05)
    #expect(events.count <= before + 2)
    #expect(!events.contains { $0.kind == .slice })
  }

  @Test("settings out of range are refused by field")
  func badSettings() throws {
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device)).module
    let parameters = CreatePoolRequest.Parameters(module: module, instances: 1, schedule: ScheduleSettings(burst: 1000))
    let error = client.failure(CreatePoolRequest.self, parameters)
    #expect(error?.code == .invalidParams)
    #expect(error?.message.contains("`schedule.burst`") == true)
  }

  @Test("a pool that rests is cancelled at once")
  func cancellation() throws {
    let pool = try pool(2, ScheduleSettings(policy: .sustained, burst: 1, coolDown: 60_000))
    let endless = TestKernels.records([UInt32.max, UInt32.max])
    let running = try client.start(
      InvokeRequest.self, .init(pool: pool, kernel: "work", arguments: endless, argumentBytes: 4, resultBytes: 4))
    Thread.sleep(forTimeInterval: 0.3)
    client.notify("$/cancelRequest", .map([WireField("id", running.wireValue)]))
    #expect(throws: ResponseError.cancelled) { try client.wait(running, timeout: 20) }
  }

  @Test("two pools at once have about equal shares of the device")
  func shares() throws {
    let pools = try [pool(2, ScheduleSettings(slice: 5)), pool(2, ScheduleSettings(slice: 30))]
    _ = try watch()
    let endless = TestKernels.records([UInt32.max, UInt32.max])
    let running = try pools.map {
      try client.start(
        InvokeRequest.self,
        .init(pool: $0, kernel: "work", arguments: endless, argumentBytes: 4, resultBytes: 4, timeLimit: 0.6))
    }
    for id in running { _ = try client.wait(id) }
    let slices = events.filter { $0.kind == .slice }
    // Until the first of them has had its time.
    let end = pools.compactMap { pool in slices.last { $0.pool == pool }?.at }.min() ?? 0
    let used = pools.map { pool in slices.filter { $0.pool == pool && $0.at <= end }.reduce(0) { $0 + ($1.seconds ?? 0) } }
    // A slice that took long, as others share the machine, is made up for only by those after it.
    let longest = slices.compactMap(\.seconds).max() ?? 0
    #expect(abs(used[0] - used[1]) < max(0.15, 2 * longest))
  }
}
