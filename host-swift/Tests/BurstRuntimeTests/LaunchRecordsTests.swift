import Foundation
import Metal
import Testing

@testable import BurstRuntime

@Suite("What passes with launches")
struct LaunchRecordsTests {
  private let queue: any MTLCommandQueue
  private let device: any MTLDevice

  init() throws {
    device = try #require(MTLCopyAllDevices().first { $0.hasUnifiedMemory })
    queue = try #require(device.makeCommandQueue())
  }

  private func records(copiesLanes: Bool = false) throws -> LaunchRecords {
    try #require(LaunchRecords(instances: 8, device: device, copiesLanes: copiesLanes))
  }

  private func launch(_ lanes: [UInt32], with records: LaunchRecords, fails: Bool = false) throws {
    let commandBuffer = try #require(queue.makeCommandBuffer())
    let isSet = records.setLanes(lanes, in: commandBuffer)
    #expect(isSet)
    if fails { return records.forgetLanes() }
    commandBuffer.commit()
    commandBuffer.waitUntilCompleted()
  }

  private func lanes(of records: LaunchRecords, _ count: Int) -> [UInt32] {
    Array(UnsafeBufferPointer(start: records.lanes.contents().assumingMemoryBound(to: UInt32.self), count: count))
  }

  @Test("a launch has the lanes that it was given, whatever the one before had", arguments: [false, true])
  func lanesOfLaunches(copiesLanes: Bool) throws {
    let records = try records(copiesLanes: copiesLanes)
    for expected: [UInt32] in [[0, 1, 2, 3], [0, 1, 2, 3], [4, 1], [4, 1, 7], [0, 1, 2, 3]] {
      try launch(expected, with: records)
      #expect(lanes(of: records, expected.count) == expected)
    }
  }

  @Test("lanes whose copy never ran are copied with the next launch")
  func copyThatFailed() throws {
    let records = try records(copiesLanes: true)
    try launch([1, 2], with: records)
    try launch([5, 6], with: records, fails: true)
    #expect(lanes(of: records, 2) == [1, 2])
    try launch([5, 6], with: records)
    #expect(lanes(of: records, 2) == [5, 6])
  }

  @Test(
    "lanes that ran out of fuel and lanes that wait are told apart, in order, whether they follow one another or not",
    arguments: [[2, 3, 4, 5], [5, 0, 3], [7]] as [[UInt32]],
    [
      [0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1],
      [0, 1, 2, 1, 0, 3, 1, 1], [5, 5, 5, 5, 5, 5, 5, 5],
    ] as [[UInt32]])
  func suspended(lanes: [UInt32], words: [UInt32]) throws {
    let records = try records()
    for (index, word) in words.enumerated() { records.suspensions[index] = word }
    let found = records.suspended(lanes)
    #expect(found.outOfFuel == lanes.filter { words[Int($0)] == 1 })
    #expect(found.waiting == lanes.filter { words[Int($0)] > 1 })
  }

  @Test("results of lanes that trapped are zero, and a status that is zero everywhere is left out")
  func ended() throws {
    let records = try records()
    for lane in 0..<8 {
      records.outcomes[lane * 2] = 0
      records.outcomes[lane * 2 + 1] = 0
    }
    let results = try records.resultBuffer(bytesEach: 4).contents().assumingMemoryBound(to: UInt32.self)
    for lane in 0..<8 { results[lane] = UInt32(lane) + 1 }
    func words(_ data: Data) -> [UInt32] { data.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) } }
    var ended = try records.ended(resultBytes: 4, of: [3, 4, 6])
    #expect(ended.status.isEmpty)
    #expect(words(ended.results) == [4, 5, 7])
    records.outcomes[8] = 9
    records.outcomes[9] = 2
    ended = try records.ended(resultBytes: 4, of: [3, 4, 6])
    #expect(words(ended.status) == [0, 0, 9, 2, 0, 0])
    #expect(words(ended.results) == [4, 0, 7])
    #expect(try records.ended(resultBytes: 0, of: [4]).results.isEmpty)
  }
}
