import BurstTransport
import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

@Suite("A command buffer that does not end")
struct AbandonedPoolTests {
  private final class Cancellation: IncomingCancellation {
    let flag: Locked<Bool>
    init(_ isCancelled: Bool) { flag = Locked(isCancelled) }
    var isCancelled: Bool { flag.withLock { $0 } }
  }

  /// Runs `body` on the pool's worker and waits for it.
  private func onWorker<Result: Sendable>(_ worker: SerialWorker, _ body: @escaping @Sendable () throws -> Result) throws -> Result {
    let done = DispatchSemaphore(value: 0)
    let outcome = Locked<Swift.Result<Result, any Error>?>(nil)
    worker.async {
      let result = Swift.Result { try body() }
      outcome.withLock { $0 = result }
      done.signal()
    }
    try #require(done.wait(timeout: .now() + 30) == .success)
    return try #require(outcome.withLock { $0 }).get()
  }

  /// A pool of `instances` that waits for 100 ms, on its worker.
  private func pool(_ instances: Int, on worker: SerialWorker) throws -> InstancePool {
    let device = try #require(DeviceRegistry().devices.first { $0.problem == nil })
    let load = TestKernels.load(device.id)
    let folder = TestClient.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let cache = PipelineCache(root: folder) { _ in }
    let kernels = try cache.kernels(load.kernels + ["instantiate"], of: load.text, for: device).kernels
    let hostKernels = try cache.kernels(HostKernels.names, of: HostKernels.text, for: device).kernels
    let module = LoadedModule(
      device: device, layout: load.layout, image: load.image, kernels: kernels, hostKernels: hostKernels, instantiateKernel: "instantiate",
      imports: [], records: RecordSizes(argumentBytes: 0, resultBytes: 0),
      identity: ModuleIdentity(load))
    let parameters = CreatePoolRequest.Parameters(module: 1, instances: instances)
    let plan = try PoolPlan(parameters, layout: load.layout)
    let instantiation = try Instantiation(parameters, plan: plan, layout: load.layout)
    let running = Cancellation(false)
    return try onWorker(worker) {
      let limits = Dispatcher.Limits(commandBuffer: .milliseconds(100), afterCancellation: .milliseconds(100))
      let pool = try InstancePool(
        plan, module: module, instantiation: instantiation, hostFunctions: .none, worker: worker, limits: limits)
      #expect(try pool.instantiate(running).trap == nil)
      return pool
    }
  }

  @Test("a run gives up the jobs of the command buffer that hangs; those that had ended have their results, the rest can be run elsewhere")
  func run() throws {
    let worker = SerialWorker()
    let running = Cancellation(false)
    let pool = try pool(2, on: worker)
    let jobs = RunJobsRequest.Parameters(
      pool: 1, kernel: "spin", jobs: 6, arguments: TestKernels.records([1, 1, 400_000_000, 1, 1, 1]), argumentBytes: 4, resultBytes: 0)
    let result = try onWorker(worker) { try pool.run(jobs, JobArguments(jobs), running, progress: { _ in }, onResults: nil) }
    let status = TestKernels.words(result.status)
    #expect(
      stride(from: 0, to: 12, by: 2).map { status[$0] }
        == [0, 0, JobStatus.lost, JobStatus.lost, JobStatus.notRun, JobStatus.notRun])
    #expect(status[5] == 1 && status[7] == 1, "they are not to be waited for again")
    #expect(result.reasons?.map(\.jobs) == [[2, 3]])
    #expect(result.failure?.contains("no answer within the time limit") == true)
    #expect(refusalOfRead(pool, worker)?.message.contains("only be released") == true)
  }

  @Test("the wait ends at the limit with a device error, and the pool is not touched again")
  func timeout() throws {
    let worker = SerialWorker()
    let running = Cancellation(false)
    let pool = try pool(1, on: worker)
    func spin(_ iterations: UInt32) -> InvokeRequest.Parameters {
      .init(pool: 1, kernel: "spin", arguments: TestKernels.records([iterations]), argumentBytes: 4, resultBytes: 0)
    }
    // About a second of work, so that the device is free again for other tests.
    for iterations: UInt32 in [400_000_000, 1] {
      let parameters = spin(iterations)
      #expect(throws: ResponseError.self) { try onWorker(worker) { try pool.invoke(parameters, running) { _ in } } }
    }
    let refusal = refusalOfRead(pool, worker)
    #expect(refusal?.code == .deviceError)
    #expect(refusal?.message.contains("only be released") == true)
  }

  private func refusalOfRead(_ pool: InstancePool, _ worker: SerialWorker) -> ResponseError? {
    do {
      _ = try onWorker(worker) { try pool.readState(.init(pool: 1, instances: [0], word: 0, words: 1)) }
      return nil
    } catch { return error as? ResponseError }
  }
}
