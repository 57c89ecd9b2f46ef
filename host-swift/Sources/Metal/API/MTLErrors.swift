import Foundation

// The structs bridge to NSError as Apple's do: `catch MTLLibraryError.compileFailure`, `error as? MTLLibraryError` and
// `(error as NSError).code` all work. A plain NSError of the same domain does not cast to the struct on Linux, so every throw
// goes through `init(_:_:)`.

// swift-format-ignore: AlwaysUseLowerCamelCase
public let MTLLibraryErrorDomain: String = "MTLLibraryErrorDomain"
// swift-format-ignore: AlwaysUseLowerCamelCase
public let MTLCommandBufferErrorDomain: String = "MTLCommandBufferErrorDomain"
// swift-format-ignore: AlwaysUseLowerCamelCase
public let MTLBinaryArchiveDomain: String = "MTLBinaryArchiveDomain"

public struct MTLLibraryError: _BridgedStoredNSError, @unchecked Sendable {
  public let _nsError: NSError

  public init(_nsError error: NSError) {
    precondition(error.domain == MTLLibraryErrorDomain)
    _nsError = error
  }

  public static var errorDomain: String { MTLLibraryErrorDomain }
  public static var _nsErrorDomain: String { MTLLibraryErrorDomain }

  public enum Code: UInt, _ErrorCodeProtocol, Sendable {
    public typealias _ErrorType = MTLLibraryError

    case unsupported = 1
    case `internal` = 2
    case compileFailure = 3
    case compileWarning = 4
    case functionNotFound = 5
    case fileNotFound = 6
  }

  public static var unsupported: Code { .unsupported }
  public static var `internal`: Code { .internal }
  public static var compileFailure: Code { .compileFailure }
  public static var compileWarning: Code { .compileWarning }
  public static var functionNotFound: Code { .functionNotFound }
  public static var fileNotFound: Code { .fileNotFound }
}

public struct MTLCommandBufferError: _BridgedStoredNSError, @unchecked Sendable {
  public let _nsError: NSError

  public init(_nsError error: NSError) {
    precondition(error.domain == MTLCommandBufferErrorDomain)
    _nsError = error
  }

  public static var errorDomain: String { MTLCommandBufferErrorDomain }
  public static var _nsErrorDomain: String { MTLCommandBufferErrorDomain }

  public enum Code: UInt, _ErrorCodeProtocol, Sendable {
    public typealias _ErrorType = MTLCommandBufferError

    case none = 0
    case `internal` = 1
    case timeout = 2
    case pageFault = 3
    case blacklisted = 4
    case notPermitted = 7
    case outOfMemory = 8
    case invalidResource = 9
    case memoryless = 10
    case deviceRemoved = 11
    case stackOverflow = 12

    public static var accessRevoked: Code { .blacklisted }
  }

  public static var none: Code { .none }
  public static var `internal`: Code { .internal }
  public static var timeout: Code { .timeout }
  public static var pageFault: Code { .pageFault }
  public static var accessRevoked: Code { .accessRevoked }
  public static var notPermitted: Code { .notPermitted }
  public static var outOfMemory: Code { .outOfMemory }
  public static var invalidResource: Code { .invalidResource }
  public static var memoryless: Code { .memoryless }
  public static var deviceRemoved: Code { .deviceRemoved }
  public static var stackOverflow: Code { .stackOverflow }
}

public struct MTLBinaryArchiveError: _BridgedStoredNSError, @unchecked Sendable {
  public let _nsError: NSError

  public init(_nsError error: NSError) {
    precondition(error.domain == MTLBinaryArchiveDomain)
    _nsError = error
  }

  public static var errorDomain: String { MTLBinaryArchiveDomain }
  public static var _nsErrorDomain: String { MTLBinaryArchiveDomain }

  public enum Code: UInt, _ErrorCodeProtocol, Sendable {
    public typealias _ErrorType = MTLBinaryArchiveError

    case none = 0
    case invalidFile = 1
    case unexpectedElement = 2
    case compilationFailure = 3
    case internalError = 4
  }

  public static var none: Code { .none }
  public static var invalidFile: Code { .invalidFile }
  public static var unexpectedElement: Code { .unexpectedElement }
  public static var compilationFailure: Code { .compilationFailure }
  public static var internalError: Code { .internalError }
}

extension _BridgedStoredNSError where Code: RawRepresentable, Code.RawValue == UInt {
  /// An error of this domain whose localized description is `message`.
  init(_ code: Code, _ message: String) {
    self.init(
      _nsError: NSError(domain: Self._nsErrorDomain, code: Int(code.rawValue), userInfo: [NSLocalizedDescriptionKey: message]))
  }
}
