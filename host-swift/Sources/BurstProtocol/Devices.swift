/// What the compiler emits for; mirror of `Profile` in compiler-ts/src/metadata.ts.
public struct Profile: Codable, Sendable, Equatable {
  public let name: String
  public let f64: Bool
  public let f32Subnormals: Bool
  public let strictAlignment: Bool
  public let tileWidth: Int

  public init(name: String, f64: Bool, f32Subnormals: Bool, strictAlignment: Bool, tileWidth: Int) {
    self.name = name
    self.f64 = f64
    self.f32Subnormals = f32Subnormals
    self.strictAlignment = strictAlignment
    self.tileWidth = tileWidth
  }

  public static let apple = Profile(name: "apple", f64: false, f32Subnormals: false, strictAlignment: true, tileWidth: 32)
  /// A GPU with IEEE arithmetic.
  public static let native = Profile(name: "native", f64: true, f32Subnormals: true, strictAlignment: true, tileWidth: 32)
  public static let cpu = Profile(name: "cpu", f64: true, f32Subnormals: true, strictAlignment: false, tileWidth: 1)
}

public struct DeviceLimits: Codable, Sendable, Equatable {
  public let maxThreadsPerThreadgroup: Int
  public let threadExecutionWidth: Int
  public let maxThreadgroupMemoryLength: Int
  /// Bytes.
  public let maxBufferLength: Int
  public let recommendedMaxWorkingSetSize: Int
  public let currentAllocatedSize: Int

  public init(
    maxThreadsPerThreadgroup: Int, threadExecutionWidth: Int, maxThreadgroupMemoryLength: Int, maxBufferLength: Int,
    recommendedMaxWorkingSetSize: Int, currentAllocatedSize: Int
  ) {
    self.maxThreadsPerThreadgroup = maxThreadsPerThreadgroup
    self.threadExecutionWidth = threadExecutionWidth
    self.maxThreadgroupMemoryLength = maxThreadgroupMemoryLength
    self.maxBufferLength = maxBufferLength
    self.recommendedMaxWorkingSetSize = recommendedMaxWorkingSetSize
    self.currentAllocatedSize = currentAllocatedSize
  }
}

public struct DeviceDescription: Codable, Sendable, Equatable {
  /// `metal`, `cpu`, …
  public let id: String
  public let name: String
  public let usable: Bool
  /// Why it is not usable.
  public let reason: String?
  public let profile: Profile
  public let limits: DeviceLimits

  public init(id: String, name: String, usable: Bool, reason: String?, profile: Profile, limits: DeviceLimits) {
    self.id = id
    self.name = name
    self.usable = usable
    self.reason = reason
    self.profile = profile
    self.limits = limits
  }
}

public enum ListDevicesRequest: RequestType {
  public static let method = "devices/list"
  public typealias Parameters = NoParameters

  public struct Result: Codable, Sendable, Equatable {
    public let devices: [DeviceDescription]

    public init(devices: [DeviceDescription]) { self.devices = devices }
  }
}
