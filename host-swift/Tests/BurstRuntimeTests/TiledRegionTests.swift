import Foundation
import Testing

@testable import BurstRuntime

@Suite("Tiled regions")
struct TiledRegionTests {
  static let shapes = [1, 2, 32].flatMap { width in
    [4, 8, 16, 64].map { cell in TiledRegion(tileWidth: width, cell: cell, bytesPerInstance: max(48, cell)) }
  }
  private static let instances = 70

  /// The formula of docs/kernel-abi.md, as it stands there.
  private func naiveOffset(_ region: TiledRegion, _ i: Int, _ a: Int) -> Int {
    let (w, s, c) = (region.tileWidth, region.bytesPerInstance, region.cell)
    return (i / w) * w * s + (a - a % c) * w + (i % w) * c + a % c
  }

  @Test("every byte of every instance has its own place within the buffer", arguments: shapes)
  func placesAreDistinct(region: TiledRegion) {
    let length = region.length(instances: Self.instances)
    var places = Set<Int>()
    for instance in 0..<Self.instances {
      for address in 0..<region.bytesPerInstance {
        let place = region.offset(instance: instance, address: address)
        #expect(place == naiveOffset(region, instance, address))
        #expect(place < length)
        places.insert(place)
      }
    }
    #expect(places.count == Self.instances * region.bytesPerInstance)
  }

  @Test("scatter and gather move exactly the bytes of the formula, at every address and length", arguments: shapes)
  func copies(region: TiledRegion) {
    let length = region.length(instances: Self.instances)
    let base = UnsafeMutableRawPointer.allocate(byteCount: length, alignment: 16)
    defer { base.deallocate() }
    let instance = 37
    for address in 0...region.bytesPerInstance {
      for count in 0...(region.bytesPerInstance - address) {
        base.initializeMemory(as: UInt8.self, repeating: 0, count: length)
        let bytes = (0..<count).map { UInt8($0 + 1) }
        bytes.withUnsafeBytes { region.scatter($0, to: base, instance: instance, address: address) }

        var expected = [UInt8](repeating: 0, count: length)
        for index in 0..<count { expected[naiveOffset(region, instance, address + index)] = bytes[index] }
        let actual = Array(UnsafeRawBufferPointer(start: base, count: length))
        guard actual == expected else {
          Issue.record("address \(address), \(count) bytes")
          return
        }
        var back = [UInt8](repeating: 0, count: count)
        back.withUnsafeMutableBytes { region.gather(from: base, instance: instance, address: address, into: $0) }
        #expect(back == bytes)
      }
    }
  }

  @Test("clearing one instance leaves the others", arguments: shapes)
  func clear(region: TiledRegion) {
    let length = region.length(instances: Self.instances)
    let base = UnsafeMutableRawPointer.allocate(byteCount: length, alignment: 16)
    defer { base.deallocate() }
    base.initializeMemory(as: UInt8.self, repeating: 1, count: length)
    region.fill(0..<40, of: 33, in: base, with: 0)
    let zeros = Set((0..<length).filter { base.load(fromByteOffset: $0, as: UInt8.self) == 0 })
    #expect(zeros == Set((0..<40).map { naiveOffset(region, 33, $0) }))
  }

  @Test("an empty region takes no bytes")
  func empty() {
    #expect(TiledRegion(tileWidth: 32, cell: 4, bytesPerInstance: 0).length(instances: 100) == 0)
  }
}
