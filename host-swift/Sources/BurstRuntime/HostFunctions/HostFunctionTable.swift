import BurstProtocol

/// The functions that a host offers to modules, by module and name. A client binds an import to one where its user gives none.
public struct HostFunctionTable: Sendable {
  struct Name: Hashable, Comparable, Sendable {
    let module: String
    let name: String

    static func < (left: Name, right: Name) -> Bool { (left.module, left.name) < (right.module, right.name) }
  }

  private var functions: [Name: HostFunction] = [:]

  public init() {}

  /// Takes the place of what is there under the same names.
  public mutating func register(_ module: String, _ name: String, _ function: HostFunction) {
    functions[Name(module: module, name: name)] = function
  }

  public var descriptions: [HostFunctionDescription] {
    functions.sorted { $0.key < $1.key }.map { name, function in
      HostFunctionDescription(module: name.module, name: name.name, parameters: function.parameters, results: function.results)
    }
  }

  func function(_ module: String, _ name: String) -> HostFunction? { functions[Name(module: module, name: name)] }
}
