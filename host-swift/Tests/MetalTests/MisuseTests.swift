import Foundation
import Testing

/// A broken rule ends the process with a sentence, as Metal's assertions do; nothing is ignored and nothing hangs.
@Suite struct MisuseTests {
  /// Runs the program `MetalMisuse`, which lies beside the tests.
  func run(_ rule: String, _ settings: [String: String] = [:]) throws -> (reason: Process.TerminationReason, status: Int32, message: String)
  {
    let process = Process()
    let messages = Pipe()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("MetalMisuse")
    process.arguments = [rule]
    process.standardError = messages
    let test = TestDevice()
    // The crash handler takes seconds to write a backtrace.
    let changes = ["SWIFT_BACKTRACE": "enable=no", "WASMBURST_CACHE": test.cacheFolder.path]
    process.environment = ProcessInfo.processInfo.environment.merging(changes) { $1 }.merging(settings) { $1 }
    try process.run()
    let output = try messages.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    withExtendedLifetime(test) {}
    return (process.terminationReason, process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  @Test(arguments: [
    ("commit with an open encoder", "call its endEncoding() first"),
    ("two encoders", "a command encoder is already encoding"),
    ("dropped encoder", "released without endEncoding()"),
    ("commit twice", "commit() called twice"),
    ("handler after commit", "addCompletedHandler(_:) called after commit()"),
    ("wait before commit", "waitUntilCompleted() called before commit()"),
    ("no pipeline", "no compute pipeline state is set"),
    ("threadgroup too large", "a threadgroup of 9 threads has more than the pipeline's 8"),
    ("threadgroup memory too long", "the threadgroup memory's length 65536 is over the device's 32768"),
    ("threadgroup memory unaligned", "the threadgroup memory's length 40 is not a multiple of 16"),
    ("threadgroup memory index", "threadgroup memory has the index 0 alone"),
    ("empty grid", "threadsPerGrid is 0 x 1 x 1"),
    ("grid too large", "each extent is at least 1 and below 2^32"),
    ("buffer index", "the buffer index 31 is not within 0 to 30"),
    ("buffer offset", "the offset 64 is outside the buffer's 64 bytes"),
    ("fill outside", "5 bytes at 60 are outside the buffer's 64 bytes"),
  ])
  func brokenRuleIsNamed(rule: String, message: String) throws {
    let result = try run(rule)
    #expect(result.reason == .uncaughtSignal)
    #expect(result.message.contains("failed assertion: "))
    #expect(result.message.contains(message))
  }

  @Test(arguments: ["misaligned access", "shift by too much", "signed overflow"])
  func checkedKernelStopsTheProcess(hazard: String) throws {
    #expect(try run(hazard, ["WASMBURST_CPU_CHECKS": "1"]).reason == .uncaughtSignal)
    #expect(try run(hazard, ["WASMBURST_CPU_CHECKS": "0"]).reason == .exit)
  }

  @Test func keptRulesEndNormally() throws {
    let result = try run("none")
    #expect(result.reason == .exit)
    #expect(result.status == 0)
  }
}
