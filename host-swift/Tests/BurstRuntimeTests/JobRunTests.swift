import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("More jobs than instances", .serialized)
struct JobRunTests {
  private let client: TestClient
  private let device: String

  init() throws {
    client = try TestClient.initialized()
    device = try #require(TestDevice.first).id
  }

  private func pool(_ instances: Int, tileWidth: Int = 32, memoryCell: Int = 8) throws -> Int {
    let load = TestKernels.load(device, tileWidth: tileWidth, memoryCell: memoryCell, imports: nil)
    let module = try client.call(LoadModuleRequest.self, load).module
    let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
    return try client.call(CreatePoolRequest.self, .init(module: module, instances: instances, memoryPages: 4, execution: execution)).pool
  }

  private func parameters(
    _ pool: Int, _ kernel: String, _ values: [UInt32], writes: [RunJobsRequest.Write]? = nil, reads: [RunJobsRequest.Read]? = nil,
    fuel: Int? = nil, timeLimit: Double? = nil, slice: Int? = nil, token: Int? = nil
  ) -> RunJobsRequest.Parameters {
    .init(
      pool: pool, kernel: kernel, jobs: values.count, arguments: TestKernels.records(values), argumentBytes: 4, resultBytes: 4,
      writes: writes, reads: reads, fuel: fuel, timeLimit: timeLimit, sliceFuel: slice, progressToken: token)
  }

  @Test("every job has its result, whatever the lanes, tiles and slices", arguments: [1, 32], [1, 7, 70])
  func results(tileWidth: Int, instances: Int) throws {
    let pool = try pool(instances, tileWidth: tileWidth)
    let units = (0..<500).map { UInt32($0 * 13 % 97) }
    for slice in [10, nil] {
      let result = try client.call(RunJobsRequest.self, parameters(pool, "work", units, slice: slice))
      #expect(TestKernels.words(result.results) == units)
      #expect(result.status.isEmpty)
      #expect(result.failure == nil && result.reads == nil)
      #expect(result.busyLaneSlices <= result.laneSlices && result.laneSlices > 0)
    }
  }

  private func streamed(_ pool: Int, _ units: [UInt32], first: Int, token: Int) -> RunJobsRequest.Parameters {
    .init(
      pool: pool, kernel: "work", jobs: units.count, arguments: TestKernels.records(units).prefix(first), argumentBytes: 4,
      resultBytes: 128, sliceFuel: 10, streamToken: token)
  }

  private func send(_ bytes: Data, token: Int) throws {
    client.notify(
      JobArgumentsNotification.method, try WireEncoder.encode(JobArgumentsNotification.Parameters(token: token, arguments: bytes)))
  }

  private func sentResults(token: Int) throws -> [Data] {
    try client.notifications.compactMap { message in
      guard case .notification(JobResultsNotification.method, let parameters) = message else { return nil }
      let part = try WireDecoder.decode(JobResultsNotification.Parameters.self, from: parameters)
      return part.token == token ? part.results : nil
    }
  }

  @Test("arguments arrive and results leave while jobs run, cut anywhere; what is too much is ignored", arguments: [0, 3, 4_000])
  func stream(first: Int) throws {
    let pool = try pool(70)
    let units = (0..<9_000).map { UInt32($0 * 13 % 29) }
    let records = TestKernels.records(units)
    let run = try client.start(RunJobsRequest.self, streamed(pool, units, first: first, token: 7))
    var sent = first
    for size in [1, 10, 2_001, 20_000, 40_000] {
      Thread.sleep(forTimeInterval: 0.01)
      try send(records.dropFirst(sent).prefix(size) + (size == 40_000 ? Data(repeating: 9, count: 11) : Data()), token: 7)
      sent += size
    }
    try send(Data([1, 2, 3, 4]), token: 7)
    try send(Data([1, 2, 3, 4]), token: 8)
    let result = try WireDecoder.decode(RunJobsRequest.Result.self, from: client.wait(run))
    #expect(result.status.isEmpty)
    let parts = try sentResults(token: 7)
    let results = parts.reduce(Data(), +) + result.results
    #expect(parts.count > 1 && results.count == units.count * 128)
    #expect(stride(from: 0, to: results.count, by: 128).map { TestKernels.words(Data(results[$0..<$0 + 4]))[0] } == units)
  }

