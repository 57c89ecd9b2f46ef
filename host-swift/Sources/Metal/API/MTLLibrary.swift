import Foundation

public enum MTLMathMode: Int, Sendable {
  case safe = 0
  case relaxed = 1
  case fast = 2
}

public enum MTLMathFloatingPointFunctions: Int, Sendable {
  case fast = 0
  case precise = 1
}

// swift-format-ignore: AlwaysUseLowerCamelCase
/// Raw values are `major << 16 | minor`.
public enum MTLLanguageVersion: UInt, Sendable {
  case version1_1 = 0x10001
  case version1_2 = 0x10002
  case version2_0 = 0x20000
  case version2_1 = 0x20001
  case version2_2 = 0x20002
  case version2_3 = 0x20003
  case version2_4 = 0x20004
  case version3_0 = 0x30000
  case version3_1 = 0x30001
  case version3_2 = 0x30002
  case version4_0 = 0x40000
}

public enum MTLLibraryType: Int, Sendable {
  case executable = 0
  case dynamic = 1
}

public enum MTLLibraryOptimizationLevel: Int, Sendable {
  case `default` = 0
  case size = 1
}

public enum MTLFunctionType: UInt, Sendable {
  case vertex = 1
  case fragment = 2
  case kernel = 3
  case visible = 5
  case intersection = 6
  case mesh = 7
  case object = 8
}

/// The cpu device always compiles as `.safe` and `.precise`; of these options it reads `preprocessorMacros` alone.
public final class MTLCompileOptions: NSObject, NSCopying {
  /// Values are `NSString` or `NSNumber`.
  public var preprocessorMacros: [String: NSObject]?
  /// Deprecated by Apple since macOS 15 in favour of `mathMode`.
  public var fastMathEnabled: Bool = true
  public var mathMode: MTLMathMode = .fast
  public var mathFloatingPointFunctions: MTLMathFloatingPointFunctions = .fast
  public var languageVersion: MTLLanguageVersion = .version3_2
  public var libraryType: MTLLibraryType = .executable
  public var preserveInvariance: Bool = false
  public var optimizationLevel: MTLLibraryOptimizationLevel = .default
  /// 0: the compiler chooses.
  public var maxTotalThreadsPerThreadgroup: Int = 0

  public override init() {}

  public func copy(with zone: NSZone? = nil) -> Any {
    let copy = MTLCompileOptions()
    copy.preprocessorMacros = preprocessorMacros
    copy.fastMathEnabled = fastMathEnabled
    copy.mathMode = mathMode
    copy.mathFloatingPointFunctions = mathFloatingPointFunctions
    copy.languageVersion = languageVersion
    copy.libraryType = libraryType
    copy.preserveInvariance = preserveInvariance
    copy.optimizationLevel = optimizationLevel
    copy.maxTotalThreadsPerThreadgroup = maxTotalThreadsPerThreadgroup
    return copy
  }
}

public protocol MTLLibrary: NSObjectProtocol, Sendable {
  var label: String? { get set }
  var device: any MTLDevice { get }
  var functionNames: [String] { get }
  var type: MTLLibraryType { get }

  /// nil where the library has no function of that name.
  func makeFunction(name functionName: String) -> (any MTLFunction)?
}

public protocol MTLFunction: NSObjectProtocol, Sendable {
  var label: String? { get set }
  var device: any MTLDevice { get }
  var name: String { get }
  var functionType: MTLFunctionType { get }
}
