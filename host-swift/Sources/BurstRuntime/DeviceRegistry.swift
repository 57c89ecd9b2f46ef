import BurstProtocol
import Metal

/// The machine's devices by the ids of the protocol.
struct DeviceRegistry: Sendable {
  let devices: [Device]

  init(_ metalDevices: [any MTLDevice] = MTLCopyAllDevices()) {
    var counts: [String: Int] = [:]
    devices = metalDevices.map { metal in
      let kind = Device.kind(of: metal)
      counts[kind, default: 0] += 1
      let number = counts[kind] ?? 1
      return Device(metal, id: number == 1 ? kind : "\(kind)-\(number)")
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
