import Foundation

/// A kernel function's name and parameters, as far as a caller needs them.
struct KernelSignature: Equatable {
  /// Values that Metal computes for each thread. Raw values are their MSL attributes.
  enum Builtin: String {
    case threadPositionInGrid = "thread_position_in_grid"
    case threadsPerGrid = "threads_per_grid"
    case threadPositionInThreadgroup = "thread_position_in_threadgroup"
    case threadIndexInThreadgroup = "thread_index_in_threadgroup"
    case threadsPerThreadgroup = "threads_per_threadgroup"
    case threadgroupPositionInGrid = "threadgroup_position_in_grid"
    case threadgroupsPerGrid = "threadgroups_per_grid"
  }

  enum Parameter: Equatable {
    /// `type` includes the address space and, for a pointer, its star.
    case pointer(type: String, buffer: Int)
    /// `type` is what the reference refers to.
    case reference(type: String, buffer: Int)
    case builtin(Builtin, type: String)
    /// Threadgroup memory, whose length the encoder sets.
    case threadgroup(type: String)
  }

  var name: String
  var parameters: [Parameter]
  /// `[[max_total_threads_per_threadgroup(n)]]`, 0 where there is none.
  var maximumThreads: Int

  /// A text without the attribute of threadgroup memory, which the shims' word for its address space would tear apart. Columns stay.
  static func withoutThreadgroupAttributes(_ source: String) -> String {
    let attribute = "[[threadgroup(0)]]"
    return source.replacingOccurrences(of: attribute, with: String(repeating: " ", count: attribute.count))
  }

  var usesThreadgroupMemory: Bool {
    parameters.contains { if case .threadgroup = $0 { true } else { false } }
  }
}

extension KernelSignature {
  /// What is wrong with a kernel's declaration; `line` counts from 1.
  struct ParseError: Error, Equatable {
    var line: Int
    var message: String
  }

  static let bufferCount = 31

  /// The kernels that `source` defines, in order. Kernels that macros produce are not seen.
  static func parseAll(in source: String) throws(ParseError) -> [KernelSignature] {
    let text = KernelText(source)
    var kernels: [KernelSignature] = []
    for declaration in text.kernelDeclarations() {
      let kernel = try parse(declaration)
      if kernels.contains(where: { $0.name == kernel.name }) {
        throw ParseError(line: declaration.line, message: "kernel '\(kernel.name)' is defined twice: kernels cannot be overloaded")
      }
      kernels.append(kernel)
    }
    return kernels
  }

  private static func parse(_ declaration: KernelText.Declaration) throws(ParseError) -> KernelSignature {
    var parameters: [Parameter] = []
    for text in declaration.parameters {
      do {
        parameters.append(try parseParameter(text))
      } catch {
        throw ParseError(line: declaration.line, message: "parameter '\(text)' of kernel '\(declaration.name)': \(error.message)")
      }
    }
    let maximumThreads = argument(of: "max_total_threads_per_threadgroup", in: declaration.attributes) ?? 0
    return KernelSignature(name: declaration.name, parameters: parameters, maximumThreads: maximumThreads)
  }

  private struct ParameterError: Error {
    var message: String
  }

  private static func parseParameter(_ text: String) throws(ParameterError) -> Parameter {
    guard let open = text.firstRange(of: "[["), let close = text[open.upperBound...].firstRange(of: "]]") else {
      throw ParameterError(message: "it needs an attribute, such as [[buffer(0)]]")
    }
    let attribute = trim(text[open.upperBound..<close.lowerBound])
    let declarator = trim(text[..<open.lowerBound] + text[close.upperBound...])
    let name = String(declarator.reversed().prefix { $0.isLetter || $0.isNumber || $0 == "_" }.reversed())
    let type = trim(declarator.dropLast(name.count))
    guard !name.isEmpty, !type.isEmpty else { throw ParameterError(message: "it needs a type and a name") }
    if let builtin = Builtin(rawValue: attribute) { return .builtin(builtin, type: type) }
    if attribute.hasPrefix("threadgroup(") || attribute.hasPrefix("threadgroup ") {
      guard argument(of: "threadgroup", in: attribute) == 0, type.hasPrefix("threadgroup"), type.hasSuffix("*") else {
        throw ParameterError(message: "threadgroup memory is a pointer to it with the index 0, the only one that this device has")
      }
      return .threadgroup(type: type)
    }
    guard attribute.hasPrefix("buffer") else {
      throw ParameterError(message: "the cpu device has no [[\(attribute)]]")
    }
    guard let buffer = argument(of: "buffer", in: attribute), buffer < bufferCount else {
      throw ParameterError(message: "a buffer's index is a number from 0 to \(bufferCount - 1)")
    }
    switch type.last {
    case "*": return .pointer(type: type, buffer: buffer)
    case "&": return .reference(type: trim(type.dropLast()), buffer: buffer)
    default: throw ParameterError(message: "a buffer is a pointer or a reference")
    }
  }

  /// The number n of `name(n)` in `attributes`.
  private static func argument(of name: String, in attributes: String) -> Int? {
    guard let found = attributes.firstRange(of: name) else { return nil }
    let rest = trim(attributes[found.upperBound...])
    guard rest.first == "(", let close = rest.firstIndex(of: ")") else { return nil }
    return Int(trim(rest[rest.index(after: rest.startIndex)..<close]))
  }

  private static func trim(_ text: some StringProtocol) -> String {
    text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
