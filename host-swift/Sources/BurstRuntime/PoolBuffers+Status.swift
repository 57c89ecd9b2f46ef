import Metal

/// Codes of the traps that the host itself sets; `trapMessages` in compiler-ts/src/metadata.ts numbers all.
enum HostTrap: UInt32 {
  case timeLimitExceeded = 12
  case hostFunctionFailed = 13
}

/// The status words (docs/kernel-abi.md).
extension PoolBuffers {
  private enum Word {
    static let trap = 0
    static let suspension = 2
    static let fuelUsed = 4
  }

  private static let outOfFuel: UInt32 = 1

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

  /// Those of `lanes` that their last launch left without fuel.
  func outOfFuel(_ lanes: [UInt32]) throws -> [UInt32] {
    if let block = block(plan.status, address: Word.suspension * 4, length: 4, lanes) { try DeviceCopies.fetch(block, of: status) }
    let base = status.contents()
    return lanes.filter { plan.status.word(Word.suspension, of: Int($0), in: base) == Self.outOfFuel }
  }

  /// Suspended lanes end with a trap, in the function that the kernel left in word 1.
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
}
