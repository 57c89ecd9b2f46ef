import BurstProtocol
import Foundation

/// What a module and that of a snapshot have to have in common: everything but the device and how it tiles memory.
struct ModuleIdentity: Codable, Sendable, Equatable {
  private let identity: String
  private let image: String
  private let memory: Layout.Memory?
  private let stateBytes: Int
  private let tableBytes: Int
  private let kernels: [String]
  private let imports: [RecordSizes]

  init(_ parameters: LoadModuleRequest.Parameters) {
    identity = parameters.identity ?? "text \(Checksum.hex(Data(parameters.text.utf8)))"
    image = Checksum.hex(parameters.image)
    memory = parameters.layout.memory
    stateBytes = parameters.layout.stateBytes
    tableBytes = parameters.layout.tableBytes
    kernels = Set(parameters.kernels + [parameters.instantiateKernel]).sorted()
    imports = parameters.imports ?? []
  }
}
