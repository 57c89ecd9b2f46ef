import Foundation
import Testing

@testable import Metal

@Suite struct LibraryCacheTests {
  let test = TestDevice()

  func sums() throws -> [UInt32] {
    let out = try #require(test.device.makeBuffer(length: 8))
    let inputs =
      try [UInt32(2)].map { try test.device.buffer([$0]) } + [
        test.device.buffer([1, 2] as [UInt32]), test.device.buffer([3, 4] as [UInt32]),
      ]
    try test.device.run(try test.device.pipeline(vectorAdd, "vector_add"), inputs + [out], threads: line(2))
    return out.elements()
  }

  @Test func sameTextIsBuiltOnceInAProcess() throws {
    let first = try test.device.makeLibrary(source: vectorAdd, options: nil)
    let second = try test.device.makeLibrary(source: vectorAdd, options: nil)
    #expect(test.device.images.compilationCount == 1)
    #expect(first.functionNames == second.functionNames)
  }

  @Test func concurrentBuildersOfOneTextRunClangOnce() throws {
    let device = test.device
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      _ = try? device.makeLibrary(source: vectorAdd, options: nil)
    }
    #expect(device.images.compilationCount == 1)
  }

  @Test func nextProcessCompilesNothing() throws {
    #expect(try sums() == [4, 6])
    test.restart()
    #expect(try sums() == [4, 6])
    #expect(test.device.images.compilationCount == 0)
  }

  @Test func otherTextOrMacroIsAnotherObject() throws {
    let options = MTLCompileOptions()
    options.preprocessorMacros = ["UNUSED": NSNumber(value: 1)]
    _ = try test.device.makeLibrary(source: vectorAdd, options: nil)
    _ = try test.device.makeLibrary(source: vectorAdd, options: options)
    _ = try test.device.makeLibrary(source: vectorAdd + "\n", options: nil)
    #expect(test.device.images.compilationCount == 3)
    #expect(test.cachedObjects.count == 3)
  }

  @Test(arguments: ["truncated", "flipped", "empty", "foreign", "folder"])
  func damagedFileIsRebuilt(damage: String) throws {
    #expect(try sums() == [4, 6])
    let url = try #require(test.cachedObjects.first)
    var file = try Data(contentsOf: url)
    switch damage {
    case "truncated": file = file.prefix(file.count / 2)
    case "flipped": file[file.count / 2] ^= 1
    case "empty": file = Data()
    default: file = Data("not an object".utf8)
    }
    if damage == "folder" {
      try FileManager.default.removeItem(at: url)
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    } else {
      try file.write(to: url)
    }
    test.restart()
    #expect(try sums() == [4, 6])
    #expect(test.device.images.compilationCount == 1)
    test.restart()
    #expect(try sums() == [4, 6])
    if damage != "folder" { #expect(test.device.images.compilationCount == 0) }
  }

  @Test func unwritableCacheIsNoError() throws {
    let device = TestDevice(["WASMBURST_CACHE": "/dev/null/cache"]).device
    #expect(try device.makeLibrary(source: vectorAdd, options: nil).functionNames == ["vector_add"])
  }

  @Test func directoryFollowsTheEnvironment() {
    #expect(ObjectCache.defaultDirectory(environment: ["WASMBURST_CACHE": "/a", "XDG_CACHE_HOME": "/b"]).path == "/a")
    #expect(ObjectCache.defaultDirectory(environment: ["XDG_CACHE_HOME": "/b"]).path == "/b/wasmburst")
    #expect(ObjectCache.defaultDirectory(environment: ["XDG_CACHE_HOME": "b"]).path.hasSuffix("/.cache/wasmburst"))
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func digestsAreThoseOfTheStandard(message: String, digest: String) {
    #expect(SHA256.hexDigest(message.utf8) == digest)
  }
}
