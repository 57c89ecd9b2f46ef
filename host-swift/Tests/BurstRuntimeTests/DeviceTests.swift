import BurstEnvironment
import Foundation
import Testing

@testable import BurstProtocol
@testable import BurstRuntime

/// The device on which the tests of kernels run: the first usable one.
enum TestDevice {
  static let first: DeviceDescription? = DeviceRegistry().devices.map(\.description).first { $0.usable }
}

@Suite("Devices and modules")
struct DeviceTests {
  @Test("devices are described with id, profile and limits")
  func list() throws {
    let client = try TestClient.initialized()
    let devices = try client.call(ListDevicesRequest.self, NoParameters()).devices
    #expect(!devices.isEmpty)
    #expect(Set(devices.map(\.id)).count == devices.count)
    for device in devices {
      #expect(device.usable == (device.reason == nil))
      #expect(device.profile == (device.id.hasPrefix("cpu") ? .cpu : .apple))
      #expect(device.limits.maxBufferLength > 0 && device.limits.recommendedMaxWorkingSetSize > 0)
      #expect(device.limits.threadExecutionWidth > 0)
    }
  }

  @Test("a text is compiled once: then it comes from memory, in a later host from the archive")
  func cached() throws {
    let device = try #require(TestDevice.first).id
    let folder = TestClient.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    // The device may have caches of its own: a text that nobody has seen before.
    let seen = TestKernels.load(device)
    let load = LoadModuleRequest.Parameters(
      device: device, text: seen.text + "// \(UUID())\n", image: seen.image, layout: seen.layout,
      instantiateKernel: seen.instantiateKernel, kernels: seen.kernels)
    do {
      let client = try TestClient.initialized(cache: folder)
      #expect(try !client.call(LoadModuleRequest.self, load).cached)
      #expect(try client.call(LoadModuleRequest.self, load).cached)
    }
    #expect(try TestClient.initialized(cache: folder).call(LoadModuleRequest.self, load).cached)
  }

  @Test("a damaged archive is discarded and built again")
  func damagedArchive() throws {
    let device = try #require(TestDevice.first).id
    let folder = TestClient.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let load = TestKernels.load(device)
    _ = try TestClient.initialized(cache: folder).call(LoadModuleRequest.self, load)
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
    // The host's own kernels have one as well.
    let archive = try #require(files.first { $0.lastPathComponent == CacheDirectory.fileName(text: load.text) })
    try Data("nonsense".utf8).write(to: archive)
    let client = try TestClient.initialized(cache: folder)
    #expect(try !client.call(LoadModuleRequest.self, load).cached)
    #expect(client.notifications.count == 1, "a warning is logged")
    #expect(try TestClient.initialized(cache: folder).call(LoadModuleRequest.self, load).cached)
  }

  @Test("a folder that cannot be written costs the cache, not the module")
  func unwritableCache() throws {
    let device = try #require(TestDevice.first).id
    let client = try TestClient.initialized(cache: URL(fileURLWithPath: "/dev/null/cache"))
    #expect(try client.call(LoadModuleRequest.self, TestKernels.load(device)).module > 0)
    // The host's own kernels cannot be kept either.
    #expect(client.notifications.count == 1, "a warning is logged, once")
  }

  @Test("what the environment asks for in a form that it has not is the reason why no device is used")
  func malformedEnvironment() throws {
    let id = try #require(TestDevice.first).id
    let environment = HostEnvironment(["WASMBURST_THREADGROUP": "100", "WASMBURST_RESIDENT": "few"])
    let client = try TestClient.initialized(devices: DeviceRegistry(environment: environment))
    let reason =
      "WASMBURST_THREADGROUP is '100': expected a whole number from 1 to 64; "
      + "WASMBURST_RESIDENT is 'few': expected a whole number from 0 to 65536"
    for device in try client.call(ListDevicesRequest.self, NoParameters()).devices {
      #expect(!device.usable && device.reason == reason)
    }
    let refused = try #require(client.failure(LoadModuleRequest.self, TestKernels.load(id)))
    #expect(refused.code == .deviceUnusable && refused.message.hasSuffix(reason))
  }

  @Test("errors of loading: unknown device, text refused with the compiler's words, kernel missing")
  func failures() throws {
    let device = try #require(TestDevice.first).id
    let client = try TestClient.initialized()
    let unknown = try #require(client.failure(LoadModuleRequest.self, TestKernels.load("abacus")))
    #expect(unknown.code == .unknownDevice && unknown.message.contains(device))

    let good = TestKernels.load(device)
    func changed(text: String? = nil, kernels: [String]? = nil) -> LoadModuleRequest.Parameters {
      .init(
        device: device, text: text ?? good.text, image: good.image, layout: good.layout, instantiateKernel: good.instantiateKernel,
        kernels: kernels ?? good.kernels)
    }
    let refused = try #require(client.failure(LoadModuleRequest.self, changed(text: good.text + "nonsense_word;")))
    #expect(refused.code == .buildFailed)
    #expect(try WireDecoder.decode(BuildFailedData.self, from: #require(refused.data)).log.contains("nonsense_word"))
    let missing = try #require(client.failure(LoadModuleRequest.self, changed(kernels: ["absent"])))
    #expect(missing.code == .invalidParams && missing.message.contains("absent"))
  }
}
