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

    private func invocation(of pool: Int, _ units: [UInt32]) -> InvokeRequest.Parameters {
      .init(pool: pool, kernel: "work", arguments: TestKernels.records(units), argumentBytes: 4, resultBytes: 4, sliceFuel: 10)
    }

    @Test("an invocation gives up the instances of the failed command buffer, with the error's name; the others go on", arguments: names)
    func invocation(code: MTLCommandBufferError.Code, name: String) throws {
      let pool = try pool(200)
      let units = (0..<200).map { UInt32($0 % 40) }
      for failing in [0, 1, 3] {
        device.faults.set { $0 == failing ? .error(code) : nil }
        let result = try client.call(InvokeRequest.self, invocation(of: pool, units))
        let codes = TestKernels.words(result.status).enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        #expect(codes.contains(HostTrap.deviceFailed.rawValue))
        let results = TestKernels.words(result.results)
        for (index, code) in codes.enumerated() {
          #expect(code == 0 || code == HostTrap.deviceFailed.rawValue)
          #expect(results[index] == (code == 0 ? units[index] : 0))
        }
        #expect(result.failure?.contains(name) == true)
      }
      #expect(TestKernels.words(try client.call(InvokeRequest.self, invocation(of: pool, units)).results) == units)
    }

    @Test("an invocation ends with the error's name where the device only fails", arguments: names)
    func deadDevice(code: MTLCommandBufferError.Code, name: String) throws {
      let pool = try pool(2000)
      device.faults.set { _ in .error(code) }
      let error = try #require(client.failure(InvokeRequest.self, invocation(of: pool, Array(repeating: 5, count: 2000))))
      #expect(error.code == .deviceError)
      #expect(try WireDecoder.decode(DeviceErrorData.self, from: #require(error.data)).reason == name)
    }

    @Test("a command buffer that never began is tried again from the state before it: nothing is lost", arguments: names)
    func notBegun(code: MTLCommandBufferError.Code, name: String) throws {
      let pool = try pool(4)
      let units = (1...40).map(UInt32.init)
      for fault: CommandFaults.Fault in [.notBegun(code), .noCommandBuffer] {
        device.faults.set { [3, 4, 5, 11, 12].contains($0) ? fault : nil }
        let run = try client.call(RunJobsRequest.self, jobs(pool, units, slice: 50))
        #expect(TestKernels.words(run.results) == units && run.failure == nil)
        #expect(run.status.isEmpty)
        device.faults.set { $0 == 0 || $0 == 2 ? fault : nil }
        let invoked = try client.call(InvokeRequest.self, invocation(of: pool, [35, 2, 3, 44]))
        #expect(TestKernels.words(invoked.results) == [35, 2, 3, 44] && invoked.failure == nil)
      }
    }

    @Test("one that never begins, however often it is tried, is an error like any other")
    func neverBegun() throws {
      let pool = try pool(2)
      device.faults.set { (2..<6).contains($0) ? .notBegun(.outOfMemory) : nil }
      let result = try client.call(RunJobsRequest.self, jobs(pool, Array(repeating: 3, count: 6)))
      let status = TestKernels.words(result.status)
      #expect(stride(from: 0, to: 12, by: 2).map { status[$0] } == [JobStatus.lost, JobStatus.lost, 0, 0, 0, 0])
      #expect(result.failure?.contains("outOfMemory") == true)
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
        #expect(result.reasons == [JobReason(number: nil, message: "A command buffer failed: \(name).", jobs: lost)])
      }
    }

    @Test("every lost job has the reason that took it down")
    func reasons() throws {
      let pool = try pool(4)
      device.faults.set { $0 == 2 ? .error(.timeout) : $0 == 8 ? .error(.pageFault) : nil }
      let result = try client.call(RunJobsRequest.self, jobs(pool, (1...40).map(UInt32.init), slice: 50))
      let reasons = try #require(result.reasons)
      #expect(reasons.map(\.message) == ["timeout", "pageFault"].map { "A command buffer failed: \($0)." })
      let status = TestKernels.words(result.status)
      let lost = (0..<40).filter { status[$0 * 2] == JobStatus.lost }
      #expect(reasons.flatMap(\.jobs).sorted() == lost && lost.count == 8)
      #expect(Set(reasons[0].jobs) == [0, 1, 2, 3])
    }

    @Test("a command buffer that fails with answers takes only the jobs that they were for")
    func answers() throws {
      let module = try client.call(LoadModuleRequest.self, TestKernels.load("cpu", tileWidth: 32)).module
      let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
      let pool = try client.call(CreatePoolRequest.self, .init(module: module, instances: 4, execution: execution)).pool
      let arguments = TestKernels.records((0..<12).map { 2 * $0 })
      var result = try client.call(
        RunJobsRequest.self, .init(pool: pool, kernel: "ask", jobs: 12, arguments: arguments, argumentBytes: 4, resultBytes: 4))
      var rounds = 0
      while let waiting = result.waiting {
        rounds += 1
        if rounds == 2 { device.faults.set { $0 == 0 ? .error(.pageFault) : nil } }
        let calls = waiting[0]
        let results = stride(from: 0, to: calls.instances.count * 2, by: 2).map { TestKernels.words(calls.arguments)[$0] }
        let answer = ResumePoolRequest.Answer(number: 0, instances: calls.instances, results: TestKernels.records(results))
        result = try client.call(ResumeRunRequest.self, .init(pool: pool, answers: [answer]))
      }
      let status = TestKernels.words(result.status)
      let codes = stride(from: 0, to: 24, by: 2).map { status[$0] }
      #expect(codes == [0, 0, 0, 0] + Array(repeating: JobStatus.lost, count: 4) + [0, 0, 0, 0])
      #expect(TestKernels.words(result.results) == (0..<12).map { (4..<8).contains($0) ? 0 : 4 * $0 })
      #expect(result.reasons?.map(\.jobs) == [[4, 5, 6, 7]])
    }

    @Test("a pool whose slices only fail is given up, though the device goes on: the rest is not run")
    func givenUp() throws {
      let pool = try pool(2)
      // Between them the command buffers that ask whether the device is lost.
      device.faults.set { [2, 4, 6].contains($0) ? .error(.internal) : nil }
      let result = try client.call(RunJobsRequest.self, jobs(pool, Array(repeating: 3, count: 100)))
      let status = TestKernels.words(result.status)
      let codes = stride(from: 0, to: 200, by: 2).map { status[$0] }
      #expect(codes.filter { $0 == JobStatus.lost }.count == 6)
      #expect(codes.filter { $0 == JobStatus.notRun }.count == 94)
      #expect(result.failure?.contains("internal") == true)
    }

    @Test("a device that does nothing after a fault is lost: jobs in flight are lost, the rest is not run")
    func lost() throws {
      let pool = try pool(2)
      device.faults.set { $0 < 2 ? nil : .error(.pageFault) }
      let result = try client.call(RunJobsRequest.self, jobs(pool, Array(repeating: 3, count: 100)))
      let status = TestKernels.words(result.status)
      let codes = stride(from: 0, to: 200, by: 2).map { status[$0] }
      #expect(codes.filter { $0 == JobStatus.lost }.count == 2)
      #expect(codes.filter { $0 == JobStatus.notRun }.count == 98)
      #expect(result.failure?.contains("pageFault") == true)
    }

    @Test("whatever is asked of a lost device says that it is lost and why, also by other pools, though its faults have ended")
    func afterLoss() throws {
      let (pool, other) = (try pool(20), try pool(1))
      device.faults.set { $0 < 3 ? .error(.timeout) : nil }
      func isLoss(_ error: ResponseError?) throws -> Bool {
        let data = try WireDecoder.decode(DeviceErrorData.self, from: #require(error?.data))
        return error?.code == .deviceError && data == DeviceErrorData(reason: "timeout", lost: true)
      }
      let units = Array(repeating: UInt32(5), count: 20)
      #expect(try isLoss(client.failure(InvokeRequest.self, invocation(of: pool, units))))
      #expect(try isLoss(client.failure(InvokeRequest.self, invocation(of: other, [1]))))
      #expect(try isLoss(client.failure(ResetPoolRequest.self, .init(pool: pool, instances: nil))))
      #expect(try isLoss(client.failure(SnapshotPoolRequest.self, .init(pool: other))))
      let reads = [ReadMemoryRequest.Read(instance: 0, address: 0, length: 1)]
      #expect(try isLoss(client.failure(ReadMemoryRequest.self, .init(pool: pool, reads: reads))))
      #expect(try isLoss(client.failure(LoadModuleRequest.self, TestKernels.load("cpu"))))
      _ = try client.call(ReleasePoolRequest.self, .init(pool: pool))
      #expect(try client.call(ListDevicesRequest.self, NoParameters()).devices.map(\.reason) == ["timeout"])
    }

    @Test("a device is chosen by its id, and of two of a kind one goes on where the other is lost")
    func twoDevices() throws {
      let second = CPUDevice(environment: ProcessInfo.processInfo.environment)
      let client = try TestClient.initialized(devices: DeviceRegistry([device, second]))
      func pool(_ id: String) throws -> Int {
        let module = try client.call(LoadModuleRequest.self, TestKernels.load(id, tileWidth: 32, imports: nil)).module
        let execution = CreatePoolRequest.Execution(values: 256, callStack: 256, scratch: 256)
        return try client.call(CreatePoolRequest.self, .init(module: module, instances: 2, execution: execution)).pool
      }
      let ofSecond = try pool("cpu-2")
      #expect(device.currentAllocatedSize == 0 && second.currentAllocatedSize > 0)
      let ofFirst = try pool("cpu")
      device.faults.set { _ in .error(.pageFault) }
      #expect(client.failure(InvokeRequest.self, invocation(of: ofFirst, [1, 2]))?.code == .deviceError)
      #expect(TestKernels.words(try client.call(InvokeRequest.self, invocation(of: ofSecond, [1, 2])).results) == [1, 2])
      #expect(Device.Kind.cuda.id(number: 0) == "cuda" && Device.Kind.cuda.id(number: 1) == "cuda:1")
    }

    @Test("a planned fault poisons the device from its command buffer on, in one process of those that share a file")
    func planned() throws {
      let folder = TestClient.temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appendingPathComponent("struck")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      func struck(_ faults: CommandFaults) -> [Bool] { (0..<4).map { _ in faults.next() != nil } }
      let environment = ["WASMBURST_TEST_FAULT": "2:\(file.path)"]
      #expect(struck(CommandFaults(PlannedFault(environment: environment))) == [false, false, true, true])
      #expect(struck(CommandFaults(PlannedFault(environment: environment))) == [false, false, false, false])
      #expect(struck(CommandFaults(PlannedFault(environment: ["WASMBURST_TEST_FAULT": "0"]))) == [true, true, true, true])
      #expect(PlannedFault(environment: ["WASMBURST_TEST_FAULT": "soon"]) == nil)
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
