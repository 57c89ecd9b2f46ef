import BurstProtocol
import Foundation

/// A text built for a device, with what a pool of its instances needs.
struct LoadedModule: Sendable {
  let device: Device
  let layout: Layout
  /// Segments, read-only, shared by all instances of a pool.
  let image: Data
  let kernels: BuiltKernels
  /// `HostKernels`, built for the device.
  let hostKernels: BuiltKernels
  let instantiateKernel: String
  /// Of the imported functions, by number.
  let imports: [RecordSizes]
  /// The largest of the kernels'.
  let records: RecordSizes
  let identity: ModuleIdentity
}

extension LoadedModule {
  /// Of what `LaunchRecords` has of an instance in time: arguments, results, and a call of an import.
  var recordBytes: Int {
    records.argumentBytes + records.resultBytes + (imports.map { max($0.argumentBytes, $0.resultBytes) }.max() ?? 0)
  }
}

extension LoadModuleRequest.Parameters {
  /// Throws `invalidParams` naming the field.
  func validateRecords() throws(ResponseError) {
    let all = (imports ?? []).enumerated().map { ("imports[\($0)]", $1) } + (records.map { [("records", $0)] } ?? [])
    for (field, records) in all {
      for (name, bytes) in [("argumentBytes", records.argumentBytes), ("resultBytes", records.resultBytes)] {
        guard (0...Layout.maximumRegionBytes).contains(bytes), bytes % 4 == 0 else {
          throw ResponseError(
            .invalidParams, "`\(field).\(name)`: must be a multiple of 4 from 0 to \(Layout.maximumRegionBytes).")
        }
      }
    }
  }
}

extension Layout {
  static let pageBytes = 65_536
  /// A kernel holds a memory's size in bytes as a 32-bit number.
  static let maximumPages = 65_535
  static let maximumTileWidth = 1024
  static let memoryCells = [4, 8, 16, 32, 64, 128]
  /// Far beyond any module; keeps sums of sizes from overflowing.
  static let maximumRegionBytes = 1 << 30

  /// Throws `invalidParams` naming the field.
  func validate() throws(ResponseError) {
    func require(_ condition: Bool, _ field: String, _ rule: String) throws(ResponseError) {
      if !condition { throw ResponseError(.invalidParams, "`layout.\(field)`: \(rule).") }
    }
    try require((1...Self.maximumTileWidth).contains(tileWidth), "tileWidth", "must be 1 to \(Self.maximumTileWidth)")
    try require(Self.memoryCells.contains(memoryCell), "memoryCell", "must be 4, 8, 16, 32, 64 or 128")
    try require(
      (4...Self.maximumRegionBytes).contains(stateBytes) && stateBytes % 4 == 0, "stateBytes",
      "must be a multiple of 4 from 4 to \(Self.maximumRegionBytes)")
    try require(
      (0...Self.maximumRegionBytes).contains(tableBytes) && tableBytes % 4 == 0, "tableBytes",
      "must be a multiple of 4 from 0 to \(Self.maximumRegionBytes)")
    try require((0...Self.maximumRegionBytes).contains(nearWords), "nearWords", "must be 0 to \(Self.maximumRegionBytes)")
    try require((0...Self.maximumRegionBytes).contains(cacheBytes ?? 0), "cacheBytes", "must be 0 to \(Self.maximumRegionBytes)")
    if let memory {
      try require((0...Self.maximumPages).contains(memory.minimumPages), "memory.minimumPages", "must be 0 to \(Self.maximumPages)")
      if let maximum = memory.maximumPages {
        try require(
          (memory.minimumPages...Self.maximumPages).contains(maximum), "memory.maximumPages",
          "must be minimumPages to \(Self.maximumPages)")
      }
    }
  }
}
