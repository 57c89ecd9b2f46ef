import Foundation
import Synchronization
import Testing

@testable import Metal

@Suite struct CommandBufferTests {
  let test = TestDevice()
  var device: CPUDevice { test.device }

  /// Appends its argument to a list in a buffer: word 0 counts, the items follow.
  let append = "kernel void append(device uint* list [[buffer(0)]], constant uint& item [[buffer(1)]]) { list[++list[0]] = item; }"

  func encodeAppend(_ item: UInt32, to list: any MTLBuffer, in commands: any MTLCommandBuffer) throws {
    let encoder = try #require(commands.makeComputeCommandEncoder())
    encoder.setComputePipelineState(try device.pipeline(append, "append"))
    encoder.setBuffer(list, offset: 0, index: 0)
    withUnsafeBytes(of: item) { encoder.setBytes($0.baseAddress!, length: 4, index: 1) }
    encoder.dispatchThreads(line(1), threadsPerThreadgroup: line(1))
    encoder.endEncoding()
  }

  @Test func commandBuffersOfAQueueRunInTheOrderOfCommit() throws {
    let list = try #require(device.makeBuffer(length: 404))
    let queue = try #require(device.makeCommandQueue())
    var last: (any MTLCommandBuffer)?
    for item in 1...100 as ClosedRange<UInt32> {
      last = queue.makeCommandBuffer()
      try encodeAppend(item, to: list, in: try #require(last))
      last?.commit()
    }
    last?.waitUntilCompleted()
    #expect(list.elements(UInt32.self) == [100] + (1...100))
  }

  @Test func enqueueKeepsAPlaceInTheOrder() throws {
    let list = try #require(device.makeBuffer(length: 12))
    let queue = try #require(device.makeCommandQueue())
    let first = try #require(queue.makeCommandBuffer())
    let second = try #require(queue.makeCommandBuffer())
    first.enqueue()
    #expect(first.status == .enqueued)
    try encodeAppend(2, to: list, in: second)
    second.commit()
    try encodeAppend(1, to: list, in: first)
    #expect(second.status == .committed)
    first.commit()
    second.waitUntilCompleted()
    #expect(list.elements(UInt32.self) == [2, 1, 2])
  }

  @Test func statusErrorAndTimesOfACompletedCommandBuffer() throws {
    let list = try #require(device.makeBuffer(length: 8))
    let commands = try #require(device.makeCommandQueue()?.makeCommandBuffer())
    #expect(commands.status == .notEnqueued)
    try encodeAppend(1, to: list, in: commands)
    #expect(commands.gpuStartTime == 0)
    let before = ProcessInfo.processInfo.systemUptime
    commands.commit()
    commands.waitUntilCompleted()
    let after = ProcessInfo.processInfo.systemUptime
    #expect(commands.status == .completed)
    #expect(commands.error == nil)
    let times = [before, commands.kernelStartTime, commands.kernelEndTime, commands.gpuStartTime, commands.gpuEndTime, after]
    #expect(times == times.sorted())
  }

  @Test func handlersRunOnceInOrderBeforeTheWaitEnds() throws {
    let calls = CallLog()
    let commands = try #require(device.makeCommandQueue()?.makeCommandBuffer())
    commands.addCompletedHandler { calls.add("completed 1 \($0.status == .completed)") }
    commands.addScheduledHandler { _ in calls.add("scheduled") }
    commands.addCompletedHandler { calls.add("completed 2 \($0.gpuEndTime > 0)") }
    commands.commit()
    commands.waitUntilCompleted()
    #expect(calls.all == ["scheduled", "completed 1 true", "completed 2 true"])
  }

  @Test func missingBufferIsAnErrorThatNamesIt() throws {
    let list = try #require(device.makeBuffer(length: 8))
    let pipeline = try device.pipeline(append, "append")
    do {
      try device.run(pipeline, [list], threads: line(1))
      Issue.record("it ran")
    } catch MTLCommandBufferError.invalidResource {
    }
    let commands = try #require(device.makeCommandQueue()?.makeCommandBuffer())
    let encoder = try #require(commands.makeComputeCommandEncoder())
    encoder.setComputePipelineState(pipeline)
    encoder.dispatchThreads(line(1), threadsPerThreadgroup: line(1))
    encoder.endEncoding()
    commands.commit()
    commands.waitUntilCompleted()
    #expect(commands.status == .error)
    #expect(commands.error?.localizedDescription == "The kernel 'append' needs buffer 0, and none is set")
  }

  @Test func anErrorDoesNotStopTheQueue() throws {
    let list = try #require(device.makeBuffer(length: 8))
    let queue = try #require(device.makeCommandQueue())
    let bad = try #require(queue.makeCommandBuffer())
    let encoder = try #require(bad.makeComputeCommandEncoder())
    encoder.setComputePipelineState(try device.pipeline(append, "append"))
    encoder.dispatchThreads(line(1), threadsPerThreadgroup: line(1))
    encoder.endEncoding()
    let good = try #require(queue.makeCommandBuffer())
    try encodeAppend(7, to: list, in: good)
    bad.commit()
    good.commit()
    good.waitUntilCompleted()
    #expect(bad.status == .error)
    #expect(list.elements(UInt32.self) == [1, 7])
  }

  @Test func makeCommandBufferBlocksAtTheMaximum() throws {
    let queue = try #require(device.makeCommandQueue(maxCommandBufferCount: 2))
    let held = try #require(queue.makeCommandBuffer())
    var dropped = queue.makeCommandBuffer()
    let third = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      _ = queue.makeCommandBuffer()
      third.signal()
    }
    #expect(third.wait(timeout: .now() + 0.2) == .timedOut)
    // Dropping one without a commit makes room, as completing one does.
    withExtendedLifetime(dropped) {}
    dropped = nil
    #expect(third.wait(timeout: .now() + 10) == .success)
    held.commit()
    held.waitUntilCompleted()
    #expect(queue.makeCommandBuffer() != nil)
    #expect(queue.makeCommandBuffer() != nil)
  }

