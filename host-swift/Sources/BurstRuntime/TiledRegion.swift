/// The address arithmetic of one tiled region (docs/kernel-abi.md) and the copies between it and contiguous bytes.
///
/// Pure: it is told where the region begins. Callers check `address` and length against what an instance may see;
/// here both only have to lie within the region.
struct TiledRegion: Sendable, Equatable {
  /// Instances in one tile.
  let tileWidth: Int
  /// Bytes of a cell, a power of two from 4 on.
  let cell: Int
  /// A multiple of `cell`; may be 0.
  let bytesPerInstance: Int

  var bytesPerTile: Int { tileWidth * bytesPerInstance }

  /// Bytes of a buffer for `instances`: whole tiles.
  func length(instances: Int) -> Int {
    (instances + tileWidth - 1) / tileWidth * bytesPerTile
  }

  func offset(instance: Int, address: Int) -> Int {
    let within = address % cell
    return instance / tileWidth * bytesPerTile + (address - within) * tileWidth + instance % tileWidth * cell + within
  }

  /// `rows` runs of `width` bytes, `pitch` bytes apart.
  struct Block: Sendable, Equatable {
    var offset: Int
    var width: Int
    var pitch: Int
    var rows: Int
  }

  /// All bytes of the region's first `instances`.
  func block(instances: Int) -> Block {
    Block(offset: 0, width: length(instances: instances), pitch: 0, rows: 1)
  }

  /// Whole cells with `length` bytes from `address` on, of every instance of the tiles that hold `instances`.
  func block(address: Int, length: Int, instances: ClosedRange<Int>) -> Block {
    let start = address / cell * cell
    let end = (address + length + cell - 1) / cell * cell
    let tiles = instances.lowerBound / tileWidth...instances.upperBound / tileWidth
    return Block(
      offset: tiles.lowerBound * bytesPerTile + start * tileWidth, width: (end - start) * tileWidth, pitch: bytesPerTile,
      rows: tiles.count)
  }

  /// The same of one instance alone, cell by cell.
  func cells(address: Int, length: Int, instance: Int) -> Block {
    let start = address / cell * cell
    let end = (address + length + cell - 1) / cell * cell
    return Block(offset: offset(instance: instance, address: start), width: cell, pitch: cell * tileWidth, rows: (end - start) / cell)
  }

  /// Copies `bytes` to an instance's `address`.
  func scatter(_ bytes: UnsafeRawBufferPointer, to base: UnsafeMutableRawPointer, instance: Int, address: Int) {
    forEachPiece(instance: instance, address: address, length: bytes.count) { offset, start, count in
      let source = bytes.baseAddress! + start
      // The loads of a fixed size matter: a call of memcpy for each cell is several times slower.
      if count == 8 {
        (base + offset).storeBytes(of: source.loadUnaligned(as: UInt64.self), as: UInt64.self)
      } else if count == 4 {
        (base + offset).storeBytes(of: source.loadUnaligned(as: UInt32.self), as: UInt32.self)
      } else {
        (base + offset).copyMemory(from: source, byteCount: count)
      }
    }
  }

  /// Copies an instance's bytes from `address` on into `bytes`, filling it.
  func gather(from base: UnsafeRawPointer, instance: Int, address: Int, into bytes: UnsafeMutableRawBufferPointer) {
    forEachPiece(instance: instance, address: address, length: bytes.count) { offset, start, count in
      let target = bytes.baseAddress! + start
      if count == 8 {
        target.storeBytes(of: (base + offset).loadUnaligned(as: UInt64.self), as: UInt64.self)
      } else if count == 4 {
        target.storeBytes(of: (base + offset).loadUnaligned(as: UInt32.self), as: UInt32.self)
      } else {
        target.copyMemory(from: base + offset, byteCount: count)
      }
    }
  }

  /// Sets every byte of an instance in `range` of addresses.
  func fill(_ range: Range<Int>, of instance: Int, in base: UnsafeMutableRawPointer, with byte: UInt8) {
    forEachPiece(instance: instance, address: range.lowerBound, length: range.count) { offset, _, count in
      (base + offset).initializeMemory(as: UInt8.self, repeating: byte, count: count)
    }
  }

  func word(_ index: Int, of instance: Int, in base: UnsafeRawPointer) -> UInt32 {
    UInt32(littleEndian: (base + offset(instance: instance, address: index * 4)).load(as: UInt32.self))
  }

  func setWord(_ index: Int, of instance: Int, in base: UnsafeMutableRawPointer, to value: UInt32) {
    (base + offset(instance: instance, address: index * 4)).storeBytes(of: value.littleEndian, as: UInt32.self)
  }

  /// The longest runs that are contiguous in the region: `body(offset in the region, offset in the range, bytes)`.
  @inline(__always)
  private func forEachPiece(instance: Int, address: Int, length: Int, _ body: (Int, Int, Int) -> Void) {
    guard length > 0 else { return }
    if tileWidth == 1 {
      body(instance * bytesPerInstance + address, 0, length)
      return
    }
    let head = min(length, (cell - address % cell) % cell)
    if head > 0 { body(offset(instance: instance, address: address), 0, head) }
    var done = head
    var position = offset(instance: instance, address: address + head)
    let stride = cell * tileWidth
    while length - done >= cell {
      body(position, done, cell)
      done += cell
      position += stride
    }
    if done < length { body(position, done, length - done) }
  }
}
