import BurstProtocol

/// The sizes of a pool, all known and checked before anything is allocated. Pure.
struct PoolPlan: Sendable, Equatable {
  let instances: Int
  let memoryPages: Int
  let valuesBytes: Int
  let callStackBytes: Int
  let scratchBytes: Int
  /// Of threadgroup memory, that a thread has use for.
  let nearWords: Int
  /// Of a multiprocessor's cache, that a thread has use for.
  let cacheBytes: Int
  let status: TiledRegion
  let state: TiledRegion
  let memory: TiledRegion
  let tables: TiledRegion
  let execution: TiledRegion
  /// Of `LaunchRecords`, for an instance.
  private let recordBytes: Int

  /// Lane numbers are 32-bit words.
  static let maximumInstances = Int(Int32.max)
  /// By default memory may grow by this many pages.
  private static let defaultGrowth = 16

  /// `recordBytes`: of an instance's arguments and results, as they pass between host and device. Throws `invalidParams` naming the field.
  init(_ parameters: CreatePoolRequest.Parameters, layout: Layout, recordBytes: Int = 0) throws(ResponseError) {
    guard parameters.instances >= 1 else { throw ResponseError(.invalidParams, "`instances`: must be at least 1.") }
    instances = parameters.instances
    memoryPages = try Self.pages(parameters.memoryPages, layout.memory)
    valuesBytes = try Self.part(parameters.execution?.values, "values", default: 32_768)
    callStackBytes = try Self.part(parameters.execution?.callStack, "callStack", default: 16_384)
    scratchBytes = try Self.part(parameters.execution?.scratch, "scratch", default: 16_384)
    nearWords = layout.nearWords
    cacheBytes = layout.cacheBytes ?? 0

    func region(_ bytes: Int, cell: Int = 4) -> TiledRegion {
      TiledRegion(tileWidth: layout.tileWidth, cell: cell, bytesPerInstance: bytes)
    }
    status = region(32)
    state = region(layout.stateBytes)
    memory = region(memoryPages * Layout.pageBytes, cell: layout.memoryCell)
    tables = region(layout.tableBytes)
    execution = region(valuesBytes + callStackBytes + scratchBytes)
    self.recordBytes = LaunchRecords.bytesPerInstance + recordBytes
  }

  /// Throws `invalidParams` where the records of an import do not fit.
  func check(_ imports: [RecordSizes]) throws(ResponseError) {
    guard let most = imports.map({ max($0.argumentBytes, $0.resultBytes) }).max(), most > scratchBytes / 2 else { return }
    throw ResponseError(
      .invalidParams, "`execution.scratch`: an import's record has \(most) bytes, and half of scratch has \(scratchBytes / 2).")
  }

  private static func pages(_ wanted: Int?, _ memory: Layout.Memory?) throws(ResponseError) -> Int {
    guard let memory else {
      if let wanted, wanted != 0 { throw ResponseError(.invalidParams, "`memoryPages`: the module has no memory.") }
      return 0
    }
    let maximum = memory.maximumPages ?? Layout.maximumPages
    guard let wanted else { return min(maximum, memory.minimumPages + defaultGrowth) }
    guard (memory.minimumPages...maximum).contains(wanted) else {
      throw ResponseError(.invalidParams, "`memoryPages`: must be \(memory.minimumPages) to \(maximum) for this module.")
    }
    return wanted
  }

  private static func part(_ wanted: Int?, _ name: String, default: Int) throws(ResponseError) -> Int {
    guard let wanted else { return `default` }
    guard (0...Layout.maximumRegionBytes).contains(wanted), wanted % 256 == 0 else {
      throw ResponseError(
        .invalidParams, "`execution.\(name)`: must be a multiple of 256 from 0 to \(Layout.maximumRegionBytes).")
    }
    return wanted
  }

  /// In the execution buffer, as the next one: docs/kernel-abi.md.
  var argumentsAddress: Int { valuesBytes + callStackBytes }
  var resultsAddress: Int { argumentsAddress + scratchBytes / 2 }

  var regions: [TiledRegion] { [status, state, memory, tables, execution] }

  var bytesPerInstance: Int { regions.reduce(recordBytes) { $0 + $1.bytesPerInstance } }

  /// Throws `poolTooLarge` where the device's limits leave no room. `available` is what of the working set is free.
  func check(maxBufferLength: Int, available: Int) throws(ResponseError) {
    let width = status.tileWidth
    var fit = (instances: Self.maximumInstances, limit: "\(Self.maximumInstances) instances")
    func lower(_ tiles: Int, _ limit: String) {
      // Counted in tiles: a buffer holds whole ones. Tiles beyond the maximum would overflow below and don't matter.
      let instances = min(max(tiles, 0), Self.maximumInstances) * width
      if instances < fit.instances { fit = (instances, limit) }
    }
    for region in regions where region.bytesPerTile > 0 {
      lower(maxBufferLength / region.bytesPerTile, "maxBufferLength, \(maxBufferLength) bytes")
    }
    lower(available / (bytesPerInstance * width), "recommendedMaxWorkingSetSize less what is allocated, \(available) bytes")
    if instances > fit.instances { throw tooLarge(fitting: fit.instances, limit: fit.limit) }
  }

  func tooLarge(fitting: Int, limit: String) -> ResponseError {
    let data = PoolTooLargeData(instances: instances, instancesThatFit: fitting, bytesPerInstance: bytesPerInstance, limit: limit)
    return ResponseError(
      .poolTooLarge,
      "\(instances) instances of \(bytesPerInstance) bytes do not fit on the device; \(fitting) would. The limit is \(limit).",
      data: try? WireEncoder.encode(data))
  }
}
