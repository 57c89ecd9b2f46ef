import BurstEnvironment
import Foundation
import Synchronization

/// A fault of the device that a test plans from outside of the process, where whole programs are to live through one:
/// `WASMBURST_TEST_FAULT=NUMBER[:FILE]` strikes command buffer NUMBER, counted from 0; where FILE is given only if it does not exist, and
/// makes it, so that of several processes one meets the fault.
final class PlannedFault: Sendable {
  private let number: Int
  private let file: String?
  private let executed = Atomic(0)

  init?(environment: [String: String]) {
    guard let fault = HostEnvironment(environment).fault else { return nil }
    number = fault.commandBuffer
    file = fault.file
  }

  /// Counts a command buffer.
  func strikesNext() -> Bool { strikes(executed.add(1, ordering: .relaxed).oldValue) }

  func strikes(_ commandBuffer: Int) -> Bool {
    guard commandBuffer == number else { return false }
    guard let file else { return true }
    let descriptor = open(file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    if descriptor >= 0 { close(descriptor) }
    return descriptor >= 0
  }
}
