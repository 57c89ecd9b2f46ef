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
    static let fuelUsed = 4
  }

  /// Lanes end with a trap, in the function that the kernel left in word 1.
  func endWithTrap(_ trap: HostTrap, _ lanes: [UInt32]) throws {
    guard let block = block(plan.status, address: Word.trap * 4, length: (Word.suspension + 1) * 4, lanes) else { return }
    try DeviceCopies.fetch(block, of: status)
    let base = status.contents()
    for lane in lanes {
      plan.status.setWord(Word.trap, of: Int(lane), in: base, to: trap.rawValue)
      plan.status.setWord(Word.suspension, of: Int(lane), in: base, to: 0)
      records.outcomes[Int(lane) * 2] = trap.rawValue
      records.outcomes[Int(lane) * 2 + 1] = plan.status.word(Word.function, of: Int(lane), in: base)
      records.suspensions[Int(lane)] = 0
    }
    try DeviceCopies.publish(block, of: status)
  }

  /// Of instances that were written here, as if a launch had left them so.
  func reportSuspensions(of lanes: [UInt32]) {
    for lane in lanes {
      func word(_ index: Int) -> UInt32 { plan.status.word(index, of: Int(lane), in: status.contents()) }
      records.suspensions[Int(lane)] = word(Word.suspension)
      records.fuelUsed[Int(lane)] = UInt64(word(Word.fuelUsed + 1)) << 32 | UInt64(word(Word.fuelUsed))
    }
  }
}
