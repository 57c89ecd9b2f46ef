import Foundation

// Names that Apple's Foundation and Darwin overlays give every file that imports Metal, and that Linux lacks.

public typealias CFTimeInterval = Double

public typealias AutoreleasingUnsafeMutablePointer = UnsafeMutablePointer

/// Runs `body`; Linux has no autorelease pools to drain.
public func autoreleasepool<Result>(invoking body: () throws -> Result) rethrows -> Result {
  try body()
}
