import BurstProtocol

/// What `initialize` decides. Pure.
enum Handshake {
  /// The encoding, the client's first that the host knows. Throws `versionMismatch`, `invalidParams`.
  static func agree(_ parameters: InitializeRequest.Parameters) throws(ResponseError) -> Encoding {
    guard let client = majorVersion(parameters.protocolVersion), let host = majorVersion(protocolVersion) else {
      throw ResponseError(.invalidParams, "`protocolVersion`: \"\(parameters.protocolVersion)\" is not major.minor.")
    }
    guard client == host else {
      throw ResponseError(
        .versionMismatch,
        "The client \(parameters.client.name) \(parameters.client.version) speaks protocol \(parameters.protocolVersion), "
          + "this host \(protocolVersion).")
    }
    guard let encoding = parameters.encodings.lazy.compactMap(Encoding.init(rawValue:)).first else {
      let known = Encoding.allCases.map(\.rawValue).joined(separator: ", ")
      throw ResponseError(.invalidParams, "`encodings`: none of them is known here; the host knows \(known).")
    }
    return encoding
  }

  private static func majorVersion(_ version: String) -> Int? {
    let parts = version.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let major = parts[0], parts[1] != nil else { return nil }
    return major
  }
}

/// Parameters of a request on one pool.
protocol NamesPool: Sendable {
  var pool: Int { get }
}

extension InvokeRequest.Parameters: NamesPool {}
extension RunJobsRequest.Parameters: NamesPool {}
extension ResumeRunRequest.Parameters: NamesPool {}
extension ResumePoolRequest.Parameters: NamesPool {}
extension SnapshotPoolRequest.Parameters: NamesPool {}
extension ResetPoolRequest.Parameters: NamesPool {}
extension WriteMemoryRequest.Parameters: NamesPool {}
extension ReadMemoryRequest.Parameters: NamesPool {}
extension ReadStateRequest.Parameters: NamesPool {}
extension WriteStateRequest.Parameters: NamesPool {}