  @Test("a run whose arguments do not come is cancelled, with what has ended; too many of them at once are refused")
  func streamThatEnds() throws {
    let pool = try pool(4)
    let units = Array(repeating: UInt32(3), count: 100)
    let run = try client.start(RunJobsRequest.self, streamed(pool, units, first: 42, token: 1))
    Thread.sleep(forTimeInterval: 0.1)
    client.notify(CancelRequestNotification.method, .map([WireField("id", run.wireValue)]))
    let result = try WireDecoder.decode(RunJobsRequest.Result.self, from: client.wait(run, timeout: 10))
    // Lanes that have room wait for the arguments of all of them.
    let status = TestKernels.words(result.status)
    #expect(stride(from: 0, to: 200, by: 2).map { status[$0] } == (0..<100).map { $0 < 8 ? 0 : JobStatus.notRun })
    #expect(result.failure == nil && result.seconds < 0.1)

    let many = RunJobsRequest.Parameters(
      pool: pool, kernel: "work", jobs: 2, arguments: Data(count: 12), argumentBytes: 4, resultBytes: 4, streamToken: 2)
    #expect(client.failure(RunJobsRequest.self, many)?.code == .invalidParams)
    let absurd = RunJobsRequest.Parameters(
      pool: pool, kernel: "work", jobs: .max >> 10, arguments: Data(), argumentBytes: .max >> 10, resultBytes: 4, streamToken: 3)
    let refused = try client.start(RunJobsRequest.self, absurd)
    try send(Data([1, 2, 3, 4]), token: 3)
    #expect(throws: ResponseError.self) { try client.wait(refused) }
  }

  @Test("each job finds its instance in the initial state: memory, globals and tables", arguments: [1, 32], [4, 8, 32])
  func isolation(tileWidth: Int, memoryCell: Int) throws {
    let pool = try pool(5, tileWidth: tileWidth, memoryCell: memoryCell)
    let count = try client.call(RunJobsRequest.self, parameters(pool, "count", Array(repeating: 3, count: 40)))
    #expect(TestKernels.words(count.results) == Array(repeating: 103, count: 40))
    // Grown memory is small again, and what was written beyond the first page is gone when it grows anew.
    let grow = try client.call(RunJobsRequest.self, parameters(pool, "grow", Array(repeating: 3, count: 40)))
    #expect(TestKernels.words(grow.results) == Array(repeating: 1, count: 40))
    let dirty = (0..<10).map { RunJobsRequest.Write(job: $0, address: 65_500, bytes: Data([9, 9, 9])) }
    _ = try client.call(RunJobsRequest.self, parameters(pool, "load", Array(repeating: 65_501, count: 10), writes: dirty))
    let clean = try client.call(RunJobsRequest.self, parameters(pool, "load", [65_500, 65_501, 65_502, 0, 1, 2, 3, 4]))
    #expect(TestKernels.words(clean.results) == [0, 0, 0, 1, 2, 3, 4, 0])
    let table = try client.call(RunJobsRequest.self, parameters(pool, "table", Array(repeating: 0, count: 12)))
    #expect(TestKernels.words(table.results).allSatisfy { (1000..<1005).contains($0) })
  }

  @Test("memory is written before a job and read after it; a range outside of it is that job's alone")
  func memory() throws {
    let pool = try pool(3)
    let jobs = 20
    let writes = (0..<jobs).map { RunJobsRequest.Write(job: $0, address: $0 == 5 ? 65_536 : 100, bytes: Data([UInt8($0 + 1), 7])) }
    let reads = (0..<jobs).flatMap {
      [RunJobsRequest.Read(job: $0, address: $0 == 9 ? 65_535 : 100, length: 2), RunJobsRequest.Read(job: $0, address: 0, length: 4)]
    }
    let result = try client.call(
      RunJobsRequest.self, parameters(pool, "load", Array(repeating: 100, count: jobs), writes: writes, reads: reads))
    let status = TestKernels.words(result.status)
    for job in 0..<jobs {
      let bytes = try #require(result.reads)[job * 2]
      switch job {
      case 5: #expect(status[10] == JobStatus.outOfBounds && status[11] == 0 && bytes.isEmpty)
      case 9: #expect(status[18] == JobStatus.outOfBounds && status[19] == 1 && bytes.isEmpty)
      default:
        #expect(status[job * 2] == 0 && bytes == Data([UInt8(job + 1), 7]))
        #expect(result.reads?[job * 2 + 1] == Data([1, 2, 3, 4]))
        #expect(TestKernels.words(result.results)[job] == UInt32(job + 1))
      }
    }
  }

