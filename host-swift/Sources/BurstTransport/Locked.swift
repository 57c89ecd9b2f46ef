import Foundation

/// A value behind a lock, for state that several threads share for moments only.
public final class Locked<Value>: @unchecked Sendable {
  // Unchecked because every access to `value` holds `lock`. (Synchronization.Mutex needs macOS 15.)
  private let lock = NSLock()
  private var value: Value

  public init(_ value: Value) { self.value = value }

  /// Not reentrant; `body` must not wait for anything.
  public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
