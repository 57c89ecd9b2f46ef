/// How many threads a multiprocessor runs side by side. Pure.
///
/// More of them hide more of memory's latency, until each finds what it has read before gone from the cache. That is soon where lanes read and write at
/// places of their own: the LZ4 example ran 1.3 times as fast with 512 threads on each multiprocessor of an H100 as with the 1,024 that fit (docs/performance.md).
struct ResidentThreads: Sendable, Equatable {
  /// Bytes of a multiprocessor's that are threadgroup memory or cache.
  let cache: Int
  /// Whatever the module; 0: as many as fit.
  let fixed: Int?

  /// At most; 0: as many as fit. `cacheBytes`: that each has use for, 0 where that is not known.
  func most(cacheBytes: Int) -> Int {
    if let fixed { return fixed }
    guard cacheBytes > 0, cache > 0 else { return 0 }
    return max(cache / cacheBytes / Self.group, 1) * Self.group
  }

  /// Threads of a threadgroup, where there is a limit: with larger ones the next begins later. lz4 lost 10 % with 64.
  static let group = 32
}
