#if os(Linux)
  import Foundation
  import Testing

  @testable import BurstProtocol
  @testable import BurstRuntime
  @testable import Metal

  @Suite("A device that fails", .serialized)
  struct DeviceFaultTests {
    private let device = CPUDevice(environment: ProcessInfo.processInfo.environment)
    private let client: TestClient

    init() throws { client = try TestClient.initialized(devices: DeviceRegistry([device])) }

    private func pool(_ instances: Int, _ schedule: ScheduleSettings? = nil) throws -> Int {
      let module = try client.call(LoadModuleRequest.self, TestKernels.load("cpu", tileWidth: 32, imports: nil)).module
      let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
      let parameters = CreatePoolRequest.Parameters(module: module, instances: instances, execution: execution, schedule: schedule)
      return try client.call(CreatePoolRequest.self, parameters).pool
    }

    private func jobs(_ pool: Int, _ units: [UInt32], slice: Int? = nil) -> RunJobsRequest.Parameters {
      .init(
        pool: pool, kernel: "work", jobs: units.count, arguments: TestKernels.records(units), argumentBytes: 4, resultBytes: 4,
        sliceFuel: slice)
    }

    static let names: [(MTLCommandBufferError.Code, String)] = [
      (.internal, "internal"), (.timeout, "timeout"), (.pageFault, "pageFault"), (.blacklisted, "accessRevoked"),
      (.notPermitted, "notPermitted"), (.outOfMemory, "outOfMemory"), (.invalidResource, "invalidResource"),
      (.memoryless, "memoryless"), (.deviceRemoved, "deviceRemoved"), (.stackOverflow, "stackOverflow"),
    ]

    @Test("an invocation fails with the error's name, and the next one runs", arguments: names)
    func invocation(code: MTLCommandBufferError.Code, name: String) throws {
      let pool = try pool(2)
      let parameters = InvokeRequest.Parameters(
        pool: pool, kernel: "work", arguments: TestKernels.records([5, 6]), argumentBytes: 4, resultBytes: 4)
      device.faults.set { $0 == 0 ? .error(code) : nil }
      let error = try #require(client.failure(InvokeRequest.self, parameters))
      #expect(error.code == .deviceError)
      let data = try WireDecoder.decode(DeviceErrorData.self, from: #require(error.data))
      #expect(data.reason == name)
      #expect(TestKernels.words(try client.call(InvokeRequest.self, parameters).results) == [5, 6])
    }

    @Test("a run loses the jobs of the command buffer that failed, by name; the others have their results", arguments: names)
    func run(code: MTLCommandBufferError.Code, name: String) throws {
      let pool = try pool(4)
      let units = (1...40).map(UInt32.init)
      // A clear, an instantiation and a slice for each refill: one of each kind fails in turn.
      for failing in [3, 4, 5, 11] {
        device.faults.set { $0 == failing ? .error(code) : nil }
        let result = try client.call(RunJobsRequest.self, jobs(pool, units, slice: 50))
        let status = TestKernels.words(result.status)
        let results = TestKernels.words(result.results)
        let lost = units.indices.filter { status[$0 * 2] == JobStatus.lost }
        #expect((1...4).contains(lost.count))
        for index in units.indices where !lost.contains(index) { #expect(status[index * 2] == 0 && results[index] == units[index]) }
        #expect(result.failure?.contains(name) == true)
      }
    }

    @Test("a device that only fails is given up: the rest is not run")
    func gone() throws {
      let pool = try pool(2)
      device.faults.set { $0 < 2 ? nil : .error(.deviceRemoved) }
      let result = try client.call(RunJobsRequest.self, jobs(pool, Array(repeating: 3, count: 100)))
      let status = TestKernels.words(result.status)
      let codes = stride(from: 0, to: 200, by: 2).map { status[$0] }
      #expect(codes.filter { $0 == JobStatus.lost }.count == 6)
      #expect(codes.filter { $0 == JobStatus.notRun }.count == 94)
      #expect(result.failure?.contains("deviceRemoved") == true)
    }

    @Test("a slice that takes far longer than expected ends the burst, and the jobs go on")
    func slow() throws {
      let pool = try pool(2, ScheduleSettings(policy: .sustained, burst: 50))
      device.faults.set { $0 == 2 ? .delay(0.2) : nil }
      let result = try client.call(RunJobsRequest.self, jobs(pool, Array(repeating: 3, count: 10)))
      #expect(TestKernels.words(result.results) == Array(repeating: 3, count: 10))
    }
  }
#endif
