import BurstProtocol
import Foundation

/// What a connection hands messages to. Both methods are called in the order of arrival, one at a time, and must return
/// soon: work goes to a queue and answers later.
public protocol ConnectionHandler: Sendable {
  func handle(_ request: IncomingRequest)
  func handle(notification method: String, parameters: WireValue)
}

/// JSON-RPC over byte chunks: bytes in through `receive`, frames out through `write`; it knows no process and no file.
///
/// Requests run concurrently, answers go out in any order, one frame at a time.
public final class Connection: @unchecked Sendable {
  // Unchecked for `decoder` and `handler`, which only `receive`'s caller touches, one call at a time (its contract).
  private var decoder = FrameDecoder()
  private var handler: (any ConnectionHandler)?
  private let write: @Sendable (Data) -> Void
  /// The first bytes of the frame were there; 0 between frames, and where no trace is asked for.
  private var arrived = 0.0

  /// Frames leave in the order in which they were put on this queue, header and body together.
  private let writer = DispatchQueue(label: "wasmburst.connection.writer")
  private let state = Locked(State(encoding: .json))

  private struct State {
    var encoding: Encoding
    var pending: [RequestID: IncomingRequest] = [:]
  }

  /// `write` is called on one queue, a part of a frame at a time, and may block.
  public init(write: @escaping @Sendable (Data) -> Void) {
    self.write = write
  }

  /// Must be called once, before `receive`.
  public func start(_ handler: any ConnectionHandler) { self.handler = handler }

  /// Takes the next bytes of the stream, in any cut. One call at a time. False when the stream is beyond repair:
  /// the reason was sent, and the transport should close.
  public func receive(_ chunk: Data) -> Bool {
    var chunk = chunk
    if RequestTrace.isAskedFor, arrived == 0 { arrived = RequestTrace.now }
    do {
      while let body = try decoder.next(&chunk) {
        receive(body: body)
        arrived = chunk.isEmpty || !RequestTrace.isAskedFor ? 0 : RequestTrace.now
      }
      return true
    } catch {
      send(.errorResponse(id: nil, error: ResponseError(.parseError, error.sentence)))
      return false
    }
  }

  private func receive(body: Data) {
    let read = RequestTrace.isAskedFor ? RequestTrace.now : 0
    do {
      let value = try state.withLock { $0.encoding }.codec.decode(body)
      switch try Message(value) {
      case .request(let id, let method, let parameters):
        let trace =
          RequestTrace.isAskedFor ? RequestTrace(method: method, arrived: arrived, read: read, decoded: RequestTrace.now) : nil
        receive(id, method, parameters, trace)
      case .notification(let method, let parameters): receive(notification: method, parameters)
      // This end sends no requests, so there is nothing that a response could answer.
      case .response, .errorResponse: break
      }
    } catch let error as BodyError {
      send(.errorResponse(id: nil, error: ResponseError(.parseError, error.problem)))
    } catch let error as InvalidMessage {
      send(.errorResponse(id: error.id, error: ResponseError(.invalidRequest, error.problem)))
    } catch {
      send(.errorResponse(id: nil, error: ResponseError(.internalError, "\(error)")))
    }
  }

  private func receive(_ id: RequestID, _ method: String, _ parameters: WireValue, _ trace: RequestTrace?) {
    let request = IncomingRequest(id: id, method: method, parameters: parameters, trace: trace) { [weak self] result, encoding in
      self?.finish(id, result, encoding)
    }
    let isNew = state.withLock { state in
      guard state.pending[id] == nil else { return false }
      state.pending[id] = request
      return true
    }
    guard isNew else {
      send(.errorResponse(id: id, error: ResponseError(.invalidRequest, "A request with this `id` is still pending.")))
      return
    }
    handler?.handle(request)
  }

  private func receive(notification method: String, _ parameters: WireValue) {
    guard method == CancelRequestNotification.method else {
      handler?.handle(notification: method, parameters: parameters)
      return
    }
    // A notification has no answer, so a malformed one, or one for a request that has ended, is ignored.
    guard let target = try? WireDecoder.decode(CancelRequestNotification.Parameters.self, from: parameters) else { return }
    state.withLock { $0.pending[target.id] }?.cancel()
  }

  private func finish(_ id: RequestID, _ result: Result<WireValue, ResponseError>, _ encoding: Encoding?) {
    state.withLock { state in
      let trace = state.pending[id]?.trace
      state.pending[id] = nil
      let message: Message =
        switch result {
        case .success(let value): .response(id: id, result: value)
        case .failure(let error): .errorResponse(id: id, error: error)
        }
      enqueue(message, state.encoding, trace)
      if let encoding { state.encoding = encoding }
    }
  }

  public func notify<N: NotificationType>(_ type: N.Type, _ parameters: N.Parameters) {
    guard let value = try? WireEncoder.encode(parameters) else { return }
    send(.notification(method: N.method, parameters: value))
  }

  private func send(_ message: Message) {
    state.withLock { enqueue(message, $0.encoding) }
  }

  /// Must be called with `state` locked, so that the order of frames is the order in which the encoding was read.
  private func enqueue(_ message: Message, _ encoding: Encoding, _ trace: RequestTrace? = nil) {
    writer.async { [write] in
      let body = encoding.codec.encodeParts(message.wireValue)
      let bytes = body.reduce(0) { $0 + $1.count }
      let header = frameHeader(bodyBytes: bytes)
      let encoded = trace == nil ? 0 : RequestTrace.now
      // With the header, so that a small frame is one write and wakes the client once.
      write(header + (body.first ?? Data()))
      for part in body.dropFirst() { write(part) }
      trace?.report(encoded: encoded, written: RequestTrace.now, bytes: bytes)
    }
  }

  /// Cancels every pending request but one.
  public func cancelAll(except id: RequestID? = nil) {
    let requests = state.withLock { state in state.pending.filter { $0.key != id }.map(\.value) }
    for request in requests { request.cancel() }
  }

  /// Returns when every frame sent so far was written, or the time is over.
  public func flush(timeout: DispatchTime) -> Bool {
    let done = DispatchSemaphore(value: 0)
    writer.async { done.signal() }
    return done.wait(timeout: timeout) == .success
  }
}
