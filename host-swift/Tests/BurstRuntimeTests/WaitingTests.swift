import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("Instances that wait for imports", .serialized)
struct WaitingTests {
  private let client: TestClient
  private let device: String

  init() throws {
    client = try TestClient.initialized()
    device = try #require(TestDevice.first).id
  }

  private func create(_ instances: Int, tileWidth: Int = 1, image: [UInt8] = [1, 2, 3, 4]) throws -> CreatePoolRequest.Result {
    let module = try client.call(LoadModuleRequest.self, TestKernels.load(device, tileWidth: tileWidth, image: image)).module
    let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
    return try client.call(CreatePoolRequest.self, .init(module: module, instances: instances, execution: execution))
  }

  private func invoke(_ pool: Int, _ kernel: String, _ arguments: [UInt32], instances: [Int]? = nil) -> InvokeRequest.Parameters {
    .init(pool: pool, kernel: kernel, instances: instances, arguments: TestKernels.records(arguments), argumentBytes: 4, resultBytes: 4)
  }

  private func answer(_ number: Int, _ instances: [Int], _ words: [UInt32]) -> ResumePoolRequest.Answer {
    .init(number: number, instances: instances, results: TestKernels.records(words))
  }

  private let waits = waitingStatus

  @Test("calls come grouped by import with their arguments, and answers carry on", arguments: [1, 32])
  func rounds(tileWidth: Int) throws {
    let pool = try create(40, tileWidth: tileWidth).pool
    let first = try client.call(InvokeRequest.self, invoke(pool, "ask", [7, 5, 9], instances: [39, 0, 3]))
    #expect(TestKernels.words(first.status) == [waits, 4, waits, 4, waits, 4])
    #expect(TestKernels.words(first.results) == [0, 0, 0])
    #expect(first.waiting == [.init(number: 0, instances: [0, 3, 39], arguments: TestKernels.records([5, 50, 9, 90, 7, 70]))])

    // 0 gets an even answer and ends; 3 and 39 ask the second import.
    let second = try client.call(
      ResumePoolRequest.self, .init(pool: pool, answers: [answer(0, [39, 0], [1001, 100]), answer(0, [3], [2001])]))
    #expect(second.instances == [0, 3, 39])
    #expect(TestKernels.words(second.status) == [0, 0, waits, 4, waits, 4])
    #expect(TestKernels.words(second.results) == [105, 0, 0])
    #expect(second.waiting == [.init(number: 1, instances: [3, 39], arguments: TestKernels.records([2001, 1001]))])

    let third = try client.call(ResumePoolRequest.self, .init(pool: pool, answers: [answer(1, [3], [10, 1])], failed: [39]))
    #expect(third.instances == [3, 39])
    #expect(TestKernels.words(third.status) == [0, 0, 13, 4])
    #expect(TestKernels.words(third.results) == [UInt32(9 + 2001 + 10 + 1), 0])
    #expect(third.waiting == nil && third.trap == nil)
    #expect(TestKernels.words(try client.call(InvokeRequest.self, invoke(pool, "count", [1], instances: [39])).results) == [101])
  }

  @Test("instances that wait for different imports are answered in one round")
  func twoImportsAtOnce() throws {
    let pool = try create(2, tileWidth: 32).pool
    _ = try client.call(InvokeRequest.self, invoke(pool, "ask", [1, 2]))
    let mixed = try client.call(ResumePoolRequest.self, .init(pool: pool, answers: [answer(0, [0, 1], [3, 4])]))
    #expect(mixed.waiting?.map(\.number) == [1])
    let last = try client.call(ResumePoolRequest.self, .init(pool: pool, answers: [answer(1, [0], [5, 6])]))
    #expect(TestKernels.words(last.results) == [UInt32(1 + 3 + 5 + 6)])
  }

  @Test("while instances wait the pool does nothing else, but memory and state are open to the imports")
  func waiting() throws {
    let pool = try create(3).pool
    _ = try client.call(InvokeRequest.self, invoke(pool, "ask", [1, 2], instances: [0, 2]))
    #expect(client.failure(InvokeRequest.self, invoke(pool, "count", [1, 1, 1]))?.code == .invocationWaiting)
    #expect(client.failure(ResetPoolRequest.self, .init(pool: pool, instances: [1]))?.code == .invocationWaiting)
    #expect(client.failure(ResetPoolRequest.self, .init(pool: pool, instances: [1, 2]))?.code == .invocationWaiting)
    _ = try client.call(WriteMemoryRequest.self, .init(pool: pool, writes: [.init(instance: 0, address: 8, bytes: Data([6]))]))
    let read = try client.call(ReadMemoryRequest.self, .init(pool: pool, reads: [.init(instance: 0, address: 8, length: 1)]))
    #expect(read.bytes == [Data([6])])
    // A reset of all that wait ends the invocation.
    _ = try client.call(ResetPoolRequest.self, .init(pool: pool, instances: [2, 0]))
    #expect(client.failure(ResumePoolRequest.self, .init(pool: pool, answers: []))?.code == .invalidParams)
    #expect(TestKernels.words(try client.call(InvokeRequest.self, invoke(pool, "count", [1, 1, 1])).results) == [101, 101, 101])
  }