  @Test func committedCommandBufferRunsThoughNobodyKeepsIt() throws {
    let done = DispatchSemaphore(value: 0)
    do {
      let commands = try #require(device.makeCommandQueue()?.makeCommandBuffer())
      commands.addCompletedHandler { _ in done.signal() }
      commands.commit()
    }
    #expect(done.wait(timeout: .now() + 10) == .success)
  }

  @Test func completedSuspendsUntilTheEnd() async throws {
    let commands = try #require(device.makeCommandQueue()?.makeCommandBuffer())
    let calls = CallLog()
    commands.addCompletedHandler { _ in calls.add("handler") }
    commands.commit()
    await commands.completed()
    #expect(calls.all == ["handler"])
    await commands.completed()
  }

  @Test func asynchronousOverloadsAreChosenInAsynchronousCode() async throws {
    let library = try await device.makeLibrary(source: append, options: nil)
    let function = try #require(library.makeFunction(name: "append"))
    let pipeline = try await device.makeComputePipelineState(function: function)
    #expect(pipeline.threadExecutionWidth == 1)
    await #expect(throws: MTLLibraryError.self) { try await device.makeLibrary(source: "?", options: nil) }
  }

  @Test func blitFillsAndCopies() throws {
    let a = try device.buffer(Array(0..<16) as [UInt8])
    let b = try #require(device.makeBuffer(length: 16))
    let commands = try #require(device.makeCommandQueue()?.makeCommandBuffer())
    let encoder = try #require(commands.makeBlitCommandEncoder())
    encoder.fill(buffer: b, range: 1..<15, value: 9)
    encoder.copy(from: a, sourceOffset: 4, to: b, destinationOffset: 2, size: 3)
    encoder.copy(from: a, sourceOffset: 0, to: a, destinationOffset: 1, size: 15)
    encoder.endEncoding()
    commands.commit()
    commands.waitUntilCompleted()
    #expect(b.elements(UInt8.self) == [0, 9, 4, 5, 6] + [UInt8](repeating: 9, count: 10) + [0])
    #expect(a.elements(UInt8.self) == [0] + Array(0..<15))
  }
}

private final class CallLog: Sendable {
  private let calls = Mutex<[String]>([])

  func add(_ call: String) { calls.withLock { $0.append(call) } }

  var all: [String] { calls.withLock { $0 } }
}
