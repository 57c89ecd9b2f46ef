import Testing

@testable import BurstRuntime

@Suite("When a run asks the client")
struct ClientPatienceTests {
  @Test("half of the lanes wait: at once, whatever it costs", arguments: [false, true])
  func half(idleLanesCost: Bool) {
    var patience = ClientPatience(idleLanesCost: idleLanesCost)
    patience.isAnswered(afterSeconds: 10)
    #expect(!patience.isOver(waiting: 49, of: 100))
    #expect(patience.isOver(waiting: 50, of: 100))
    #expect(patience.isOver(waiting: 1, of: 1))
  }

  @Test("a single lane waits for 50 ms, or for as long as the client took", arguments: [false, true], [0.001, 0.2])
  func alone(idleLanesCost: Bool, answer: Double) {
    var patience = ClientPatience(idleLanesCost: idleLanesCost)
    patience.isAnswered(afterSeconds: answer)
    patience.ran(seconds: 5, waiting: 0)
    let limit = max(0.05, answer)
    patience.ran(seconds: limit * 0.9, waiting: 1)
    #expect(!patience.isOver(waiting: 1, of: 10_000))
    patience.ran(seconds: limit * 0.2, waiting: 1)
    #expect(patience.isOver(waiting: 1, of: 10_000))
    patience.isAnswered(afterSeconds: answer)
    #expect(!patience.isOver(waiting: 1, of: 10_000))
  }

  /// Lanes that compute for a time and then call; returns the share of the lanes' time in which they computed.
  private func laneUse(_ interval: Double, answer: Double, ask: (ClientPatience, Int) -> Bool) -> Double {
    let lanes = 200
    let step = interval / 100
    var patience = ClientPatience(idleLanesCost: true)
    patience.isAnswered(afterSeconds: answer)
    var left = (0..<lanes).map { interval * Double($0 + 1) / Double(lanes) }
    var time = 0.0
    var worked = 0.0
    while time < 15 * interval {
      let waiting = left.count { $0 <= 0 }
      if waiting > 0, ask(patience, waiting) {
        time += answer
        patience.isAnswered(afterSeconds: answer)
        // Not all at the same time again.
        for lane in 0..<lanes where left[lane] <= 0 { left[lane] = interval * (0.5 + Double((lane * 7919) % lanes) / Double(lanes)) }
      } else {
        time += step
        patience.ran(seconds: step, waiting: waiting)
        for lane in 0..<lanes where left[lane] > 0 {
          left[lane] -= step
          worked += step
        }
      }
    }
    return worked / (time * Double(lanes))
  }

  @Test("waiting and asking together cost little more than asking at the best share of waiting lanes", arguments: [0.01, 0.05, 0.2])
  func cost(interval: Double) {
    let shares = [1, 2, 5, 10, 20, 35, 50].map { Double($0) / 100 }
    let best = shares.map { share in laneUse(interval, answer: 0.001) { _, waiting in Double(waiting) >= share * 200 } }.max() ?? 1
    let found = laneUse(interval, answer: 0.001) { patience, waiting in patience.isOver(waiting: waiting, of: 200) }
    #expect(1 - found < 1.25 * (1 - best) + 0.01, "\(found) of at best \(best)")
  }
}
