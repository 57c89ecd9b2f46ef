import Foundation

/// A file that knows when it is damaged: a line of magic, the SHA-256 of the payload, the payload.
///
/// The check is what makes a truncated object harmless: to load one would crash the process.
enum CheckedFile {
  enum ReadError: Error {
    case absent
    case damaged
  }

  private static let magic = Array("wasmburst checked file 1\n".utf8)
  private static let headerLength = magic.count + 32

  static func read(_ url: URL) throws(ReadError) -> Data {
    guard let file = try? Data(contentsOf: url) else { throw .absent }
    guard file.count >= headerLength, file.prefix(magic.count).elementsEqual(magic) else { throw .damaged }
    let payload = file.dropFirst(headerLength)
    guard SHA256.digest(payload).elementsEqual(file[magic.count..<headerLength]) else { throw .damaged }
    return Data(payload)
  }

  /// Replaces the file in one step: a reader sees the old content or the new, whoever else writes.
  static func write(_ payload: Data, to url: URL) throws {
    var file = Data(magic)
    file.append(contentsOf: SHA256.digest(payload))
    file.append(payload)
    try file.write(to: url, options: .atomic)
  }
}
