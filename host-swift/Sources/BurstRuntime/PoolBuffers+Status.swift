import BurstProtocol
import Metal

/// Codes of the traps that the host itself sets; `trapMessages` in compiler-ts/src/metadata.ts numbers all.
enum HostTrap: UInt32 {
  case timeLimitExceeded = 12
  case hostFunctionFailed = 13
  case deviceFailed = 14
}

/// The status words (docs/kernel-abi.md).
extension PoolBuffers {
  private enum Word {
    static let trap = 0
    static let function = 1
    static let suspension = 2
    static let frames = 3
    static let fuelUsed = 4
  }

  private static let outOfFuel: UInt32 = 1
  private static let firstImport = 2

  /// What an earlier invocation of `lanes` left is none of the next one's: suspension and fuel used become zero.
  func beginInvocation(of lanes: [UInt32]) throws {
    let range = Word.suspension * 4..<(Word.fuelUsed + 2) * 4
    guard let block = block(plan.status, address: range.lowerBound, length: range.count, lanes) else { return }
    let areAll = lanes.count == plan.instances
    if areAll, try DeviceCopies.clear(block, of: status) { return }
    // The block has other instances' words as well.
    if !areAll { try DeviceCopies.fetch(block, of: status) }
    let base = status.contents()
    for lane in lanes {
      for word in range.lowerBound / 4..<range.upperBound / 4 { plan.status.setWord(word, of: Int(lane), in: base, to: 0) }
    }
    try DeviceCopies.publish(block, of: status)
  }

  /// Why each of `lanes` did not end in its last launch, if it did not.
  func suspended(_ lanes: [UInt32]) throws -> (outOfFuel: [UInt32], waiting: [UInt32]) {
    try fetchSuspensions(of: lanes)
    let base = status.contents()
    var outOfFuel: [UInt32] = []
    var waiting: [UInt32] = []
    for lane in lanes {
      switch plan.status.word(Word.suspension, of: Int(lane), in: base) {
      case 0: break
      case Self.outOfFuel: outOfFuel.append(lane)
      default: waiting.append(lane)
      }
    }
    return (outOfFuel, waiting)
  }

  /// Number of the import that each of `lanes` waits for; all of them have to wait.
  func importsWaitedFor(by lanes: [UInt32]) throws -> [Int] {
    try fetchSuspensions(of: lanes)
    let base = status.contents()
    return lanes.map { Int(plan.status.word(Word.suspension, of: Int($0), in: base)) - Self.firstImport }
  }

  /// Where an instance was suspended, as far as tells those apart that would walk different ways.
  struct Point: Sendable, Comparable {
    var function: UInt32 = 0
    var frames: UInt32 = 0

    static func < (left: Point, right: Point) -> Bool { (left.function, left.frames) < (right.function, right.frames) }
  }

  /// Of each of `lanes` after a launch.
  func progress(of lanes: [UInt32]) throws -> [(isSuspended: Bool, point: Point, fuel: UInt64)] {
    guard let block = block(plan.status, address: 0, length: (Word.fuelUsed + 2) * 4, lanes) else { return [] }
    try DeviceCopies.fetch(block, of: status)
    let base = status.contents()
    return lanes.map { lane in
      func word(_ index: Int) -> UInt32 { plan.status.word(index, of: Int(lane), in: base) }
      let fuel = UInt64(word(Word.fuelUsed + 1)) << 32 | UInt64(word(Word.fuelUsed))
      return (word(Word.suspension) != 0, Point(function: word(Word.function), frames: word(Word.frames)), fuel)
    }
  }

  /// What `lanes` have used since their invocation began, together.
  func fuelUsed(by lanes: [UInt32]) throws -> UInt64 {
    guard let block = block(plan.status, address: Word.fuelUsed * 4, length: 8, lanes) else { return 0 }
    try DeviceCopies.fetch(block, of: status)
    let base = status.contents()
    return lanes.reduce(into: 0) { sum, lane in
      let low = plan.status.word(Word.fuelUsed, of: Int(lane), in: base)
      let high = plan.status.word(Word.fuelUsed + 1, of: Int(lane), in: base)
      sum &+= UInt64(high) << 32 | UInt64(low)
    }
  }

  private func fetchSuspensions(of lanes: [UInt32]) throws {
    if let block = block(plan.status, address: Word.suspension * 4, length: 4, lanes) { try DeviceCopies.fetch(block, of: status) }
  }

  /// Lanes end with a trap, in the function that the kernel left in word 1.
  func endWithTrap(_ trap: HostTrap, _ lanes: [UInt32]) throws {
    guard let block = block(plan.status, address: Word.trap * 4, length: (Word.suspension + 1) * 4, lanes) else { return }
    try DeviceCopies.fetch(block, of: status)
    let base = status.contents()
    for lane in lanes {
      plan.status.setWord(Word.trap, of: Int(lane), in: base, to: trap.rawValue)
      plan.status.setWord(Word.suspension, of: Int(lane), in: base, to: 0)
    }
    try DeviceCopies.publish(block, of: status)
  }

  /// For each of `lanes`, which have ended or wait: trap code (`waitingStatus` where it waits) and function.
  func outcomes(of lanes: [UInt32]) throws -> [(code: UInt32, function: UInt32)] {
    guard let block = block(plan.status, address: 0, length: (Word.suspension + 1) * 4, lanes) else { return [] }
    try DeviceCopies.fetch(block, of: status)
    let base = status.contents()
    return lanes.map { lane in
      func word(_ index: Int) -> UInt32 { plan.status.word(index, of: Int(lane), in: base) }
      return (word(Word.suspension) == 0 ? word(Word.trap) : waitingStatus, word(Word.function))
    }
  }
}
