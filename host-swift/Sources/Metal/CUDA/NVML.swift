import Foundation

/// NVIDIA's management library, by dlopen: a machine without it has no sensors to read.
struct NVML: Sendable {
  typealias Status = UInt32
  typealias Handle = OpaquePointer

  private typealias Initialize = @convention(c) () -> Status
  private typealias HandleByBus = @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<Handle?>) -> Status
  private typealias ReadKind = @convention(c) (Handle, UInt32, UnsafeMutablePointer<UInt32>) -> Status
  private typealias ReadWord = @convention(c) (Handle, UnsafeMutablePointer<UInt32>) -> Status
  private typealias ReadLong = @convention(c) (Handle, UnsafeMutablePointer<UInt64>) -> Status

  private let handleByBus: HandleByBus
  private let temperature: ReadKind
  private let temperatureThreshold: ReadKind?
  private let power: ReadWord
  private let powerLimit: ReadWord?
  private let throttleReasons: ReadLong?

  static let shared = NVML()

  private init?() {
    guard let library = DynamicLibrary(["libnvidia-ml.so.1"]),
      let initialize = library.function("nvmlInit_v2", as: Initialize.self), initialize() == 0,
      let handleByBus = library.function("nvmlDeviceGetHandleByPciBusId_v2", as: HandleByBus.self),
      let temperature = library.function("nvmlDeviceGetTemperature", as: ReadKind.self),
      let power = library.function("nvmlDeviceGetPowerUsage", as: ReadWord.self)
    else { return nil }
    self.handleByBus = handleByBus
    self.temperature = temperature
    self.power = power
    temperatureThreshold = library.function("nvmlDeviceGetTemperatureThreshold", as: ReadKind.self)
    powerLimit = library.function("nvmlDeviceGetEnforcedPowerLimit", as: ReadWord.self)
    throttleReasons = library.function("nvmlDeviceGetCurrentClocksThrottleReasons", as: ReadLong.self)
  }

  /// `bus`: "0000:17:00.0", as the driver names it.
  func sensors(bus: String) -> DeviceSensors? {
    var handle: Handle?
    guard handleByBus(bus, &handle) == 0, let handle else { return nil }
    func kind(_ read: ReadKind?, _ kind: UInt32) -> Int? {
      var value: UInt32 = 0
      return read?(handle, kind, &value) == 0 ? Int(value) : nil
    }
    func watts(_ read: ReadWord?) -> Double? {
      var milliwatts: UInt32 = 0
      return read?(handle, &milliwatts) == 0 ? Double(milliwatts) / 1000 : nil
    }
    var reasons: UInt64 = 0
    if throttleReasons?(handle, &reasons) != 0 { reasons = 0 }
    return DeviceSensors(
      temperature: kind(temperature, 0), shutdownTemperature: kind(temperatureThreshold, 0),
      slowdownTemperature: kind(temperatureThreshold, 1), power: watts(power), powerLimit: watts(powerLimit),
      throttling: DeviceSensors.Throttling(rawValue: reasons))
  }
}
