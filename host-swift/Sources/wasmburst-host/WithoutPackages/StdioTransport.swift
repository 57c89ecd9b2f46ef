import BurstTransport
import Foundation

/// Stdin and stdout with plain reads and writes: the twin of WithPackages/StdioTransport.swift.
enum StdioTransport {
  private static let chunkBytes = 1 << 18

  static func run() -> Never {
    HostProcess.ignoreBrokenPipes()
    let output = HostProcess.takeStdout()
    let isBroken = Locked(false)
    let process = HostProcess { bytes in
      if isBroken.withLock({ $0 }) { return }
      if !writeAll(bytes, to: output) { isBroken.withLock { $0 = true } }
    }
    var wanted = true
    // One for all: new memory costs more than reading into it.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 1 << 12)
    while wanted, let count = readChunk(into: buffer) {
      // What is wanted of it is copied before `receive` returns.
      wanted = process.receive(Data(bytesNoCopy: buffer.baseAddress!, count: count, deallocator: .none))
    }
    process.end()
  }

  /// The bytes read; `nil` at the end of stdin, or where it cannot be read.
  private static func readChunk(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    while true {
      let count = read(STDIN_FILENO, buffer.baseAddress, buffer.count)
      if count > 0 { return count }
      if count == 0 || errno != EINTR { return nil }
    }
  }

  private static func writeAll(_ bytes: Data, to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = write(descriptor, buffer.baseAddress! + done, buffer.count - done)
        if count > 0 {
          done += count
        } else if errno != EINTR {
          return false
        }
      }
      return true
    }
  }
}
