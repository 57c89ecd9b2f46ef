import BurstProtocol
import BurstRuntime
import BurstTransport
import Foundation

/// What both transports share: connection, server, and how the process ends.
final class HostProcess: Sendable {
  /// Of `sysexits.h`: a wrong command line.
  static let usageExitCode: Int32 = 64

  static let versionText = "\(Server.identity.name) \(Server.identity.version) (protocol \(protocolVersion))"
  static let abstract = "Runs compiled WebAssembly modules on a GPU: JSON-RPC over stdin and stdout, see protocol/README.md."

  /// What running work gets to notice that it was cancelled, and then frames to be written.
  private static let idleTimeout = DispatchTimeInterval.seconds(2)
  private static let flushTimeout = DispatchTimeInterval.seconds(2)

  private let connection: Connection
  private let server: Server
  private let exitReceived: Locked<Bool>

  /// `write` is called on one queue and may block.
  init(write: @escaping @Sendable (Data) -> Void) {
    let exitReceived = Locked(false)
    connection = Connection(write: write)
    server = Server(connection: connection, hostFunctions: .standard) { exitReceived.withLock { $0 = true } }
    self.exitReceived = exitReceived
    connection.start(server)
  }

  /// Takes bytes of stdin, one call at a time. False when no more are wanted.
  func receive(_ bytes: Data) -> Bool {
    connection.receive(bytes) && !exitReceived.withLock { $0 }
  }

  /// Frames that were sent until now were handed to `write`, or did not leave in time.
  func flush() {
    _ = connection.flush(timeout: .now() + Self.flushTimeout)
  }

  /// Ends the process in bounded time, whatever is running; `drain` waits for what `write` was given.
  func end(drain: () -> Void = {}) -> Never {
    connection.cancelAll()
    let isIdle = server.waitUntilIdle(timeout: .now() + Self.idleTimeout)
    flush()
    drain()
    let code: Int32 = server.isShutDown ? 0 : 1
    // With a kernel still running, `exit` would tear down what the kernel uses.
    if isIdle { exit(code) } else { _exit(code) }
  }

  /// The descriptor for frames. Everything else that writes to stdout, in this process or in a library, goes to stderr.
  static func takeStdout() -> Int32 {
    let frames = dup(STDOUT_FILENO)
    dup2(STDERR_FILENO, STDOUT_FILENO)
    return frames
  }

  /// A client that is gone shows as a failed write and as the end of stdin, not as a signal.
  static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
  }
}
