import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

/// `ask` of `TestKernels` calls import 0, (a, 10 a) -> r, and where r is odd import 1, (r) -> i64; its result is a + r + low and high word.
@Suite("Jobs that call imports", .serialized)
struct JobCallsTests {
  private let device: String

  init() throws { device = try #require(TestDevice.first).id }

  private static let bindings: [HostFunctionBinding] = [
    .init(number: 0, module: "test", name: "first", parameters: [.i32, .i32], results: [.i32]),
    .init(number: 1, module: "test", name: "second", parameters: [.i32], results: [.i64]),
  ]

  private func pool(
    _ client: TestClient, _ instances: Int, tileWidth: Int = 32, image: [UInt8] = [1, 2, 3, 4], bindings: [HostFunctionBinding]? = nil
  ) throws -> Int {
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device, tileWidth: tileWidth, image: image)).module
    let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
    let created = try client.call(
      CreatePoolRequest.self, .init(module: module, instances: instances, execution: execution, hostFunctions: bindings))
    guard let waiting = created.waiting else { return created.pool }
    let answers = waiting.map { answer($0) { _ in [0] } }
    _ = try client.call(ResumePoolRequest.self, .init(pool: created.pool, answers: answers))
    return created.pool
  }

  private func jobs(
    _ pool: Int, _ kernel: String, _ values: [UInt32], writes: [RunJobsRequest.Write]? = nil, numbers: [Int]? = nil
  ) -> RunJobsRequest.Parameters {
    .init(
      pool: pool, kernel: kernel, jobs: values.count, arguments: TestKernels.records(values), argumentBytes: 4, resultBytes: 4,
      writes: writes, numbers: numbers)
  }

  private func answer(_ calls: WaitingCalls, _ serve: ([UInt32]) -> [UInt32]) -> ResumePoolRequest.Answer {
    let words = TestKernels.words(calls.arguments)
    let size = words.count / calls.instances.count
    let results = calls.instances.indices.flatMap { serve(Array(words[$0 * size..<($0 + 1) * size])) }
    return .init(number: calls.number, instances: calls.instances, results: TestKernels.records(results))
  }

  /// What the client of these tests answers: even for every third argument.
  private static func first(_ a: UInt32) -> UInt32 { a % 3 == 0 ? 2 * a : 2 * a + 1 }
  private static func serve(_ number: Int, _ words: [UInt32]) -> [UInt32] {
    number == 0 ? [first(words[0]) + words[1] - 10 * words[0]] : [words[0] + 5, 7]
  }
  private static func result(_ a: UInt32) -> UInt32 {
    let r = first(a)
    return r % 2 == 0 ? a + r : a + r + (r + 5) + 7
  }

  /// Answers until the run has ended; `seen` gets every round.
  private func finish(
    _ client: TestClient, _ pool: Int, _ first: RunJobsRequest.Result, seen: ([WaitingCalls]) -> Void = { _ in }
  ) throws -> RunJobsRequest.Result {
    var result = first
    while let waiting = result.waiting {
      #expect(result.status.isEmpty && result.results.isEmpty && result.reads == nil)
      seen(waiting)
      let answers = waiting.map { calls in answer(calls) { Self.serve(calls.number, $0) } }
      result = try client.call(ResumeRunRequest.self, .init(pool: pool, answers: answers))
    }
    return result
  }

  @Test("every job has its result, whatever the lanes and tiles, and calls name their jobs", arguments: [1, 32], [1, 7, 70])
  func results(tileWidth: Int, instances: Int) throws {
    let client = try TestClient.initialized()
    let pool = try pool(client, instances, tileWidth: tileWidth)
    let values = (0..<200).map { UInt32($0 * 13 % 97) }
    var calls = Array(repeating: 0, count: values.count)
    let result = try finish(client, pool, try client.call(RunJobsRequest.self, jobs(pool, "ask", values))) { waiting in
      for call in waiting {
        let numbers = call.jobs ?? []
        #expect(numbers == numbers.sorted() && numbers.count == call.instances.count)
        for (index, job) in numbers.enumerated() {
          calls[job] += 1
          let word = TestKernels.words(call.arguments)[call.number == 0 ? index * 2 : index]
          #expect(word == (call.number == 0 ? values[job] : Self.first(values[job])))
        }
      }
    }
    #expect(TestKernels.words(result.results) == values.map(Self.result))
    #expect(result.status.isEmpty && result.failure == nil && result.reasons == nil)
    #expect(calls == values.map { Self.first($0) % 2 == 0 ? 1 : 2 })
  }

  @Test("a call that the client fails ends its job alone, and its lane gets the next")
  func failed() throws {
    let client = try TestClient.initialized()
    let pool = try pool(client, 3)
    let values = (0..<20).map { UInt32($0 * 3) }
    var result = try client.call(RunJobsRequest.self, jobs(pool, "ask", values))
    while let waiting = result.waiting {
      let failed = waiting.flatMap { calls in zip(calls.instances, calls.jobs ?? []).filter { $0.1 % 4 == 1 }.map(\.0) }
      let answers = waiting.compactMap { calls -> ResumePoolRequest.Answer? in
        let all = answer(calls) { Self.serve(calls.number, $0) }
        let kept = zip(all.instances, TestKernels.words(all.results)).filter { !failed.contains($0.0) }
        return .init(number: calls.number, instances: kept.map(\.0), results: TestKernels.records(kept.map(\.1)))
      }
      result = try client.call(ResumeRunRequest.self, .init(pool: pool, answers: answers, failed: failed))
    }
    let status = TestKernels.words(result.status)
    for (job, value) in values.enumerated() {
      #expect(status[job * 2] == (job % 4 == 1 ? HostTrap.hostFunctionFailed.rawValue : 0))
      #expect(TestKernels.words(result.results)[job] == (job % 4 == 1 ? 0 : Self.result(value)))
    }
  }

  @Test("a start function that calls is answered for every job before it begins, and before its memory is written", arguments: [1, 32])
  func starts(tileWidth: Int) throws {
    let client = try TestClient.initialized()
    let pool = try pool(client, 4, tileWidth: tileWidth, image: [254, 0, 0, 0])
    let count = 30
    let writes = (0..<count).map { RunJobsRequest.Write(job: $0, address: $0 == 11 ? 65_536 : 8, bytes: Data([UInt8($0)])) }
    for kernel in ["count", "load"] {
      let values = (0..<count).map { kernel == "count" ? UInt32($0) : 8 }
      var result = try client.call(RunJobsRequest.self, jobs(pool, kernel, values, writes: writes))
      var started: [Int] = []
      while let waiting = result.waiting {
        #expect(waiting.map(\.number) == [0])
        let numbers = waiting[0].jobs ?? []
        started += numbers
        let answers = ResumePoolRequest.Answer(
          number: 0, instances: waiting[0].instances, results: TestKernels.records(numbers.map { UInt32(1000 * $0) }))
        // The start function of job 5 fails.
        let failed = zip(numbers, waiting[0].instances).filter { $0.0 == 5 }.map(\.1)
        let kept = zip(numbers, waiting[0].instances).filter { $0.0 != 5 }
        let others = ResumePoolRequest.Answer(
          number: 0, instances: kept.map(\.1), results: TestKernels.records(kept.map { UInt32(1000 * $0.0) }))
        result = try client.call(
          ResumeRunRequest.self, .init(pool: pool, answers: [failed.isEmpty ? answers : others], failed: failed))
      }
      #expect(started.sorted() == Array(0..<count))
      let status = TestKernels.words(result.status)
      let results = TestKernels.words(result.results)
      for job in 0..<count {
        switch job {
        case 5: #expect(status[10] == HostTrap.hostFunctionFailed.rawValue && results[5] == 0)
        case 11: #expect(status[22] == JobStatus.outOfBounds && status[23] == 0)
        default: #expect(status[job * 2] == 0 && results[job] == (kernel == "count" ? UInt32(1001 * job) : UInt32(job)))
        }
      }
    }
  }

  @Test("while a run waits nothing else runs in the pool, memory is open, and a stop answers with what has ended")
  func waiting() throws {
    let client = try TestClient.initialized()
    let pool = try pool(client, 2)
    // 0 asks only once: its job has ended when the others ask for the second time.
    var result = try client.call(RunJobsRequest.self, jobs(pool, "ask", [0, 1, 2, 4]))
    #expect(result.waiting?[0].jobs == [0, 1])
    let invocation = InvokeRequest.Parameters(
      pool: pool, kernel: "count", arguments: TestKernels.records([1, 1]), argumentBytes: 4, resultBytes: 4)
    #expect(client.failure(InvokeRequest.self, invocation)?.code == .invocationWaiting)
    #expect(client.failure(RunJobsRequest.self, jobs(pool, "ask", [1]))?.code == .invocationWaiting)
    #expect(client.failure(ResetPoolRequest.self, .init(pool: pool, instances: nil))?.code == .invocationWaiting)
    #expect(client.failure(SnapshotPoolRequest.self, .init(pool: pool))?.code == .invocationWaiting)
    #expect(client.failure(ResumePoolRequest.self, .init(pool: pool, answers: []))?.code == .invalidParams)
    let read = try client.call(ReadMemoryRequest.self, .init(pool: pool, reads: [.init(instance: 1, address: 0, length: 2)]))
    #expect(read.bytes == [Data([1, 2])])

    func field(_ answers: [ResumePoolRequest.Answer], failed: [Int]? = nil) -> String? {
      guard let error = client.failure(ResumeRunRequest.self, .init(pool: pool, answers: answers, failed: failed)),
        error.code == .invalidParams
      else { return nil }
      return error.message.split(separator: "`").first.map(String.init)
    }
    #expect(field([]) == "answers")
    #expect(field([.init(number: 1, instances: [0, 1], results: Data(count: 16))]) == "answers[0].instances[0]")
    #expect(field([.init(number: 0, instances: [0, 1], results: Data(count: 4))]) == "answers[0].results")
    #expect(field([.init(number: 0, instances: [0, 1], results: Data(count: 8))], failed: [1]) == "failed[0]")

    let answers = try #require(result.waiting).map { calls in answer(calls) { Self.serve(calls.number, $0) } }
    result = try client.call(ResumeRunRequest.self, .init(pool: pool, answers: answers))
    #expect(result.waiting != nil)
    result = try client.call(ResumeRunRequest.self, .init(pool: pool, answers: [], stop: true))
    #expect(result.waiting == nil && result.failure == nil)
    let status = TestKernels.words(result.status)
    #expect(stride(from: 0, to: 8, by: 2).map { status[$0] } == [0] + Array(repeating: JobStatus.notRun, count: 3))
    #expect(field([]) == "pool")
    let again = try finish(client, pool, try client.call(RunJobsRequest.self, jobs(pool, "ask", [5, 6, 7])))
    #expect(TestKernels.words(again.results) == [5, 6, 7].map(Self.result))
    #expect(TestKernels.words(try client.call(InvokeRequest.self, invocation).results).count == 2)
  }

  @Test("functions of the host are served without the client, by the numbers of the jobs; what they throw is the job's reason")
  func hostFunctions() throws {
    var table = HostFunctionTable()
    table.register(
      "test", "first",
      HostFunction { (call: HostCall, a: UInt32, _: UInt32) throws -> UInt32 in
        if a == 13 { throw HostFunctionError("not \(call.instance)") }
        return UInt32(call.instance) * 2 + 1
      })
    table.register("test", "second", HostFunction { (_: HostCall, r: UInt32) in UInt64(r) << 32 | 5 })
    let client = try TestClient.initialized(hostFunctions: table)
    let pool = try pool(client, 3, bindings: Self.bindings)
    let values = (0..<40).map { UInt32($0 % 20) }
    for numbers in [nil, values.indices.map { 100 + 3 * $0 }] {
      let result = try client.call(RunJobsRequest.self, jobs(pool, "ask", values, numbers: numbers))
      #expect(result.waiting == nil)
      let results = TestKernels.words(result.results)
      let status = TestKernels.words(result.status)
      for (job, a) in values.enumerated() {
        let r = UInt32(numbers?[job] ?? job) * 2 + 1
        #expect(status[job * 2] == (a == 13 ? HostTrap.hostFunctionFailed.rawValue : 0))
        #expect(results[job] == (a == 13 ? 0 : a + 2 * r + 5))
      }
      let texts = [13, 33].map { JobReason(number: 0, message: "not \(numbers?[$0] ?? $0)", jobs: [$0]) }
      #expect(result.reasons == texts)
    }
    let wrong = client.failure(RunJobsRequest.self, jobs(pool, "ask", [1, 2], numbers: [1]))
    #expect(wrong?.message.hasPrefix("`numbers`") == true)
  }

  @Test("one function of the host and one of the client serve the same jobs")
  func both() throws {
    var table = HostFunctionTable()
    table.register("test", "first", HostFunction { (_: HostCall, a: UInt32, _: UInt32) in Self.first(a) })
    let client = try TestClient.initialized(hostFunctions: table)
    let pool = try pool(client, 5, bindings: Array(Self.bindings.prefix(1)))
    let values = (0..<50).map { UInt32($0 * 7 % 50) }
    let result = try finish(client, pool, try client.call(RunJobsRequest.self, jobs(pool, "ask", values))) { waiting in
      #expect(waiting.map(\.number) == [1])
    }
    #expect(TestKernels.words(result.results) == values.map(Self.result))
  }
}
