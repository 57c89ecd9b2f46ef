/// When a run asks the client to answer the calls that wait. While it answers nothing runs, and while lanes wait they do not, so neither
/// asking at once nor asking last is right. Pure.
struct ClientPatience: Sendable, Equatable {
  /// Where lanes that wait hold threads of a SIMD-group that others could have.
  let idleLanesCost: Bool
  /// Seconds for which the client stopped everything the last time; at first a guess.
  private var answerTook = 0.001
  /// Since the first lane began to wait.
  private var waited = 0.0
  private var idleLaneSeconds = 0.0

  /// Below it the requests would be a noticeable part of the work where few lanes wait.
  private static let shortest = 0.05

  init(idleLanesCost: Bool) { self.idleLanesCost = idleLanesCost }

  /// `waiting` lanes waited while others ran.
  mutating func ran(seconds: Double, waiting: Int) {
    guard waiting > 0 else { return }
    waited += seconds
    idleLaneSeconds += seconds * Double(waiting)
  }

  /// `lanes` could run if none waited. Half of them wait; or waiting has cost as much as asking is likely to, which loses at most twice
  /// what the best moment would; or the first has waited as long as the client took, so that a slow client has half of the time at most.
  func isOver(waiting: Int, of lanes: Int) -> Bool {
    waiting * 2 >= lanes || waited >= max(Self.shortest, answerTook)
      || idleLanesCost && idleLaneSeconds >= Double(lanes) * answerTook
  }

  mutating func isAnswered(afterSeconds seconds: Double) {
    self = ClientPatience(idleLanesCost: idleLanesCost)
    answerTook = seconds
  }
}
