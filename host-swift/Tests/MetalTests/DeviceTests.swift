import Foundation
import Testing

@testable import Metal

@Suite struct DeviceTests {
  let test = TestDevice()
  var device: CPUDevice { test.device }

  @Test func defaultDeviceIsTheFirstOfAll() throws {
    let device = try #require(MTLCreateSystemDefaultDevice())
    let isFirst = device === MTLCopyAllDevices().first
    #expect(isFirst)
    #expect(device.name.hasPrefix("CPU, "))
    #expect(device.architecture.name.hasPrefix("cpu_"))
    #expect(!device.supportsFamily(.metal3))
    #expect(device.recommendedMaxWorkingSetSize > 1 << 20)
    #expect(device.maxThreadsPerThreadgroup.width == 1024)
  }

  @Test func threadCountFollowsTheEnvironment() {
    #expect(TestDevice(["WASMBURST_CPU_THREADS": "3"]).device.name.hasSuffix(", 3 threads"))
    #expect(TestDevice(["WASMBURST_CPU_THREADS": "1"]).device.name.hasSuffix(", 1 thread"))
    let cores = ProcessInfo.processInfo.activeProcessorCount
    #expect(TestDevice(["WASMBURST_CPU_THREADS": "many"]).device.pool.workerCount == cores)
  }

  @Test func buffersAreZeroedAlignedAndCounted() throws {
    let before = device.currentAllocatedSize
    var buffer = device.makeBuffer(length: 100_000, options: .storageModeShared)
    let bytes: [UInt8] = try #require(buffer).elements()
    #expect(bytes.count == 100_000 && bytes.allSatisfy { $0 == 0 })
    #expect(Int(bitPattern: buffer?.contents()) % Machine.pageSize == 0)
    #expect(buffer?.storageMode == .shared)
    #expect(device.currentAllocatedSize - before == buffer?.allocatedSize)
    buffer = nil
    #expect(device.currentAllocatedSize == before)
  }

  @Test func bufferThatDoesNotFitIsNil() throws {
    #expect(device.makeBuffer(length: 0) == nil)
    #expect(device.makeBuffer(length: -1) == nil)
    #expect(device.makeBuffer(length: .max) == nil)
    #expect(device.makeBuffer(length: device.maxBufferLength + 1) == nil)
    let half = try #require(device.makeBuffer(length: device.maxBufferLength / 2 + 8192))
    #expect(device.makeBuffer(length: device.maxBufferLength / 2 + 8192) == nil)
    #expect(half.length == device.maxBufferLength / 2 + 8192)
  }

  @Test func poolWalksEveryIndexOnceWhateverTheCount() {
    for count in [0, 1, 2, 31, 32, 33, 1000, 4097] {
      let visits = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(count, 1))
      visits.initialize(repeating: 0)
      let pointer = UInt(bitPattern: visits.baseAddress)
      device.pool.run(count: count) { range in
        let visits = UnsafeMutablePointer<UInt8>(bitPattern: pointer)!
        for index in range { visits[index] += 1 }
      }
      #expect(visits.prefix(count).allSatisfy { $0 == 1 })
      visits.deallocate()
    }
  }
}

@Suite struct PowerStateTests {
  /// A folder like /sys/class/thermal with one zone.
  func zones(temperature: Int, trips: [(String, Int)]) throws -> (zones: ThermalZones, folder: URL) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thermal-\(UUID().uuidString)")
    let zone = folder.appendingPathComponent("thermal_zone0")
    try FileManager.default.createDirectory(at: zone, withIntermediateDirectories: true)
    try Data("\(temperature)\n".utf8).write(to: zone.appendingPathComponent("temp"))
    for (index, trip) in trips.enumerated() {
      try Data("\(trip.0)\n".utf8).write(to: zone.appendingPathComponent("trip_point_\(index)_type"))
      try Data("\(trip.1)\n".utf8).write(to: zone.appendingPathComponent("trip_point_\(index)_temp"))
    }
    return (ThermalZones(directory: folder.path), folder)
  }

  @Test(arguments: [
    (40_000, ProcessInfo.ThermalState.nominal), (85_000, .fair), (96_000, .serious), (105_000, .critical), (0, .nominal),
  ])
  func tripPointsGiveTheState(temperature: Int, state: ProcessInfo.ThermalState) throws {
    let (zones, folder) = try zones(
      temperature: temperature, trips: [("critical", 105_000), ("active", 30_000), ("passive", 85_000), ("hot", 95_000), ("hot", 0)])
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(zones.state == state)
  }

  @Test func withoutZonesTheStateIsNominal() {
    #expect(ThermalZones(directory: "/nowhere").state == .nominal)
    #expect(!PlatformProfile(path: "/nowhere").isLowPower)
  }
}