  @Test("answers that are not what is waited for are refused by field, and can be given again")
  func badAnswers() throws {
    let pool = try create(4).pool
    _ = try client.call(InvokeRequest.self, invoke(pool, "ask", [1, 2, 3], instances: [0, 1, 3]))
    func field(_ answers: [ResumePoolRequest.Answer], failed: [Int]? = nil) -> String? {
      let parameters = ResumePoolRequest.Parameters(pool: pool, answers: answers, failed: failed)
      guard let error = client.failure(ResumePoolRequest.self, parameters), error.code == .invalidParams else { return nil }
      return error.message.split(separator: "`").first.map(String.init)
    }
    let all = answer(0, [0, 1, 3], [2, 2, 2])
    #expect(field([]) == "answers")
    #expect(field([answer(0, [0, 1], [2, 2])]) == "answers")
    #expect(field([answer(2, [0], [2])]) == "answers[0].import")
    #expect(field([answer(-1, [0], [2])]) == "answers[0].import")
    #expect(field([answer(1, [0], [2, 2])]) == "answers[0].instances[0]")
    #expect(field([answer(0, [0, 1, 2], [2, 2, 2])]) == "answers[0].instances[2]")
    #expect(field([answer(0, [0, 0], [2, 2])]) == "answers[0].instances[1]")
    #expect(field([answer(0, [4], [2])]) == "answers[0].instances[0]")
    #expect(field([answer(0, [-1], [2])]) == "answers[0].instances[0]")
    #expect(field([answer(0, [0, 1, 3], [2, 2])]) == "answers[0].results")
    #expect(field([all], failed: [3]) == "failed[0]")
    #expect(field([answer(0, [0, 1], [2, 2])], failed: [9]) == "failed[0]")
    let result = try client.call(ResumePoolRequest.self, .init(pool: pool, answers: [all]))
    #expect(TestKernels.words(result.results) == [3, 4, 5])
    #expect(field([all]) == "pool")
  }

  @Test("a start function may wait: the pool is there when it ended, and a reset waits again", arguments: [1, 32])
  func instantiation(tileWidth: Int) throws {
    let created = try create(3, tileWidth: tileWidth, image: [254, 0, 0, 0])
    let calls = WaitingCalls(number: 0, instances: [0, 1, 2], arguments: TestKernels.records([0, 500, 1, 500, 2, 500]))
    #expect(created.trap == nil && created.waiting == [calls])
    let pool = created.pool
    #expect(client.failure(InvokeRequest.self, invoke(pool, "count", [1, 1, 1]))?.code == .invocationWaiting)
    #expect(client.failure(ResetPoolRequest.self, .init(pool: pool, instances: nil))?.code == .invocationWaiting)
    let ended = try client.call(ResumePoolRequest.self, .init(pool: pool, answers: [answer(0, [0, 1, 2], [10, 20, 30])]))
    #expect(ended.waiting == nil && ended.trap == nil && ended.results.isEmpty)
    #expect(TestKernels.words(try client.call(InvokeRequest.self, invoke(pool, "count", [1, 1, 1])).results) == [11, 21, 31])

    let reset = try client.call(ResetPoolRequest.self, .init(pool: pool, instances: [1]))
    #expect(reset.waiting == [.init(number: 0, instances: [1], arguments: TestKernels.records([1, 500]))])
    let again = try client.call(ResumePoolRequest.self, .init(pool: pool, answers: [answer(0, [1], [50])]))
    #expect(again.waiting == nil && again.trap == nil)
    #expect(TestKernels.words(try client.call(InvokeRequest.self, invoke(pool, "count", [1, 1, 1])).results) == [12, 51, 32])
  }

  @Test("a start function whose import fails is the pool's end; a reset's is not")
  func failedInstantiation() throws {
    let pool = try create(2, image: [254, 0, 0, 0]).pool
    let ended = try client.call(ResumePoolRequest.self, .init(pool: pool, answers: [answer(0, [0], [1])], failed: [1]))
    #expect(ended.trap?.code == 13)
    #expect(client.failure(ReleasePoolRequest.self, .init(pool: pool))?.code == .unknownPool)

    let other = try create(2, image: [254, 0, 0, 0]).pool
    _ = try client.call(ResumePoolRequest.self, .init(pool: other, answers: [answer(0, [0, 1], [1, 2])]))
    _ = try client.call(ResetPoolRequest.self, .init(pool: other, instances: nil))
    let failed = try client.call(ResumePoolRequest.self, .init(pool: other, answers: [], failed: [0, 1]))
    #expect(failed.trap == nil && TestKernels.words(failed.status).first == 13)
    #expect(try client.call(ResetPoolRequest.self, .init(pool: other, instances: nil)).waiting != nil)
    #expect(try client.call(ReleasePoolRequest.self, .init(pool: other)) == NoResult())
  }

  @Test("imports whose records no pool could hold are refused by field")
  func records() throws {
    func load(_ records: RecordSizes) -> LoadModuleRequest.Parameters {
      let load = TestKernels.load(device)
      return .init(
        device: device, text: load.text, image: load.image, layout: load.layout, instantiateKernel: "instantiate", kernels: [],
        imports: [records])
    }
    for bad in [RecordSizes(argumentBytes: 2, resultBytes: 0), .init(argumentBytes: 0, resultBytes: -4)] {
      #expect(client.failure(LoadModuleRequest.self, load(bad))?.message.hasPrefix("`imports[0].") == true)
    }
    let module = try client.call(LoadModuleRequest.self, load(.init(argumentBytes: 132, resultBytes: 0))).module
    let small = CreatePoolRequest.Parameters(module: module, instances: 1, execution: .init(scratch: 256))
    #expect(client.failure(CreatePoolRequest.self, small)?.message.contains("`execution.scratch`") == true)
    #expect(client.failure(CreatePoolRequest.self, .init(module: module, instances: 1)) == nil)
  }
}
