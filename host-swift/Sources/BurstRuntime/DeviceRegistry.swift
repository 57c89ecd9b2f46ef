import BurstEnvironment
import BurstProtocol
import Metal

/// The machine's devices by the ids of the protocol.
struct DeviceRegistry: Sendable {
  let devices: [Device]

  init(_ metalDevices: [any MTLDevice] = MTLCopyAllDevices(), environment: HostEnvironment = .current) {
    var counts: [Device.Kind: Int] = [:]
    devices = metalDevices.map { metal in
      let kind = Device.Kind(metal)
      defer { counts[kind, default: 0] += 1 }
      return Device(metal, id: kind.id(number: counts[kind, default: 0]), environment: environment)
    }
  }

  func device(_ id: String) throws(ResponseError) -> Device {
    guard let device = devices.first(where: { $0.id == id }) else {
      let known = devices.isEmpty ? "none" : devices.map(\.id).joined(separator: ", ")
      throw ResponseError(.unknownDevice, "There is no device \"\(id)\"; this machine has: \(known).")
    }
    return device
  }
}
