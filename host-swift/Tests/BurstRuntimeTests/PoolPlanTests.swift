import BurstProtocol
import Testing

@testable import BurstRuntime

@Suite("Pool plans")
struct PoolPlanTests {
  private func layout(_ memory: Layout.Memory?, tileWidth: Int = 32) -> Layout {
    Layout(tileWidth: tileWidth, memoryCell: 8, memory: memory, stateBytes: 8, tableBytes: 0)
  }

  private func plan(
    instances: Int = 1, pages: Int? = nil, execution: CreatePoolRequest.Execution? = nil, _ layout: Layout
  ) throws(ResponseError) -> PoolPlan {
    try PoolPlan(.init(module: 1, instances: instances, memoryPages: pages, execution: execution), layout: layout)
  }

  @Test("memory may grow to the module's maximum, but by default by at most 16 pages")
  func memoryPages() throws {
    #expect(try plan(layout(.init(minimumPages: 2, maximumPages: 5))).memoryPages == 5)
    #expect(try plan(layout(.init(minimumPages: 2, maximumPages: nil))).memoryPages == 18)
    #expect(try plan(pages: 3, layout(.init(minimumPages: 2, maximumPages: 5))).memoryPages == 3)
    #expect(try plan(layout(nil)).memoryPages == 0)
    for (pages, memory) in [(1, Layout.Memory(minimumPages: 2, maximumPages: 5)), (6, .init(minimumPages: 2, maximumPages: 5))] {
      #expect(throws: ResponseError.self) { try plan(pages: pages, layout(memory)) }
    }
    #expect(throws: ResponseError.self) { try plan(pages: 1, layout(nil)) }
  }

  @Test("parts of the execution buffer are multiples of 256")
  func execution() throws {
    #expect(try plan(layout(nil)).execution.bytesPerInstance == 65_536)
    #expect(try plan(execution: .init(values: 0, callStack: 256, scratch: 512), layout(nil)).execution.bytesPerInstance == 768)
    for bad in [-256, 100, 1 << 40] {
      #expect(throws: ResponseError.self) { try plan(execution: .init(values: bad), layout(nil)) }
    }
  }

  @Test("what does not fit is refused with the number that would", arguments: [1, 32])
  func tooLarge(tileWidth: Int) throws {
    let layout = layout(.init(minimumPages: 1, maximumPages: 1), tileWidth: tileWidth)
    let gigabyte = 1 << 30
    func refusal(_ plan: PoolPlan, _ maxBufferLength: Int, _ available: Int) -> ResponseError? {
      do throws(ResponseError) {
        try plan.check(maxBufferLength: maxBufferLength, available: available)
        return nil
      } catch { return error }
    }
    func fitting(_ instances: Int, maxBufferLength: Int, available: Int) throws -> Int? {
      let plan: PoolPlan = try self.plan(instances: instances, layout)
      guard let error = refusal(plan, maxBufferLength, available) else { return nil }
      #expect(error.code == .poolTooLarge)
      return try WireDecoder.decode(PoolTooLargeData.self, from: #require(error.data)).instancesThatFit
    }
    // Memory's buffer is the largest: 64 KiB an instance.
    #expect(try fitting(20_000, maxBufferLength: gigabyte, available: 100 * gigabyte) == 16_384)
    let byWorkingSet = try #require(try fitting(20_000, maxBufferLength: 100 * gigabyte, available: gigabyte))
    #expect(try fitting(byWorkingSet, maxBufferLength: 100 * gigabyte, available: gigabyte) == nil)
    #expect(try fitting(byWorkingSet + 1, maxBufferLength: 100 * gigabyte, available: gigabyte) == byWorkingSet)
    #expect(try fitting(1, maxBufferLength: gigabyte, available: 0) == 0)
    #expect(try fitting(1, maxBufferLength: gigabyte, available: -5) == 0)
    #expect(try fitting(WireValue.maximumInteger, maxBufferLength: Int.max, available: Int.max) != nil)
  }

  @Test("a layout that no kernel can have is refused by field")
  func layouts() {
    func refusal(_ layout: Layout) -> String? {
      do throws(ResponseError) {
        try layout.validate()
        return nil
      } catch { return error.message }
    }
    #expect(refusal(layout(.init(minimumPages: 1, maximumPages: nil))) == nil)
    #expect(refusal(layout(.init(minimumPages: 2, maximumPages: 1)))?.contains("maximumPages") == true)
    #expect(refusal(layout(.init(minimumPages: 65_537, maximumPages: nil)))?.contains("minimumPages") == true)
    #expect(refusal(layout(nil, tileWidth: 0))?.contains("tileWidth") == true)
    #expect(refusal(Layout(tileWidth: 1, memoryCell: 3, memory: nil, stateBytes: 4, tableBytes: 0))?.contains("memoryCell") == true)
    #expect(refusal(Layout(tileWidth: 1, memoryCell: 4, memory: nil, stateBytes: 0, tableBytes: 0))?.contains("stateBytes") == true)
    #expect(refusal(Layout(tileWidth: 1, memoryCell: 4, memory: nil, stateBytes: 4, tableBytes: 2))?.contains("tableBytes") == true)
    let nearWords = Layout(tileWidth: 1, memoryCell: 4, memory: nil, stateBytes: 4, tableBytes: 0, nearWords: -1)
    #expect(refusal(nearWords)?.contains("nearWords") == true)
    let cacheBytes = Layout(tileWidth: 1, memoryCell: 4, memory: nil, stateBytes: 4, tableBytes: 0, cacheBytes: -1)
    #expect(refusal(cacheBytes)?.contains("cacheBytes") == true)
  }
}