  @Test("traps, fuel and time limits end the job that meets them")
  func limits() throws {
    let pool = try pool(4)
    let divided = try client.call(RunJobsRequest.self, parameters(pool, "divide", [10, 0, 4, 0, 5, 2]))
    #expect(TestKernels.words(divided.status) == [0, 0, 2, 7, 0, 0, 2, 7, 0, 0, 0, 0])
    #expect(TestKernels.words(divided.results) == [100, 0, 250, 0, 200, 500])
    let fuelled = try client.call(RunJobsRequest.self, parameters(pool, "work", [49, 51, 50, 500, 1], fuel: 50, slice: 7))
    #expect(TestKernels.words(fuelled.status) == [0, 0, 11, 3, 0, 0, 11, 3, 0, 0])
    let timed = try client.call(
      RunJobsRequest.self, parameters(pool, "work", [1, UInt32.max, 2, 3, 4, 5], timeLimit: 0.02, slice: 1_000_000))
    #expect(TestKernels.words(timed.status) == [0, 0, 12, 3, 0, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test("a run that is cancelled answers with what has ended, and the pool lives on")
  func cancellation() throws {
    let pool = try pool(2)
    let running = try client.start(
      RunJobsRequest.self, parameters(pool, "work", [3, UInt32.max, 4, 5, UInt32.max, 6], slice: 1_000_000, token: 1))
    let deadline = Date(timeIntervalSinceNow: 30)
    while client.notifications.count < 3, Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
    client.notify("$/cancelRequest", .map([WireField("id", running.wireValue)]))
    let result = try WireDecoder.decode(RunJobsRequest.Result.self, from: client.wait(running, timeout: 20))
    let status = TestKernels.words(result.status)
    #expect(stride(from: 0, to: 12, by: 2).map { status[$0] } == [0, JobStatus.notRun, 0, 0, JobStatus.notRun, JobStatus.notRun])
    #expect(TestKernels.words(result.results) == [3, 0, 4, 5, 0, 0])
    #expect(result.failure == nil)
    #expect(TestKernels.words(try client.call(RunJobsRequest.self, parameters(pool, "work", [7, 8, 9])).results) == [7, 8, 9])
  }

  @Test("nothing to run is an empty answer; what cannot be run is refused by field")
  func refusals() throws {
    let pool = try pool(2)
    let nothing = try client.call(RunJobsRequest.self, parameters(pool, "work", []))
    #expect(nothing.status.isEmpty && nothing.results.isEmpty && nothing.laneSlices == 0)
    func field(_ parameters: RunJobsRequest.Parameters) -> String? {
      guard let error = client.failure(RunJobsRequest.self, parameters), error.code == .invalidParams else { return nil }
      return error.message.split(separator: "`").first.map(String.init)
    }
    #expect(field(parameters(pool, "absent", [1])) == "kernel")
    #expect(field(parameters(pool, "work", [1], writes: [.init(job: 1, address: 0, bytes: Data())])) == "writes[0].job")
    #expect(
      field(parameters(pool, "work", [1, 2], reads: [.init(job: 1, address: 0, length: 1), .init(job: 0, address: 0, length: 1)]))
        == "reads[1].job")
    #expect(field(parameters(pool, "work", [1], reads: [.init(job: 0, address: -1, length: 1)])) == "reads[0]")
    #expect(
      field(.init(pool: pool, kernel: "work", jobs: 2, arguments: Data(count: 4), argumentBytes: 4, resultBytes: 4)) == "arguments")
    #expect(field(.init(pool: pool, kernel: "work", jobs: -1, arguments: Data(), argumentBytes: 4, resultBytes: 4)) == "jobs")
  }
}
