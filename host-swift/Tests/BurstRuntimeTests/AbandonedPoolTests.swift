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

  @Test("the wait ends at the limit with a device error, and the pool is not touched again")
  func timeout() throws {
    let device = try #require(DeviceRegistry().devices.first { $0.problem == nil })
    let load = TestKernels.load(device.id)
    let cache = PipelineCache(root: TestClient.temporaryFolder()) { _ in }
    let kernels = try cache.kernels(load.kernels + ["instantiate"], of: load.text, for: device).kernels
    let hostKernels = try cache.kernels(HostKernels.names, of: HostKernels.text, for: device).kernels
    let module = LoadedModule(
      device: device, layout: load.layout, image: load.image, kernels: kernels, hostKernels: hostKernels, instantiateKernel: "instantiate",
      imports: [],
      identity: ModuleIdentity(load))
    let parameters = CreatePoolRequest.Parameters(module: 1, instances: 1)
    let plan = try PoolPlan(parameters, layout: load.layout)
    let instantiation = try Instantiation(parameters, plan: plan, layout: load.layout)
    let worker = SerialWorker()
    let running = Cancellation(false)
    func spin(_ iterations: UInt32) -> InvokeRequest.Parameters {
      .init(pool: 1, kernel: "spin", arguments: TestKernels.records([iterations]), argumentBytes: 4, resultBytes: 0)
    }
    let pool = try onWorker(worker) {
      let limits = Dispatcher.Limits(commandBuffer: .milliseconds(100), afterCancellation: .milliseconds(100))
      let pool = try InstancePool(
        plan, module: module, instantiation: instantiation, hostFunctions: .none, worker: worker, limits: limits)
      #expect(try pool.instantiate(running).trap == nil)
      return pool
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
