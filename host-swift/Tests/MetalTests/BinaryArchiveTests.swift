import Foundation
import Testing

@testable import Metal

@Suite struct BinaryArchiveTests {
  let test = TestDevice()
  var device: CPUDevice { test.device }
  var url: URL { test.folder.appendingPathComponent("archive") }

  func archive(at url: URL? = nil) throws -> any MTLBinaryArchive {
    let descriptor = MTLBinaryArchiveDescriptor()
    descriptor.url = url
    return try device.makeBinaryArchive(descriptor: descriptor)
  }

  func descriptor(_ name: String, in source: String = twoKernels) throws -> MTLComputePipelineDescriptor {
    let descriptor = MTLComputePipelineDescriptor()
    descriptor.computeFunction = try device.makeLibrary(source: source, options: nil).makeFunction(name: name)
    return descriptor
  }

  /// Whether a pipeline can be made from `archive` alone.
  func hits(_ descriptor: MTLComputePipelineDescriptor, in archive: (any MTLBinaryArchive)?) throws -> Bool {
    descriptor.binaryArchives = archive.map { [$0] }
    do {
      _ = try device.makeComputePipelineState(descriptor: descriptor, options: .failOnBinaryArchiveMiss, reflection: nil)
      return true
    } catch is MTLBinaryArchiveError {
      return false
    }
  }

  func writeArchive(_ names: [String]) throws {
    let written = try archive()
    for name in names { try written.addComputePipelineFunctions(descriptor: try descriptor(name)) }
    try written.serialize(to: url)
  }

  @Test func missFailsOnlyWhereAsked() throws {
    let descriptor = try descriptor("one")
    #expect(try !hits(descriptor, in: nil))
    #expect(try !hits(descriptor, in: try archive()))
    _ = try device.makeComputePipelineState(descriptor: descriptor, options: [], reflection: nil)
  }

  @Test func addedFunctionIsFoundAndOthersOfItsLibraryAreNot() throws {
    let archive = try archive()
    try archive.addComputePipelineFunctions(descriptor: try descriptor("one"))
    #expect(try hits(try descriptor("one"), in: archive))
    #expect(try !hits(try descriptor("two"), in: archive))
  }

  @Test func openArchiveReplacesTheCompiler() throws {
    try writeArchive(["one", "two"])
    try FileManager.default.removeItem(at: test.cacheFolder)
    test.restart()
    let archive = try archive(at: url)
    let descriptor = try descriptor("two")
    #expect(try hits(descriptor, in: archive))
    #expect(device.images.compilationCount == 0)
    let out = try #require(device.makeBuffer(length: 4))
    try device.run(try device.makeComputePipelineState(function: try #require(descriptor.computeFunction)), [out], threads: line(1))
    #expect(out.elements(UInt32.self) == [2])
  }

  @Test func otherTextMisses() throws {
    try writeArchive(["one"])
    test.restart()
    #expect(try !hits(try descriptor("one", in: twoKernels + "\n"), in: try archive(at: url)))
  }

  @Test func serializeReplacesTheFile() throws {
    try writeArchive(["one"])
    try writeArchive(["two"])
    let archive = try archive(at: url)
    #expect(try !hits(try descriptor("one"), in: archive))
    #expect(try hits(try descriptor("two"), in: archive))
  }

  @Test(arguments: [0, 10, 100, 2000])
  func truncatedFileIsInvalid(length: Int) throws {
    try writeArchive(["one"])
    try Data(contentsOf: url).prefix(length).write(to: url)
    do {
      _ = try archive(at: url)
      Issue.record("it opened")
    } catch MTLBinaryArchiveError.invalidFile {
    }
  }

  @Test func absentFileIsInvalid() throws {
    #expect(throws: MTLBinaryArchiveError.self) { try archive(at: url) }
  }

  @Test func unwritableDestinationIsAnError() throws {
    #expect(throws: MTLBinaryArchiveError.self) { try archive().serialize(to: URL(fileURLWithPath: "/dev/null/archive")) }
  }
}

private let twoKernels = """
  kernel void one(device uint* out [[buffer(0)]]) { out[0] = 1; }
  kernel void two(device uint* out [[buffer(0)]]) { out[0] = 2; }
  """
