import BurstProtocol
import Foundation

/// A request on its way to its one answer. Safe to use from any thread.
public final class IncomingRequest: Sendable {
  public let id: RequestID
  public let method: String
  public let parameters: WireValue

  private enum Phase {
    case waiting
    case running
    case answered
  }

  private struct State {
    var phase = Phase.waiting
    var isCancelled = false
    var trace: RequestTrace?
  }

  private let state: Locked<State>
  private let respond: @Sendable (Result<WireValue, ResponseError>, Encoding?) -> Void

  init(
    id: RequestID, method: String, parameters: WireValue, trace: RequestTrace? = nil,
    respond: @escaping @Sendable (Result<WireValue, ResponseError>, Encoding?) -> Void
  ) {
    self.id = id
    self.method = method
    self.parameters = parameters
    self.respond = respond
    state = Locked(State(trace: trace))
  }

  /// Work asks between its steps and then throws `ResponseError.cancelled`.
  public var isCancelled: Bool { state.withLock { $0.isCancelled } }

  public func checkCancellation() throws(ResponseError) {
    if isCancelled { throw ResponseError.cancelled }
  }

  /// Called when the request's turn has come. False where it was answered while it waited (it was cancelled).
  public func begin() -> Bool {
    state.withLock { state in
      guard state.phase == .waiting else { return false }
      state.phase = .running
      state.trace?.begun = RequestTrace.now
      return true
    }
  }

  /// The first answer counts; later ones are dropped. `switchingTo` is the encoding of every body after this one.
  public func answer(_ result: Result<WireValue, ResponseError>, switchingTo encoding: Encoding? = nil) {
    let isFirst = state.withLock { state in
      defer { state.phase = .answered }
      state.trace?.answered = RequestTrace.now
      return state.phase != .answered
    }
    if isFirst { respond(result, encoding) }
  }

  /// `nil` where nobody asked for one.
  var trace: RequestTrace? { state.withLock { $0.trace } }

  /// A request that waits for its turn is answered at once; one that runs answers when it notices.
  public func cancel() {
    let isWaiting = state.withLock { state in
      state.isCancelled = true
      return state.phase == .waiting
    }
    if isWaiting { answer(.failure(.cancelled)) }
  }
}
