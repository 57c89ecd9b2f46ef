import BurstTransport
import Foundation
import NIOCore
import NIOPosix

/// Stdin and stdout as a NIO channel.
enum StdioTransport {
  private static let drainTimeout = DispatchTimeInterval.seconds(2)

  /// Throws where stdin or stdout is nothing that can be polled, such as a regular file.
  static func run() throws -> Never {
    HostProcess.ignoreBrokenPipes()
    let output = HostProcess.takeStdout()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let ended = DispatchSemaphore(value: 0)
    // The channel needs the process for its handler and the process the channel to write; bytes only come out after some went in.
    let writable = Locked<(any Channel)?>(nil)
    let process = HostProcess { bytes in
      writable.withLock { $0 }?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }
    let channel = try NIOPipeBootstrap(group: group)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        writable.withLock { $0 = channel }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ReceivingHandler(process, ended: ended))
        }
      }
      .takingOwnershipOfDescriptors(input: dup(STDIN_FILENO), output: output)
      .wait()

    ended.wait()
    process.end {
      // Writes complete in order, so the last one's end is everyone's.
      let drained = DispatchSemaphore(value: 0)
      channel.writeAndFlush(ByteBuffer()).whenComplete { _ in drained.signal() }
      _ = drained.wait(timeout: .now() + drainTimeout)
    }
  }
}

/// Hands chunks on until there are no more, or no more are wanted; then signals once or more.
private final class ReceivingHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let process: HostProcess
  private let ended: DispatchSemaphore
  private var isWanted = true

  init(_ process: HostProcess, ended: DispatchSemaphore) {
    self.process = process
    self.ended = ended
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard isWanted else { return }
    isWanted = process.receive(Data(unwrapInboundIn(data).readableBytesView))
    if !isWanted { ended.signal() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent { ended.signal() }
  }

  func channelInactive(context: ChannelHandlerContext) { ended.signal() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { ended.signal() }
}
