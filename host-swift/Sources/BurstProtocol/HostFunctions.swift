/// Mirror of `ValueType` in compiler-ts/src/wasm/module.ts.
public enum ValueType: String, Codable, Sendable {
  case i32, i64, f32, f64, v128, funcref, externref
}

/// A function of the host that modules can import.
public struct HostFunctionDescription: Codable, Sendable, Equatable {
  public let module: String
  public let name: String
  public let parameters: [ValueType]
  public let results: [ValueType]

  public init(module: String, name: String, parameters: [ValueType], results: [ValueType]) {
    self.module = module
    self.name = name
    self.parameters = parameters
    self.results = results
  }
}

/// What `HostFunctionBinding` can name.
public enum ListHostFunctionsRequest: RequestType {
  public static let method = "host/functions"
  public typealias Parameters = NoParameters

  public struct Result: Codable, Sendable, Equatable {
    /// By module and name.
    public let functions: [HostFunctionDescription]

    public init(functions: [HostFunctionDescription]) { self.functions = functions }
  }
}

/// An import that a function of the host serves, in place of the client.
public struct HostFunctionBinding: Codable, Sendable, Equatable {
  enum CodingKeys: String, CodingKey {
    case number = "import"
    case module, name, parameters, results
  }

  /// Of the import.
  public let number: Int
  public let module: String
  public let name: String
  /// As the module declares them: the host refuses other ones than its function has.
  public let parameters: [ValueType]
  public let results: [ValueType]

  public init(number: Int, module: String, name: String, parameters: [ValueType], results: [ValueType]) {
    self.number = number
    self.module = module
    self.name = name
    self.parameters = parameters
    self.results = results
  }
}

/// Instances in which a function of the host failed with the same text: they ended with the trap `host function failed`.
public struct HostFunctionFailures: Codable, Sendable, Equatable {
  enum CodingKeys: String, CodingKey {
    case number = "import"
    case message, instances
  }

  /// Of the import.
  public let number: Int
  public let message: String
  public let instances: [Int]

  public init(number: Int, message: String, instances: [Int]) {
    self.number = number
    self.message = message
    self.instances = instances
  }
}
