#if os(Linux)
  import Foundation
  import Testing

  @testable import BurstProtocol
  @testable import BurstRuntime
  @testable import Metal

  @Suite("A pool's memory", .serialized)
  struct PoolMemoryTests {
    private let device = CPUDevice(environment: ProcessInfo.processInfo.environment)

    /// Imports and invocations with records of unlike sizes, so that each of them counts.
    @Test("is what was planned, but for the rounding of buffers, when every kind of record has been in use")
    func allocated() throws {
      let client = try TestClient.initialized(devices: DeviceRegistry([device]))
      let records = RecordSizes(argumentBytes: 20, resultBytes: 12)
      let module = try client.call(LoadModuleRequest.self, TestKernels.load("cpu", tileWidth: 32, records: records)).module
      let before = device.currentAllocatedSize
      // So many that what a record takes of all of them is far more than what rounding takes.
      let instances = 4096
      let created = try client.call(
        CreatePoolRequest.self,
        .init(module: module, instances: instances, memoryPages: 1, execution: .init(values: 256, callStack: 256, scratch: 256)))
      func exceeds(_ planned: Int, buffers: Int) -> Bool {
        let rounding = device.currentAllocatedSize - before - planned
        return rounding < 0 || rounding > buffers * Int(getpagesize())
      }
      #expect(!exceeds(instances * (created.bytesPerInstance - 20 - 12 - 8), buffers: 8))

      let arguments = Data(count: instances * 20)
      let invocation = InvokeRequest.Parameters(
        pool: created.pool, kernel: "ask", arguments: arguments, argumentBytes: 20, resultBytes: 12)
      var waiting = try #require(try client.call(InvokeRequest.self, invocation).waiting)
      while let calls = waiting.first {
        let bytes = calls.number == 0 ? 4 : 8
        let answer = ResumePoolRequest.Answer(
          number: calls.number, instances: calls.instances, results: Data(count: calls.instances.count * bytes))
        let resumed = try client.call(ResumePoolRequest.self, .init(pool: created.pool, answers: [answer]))
        waiting = resumed.waiting ?? []
      }
      #expect(!exceeds(instances * created.bytesPerInstance, buffers: 11))
    }

    @Test("records that are too large, or not of words, are refused by name", arguments: [-4, 2, 1 << 40])
    func refused(bytes: Int) throws {
      let client = try TestClient.initialized(devices: DeviceRegistry([device]))
      let load = TestKernels.load("cpu", records: RecordSizes(argumentBytes: 0, resultBytes: bytes))
      #expect {
        try client.call(LoadModuleRequest.self, load)
      } throws: { error in
        (error as? ResponseError)?.message.contains("`records.resultBytes`: must be a multiple of 4") == true
      }
    }
  }
#endif
