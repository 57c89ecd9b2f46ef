import Testing

@testable import BurstRuntime

@Suite("Turns of several pools, in virtual time")
struct FairTurnsTests {
  /// A pool that always has more to run: seconds of a slice, and of the host's between two.
  struct Pool {
    let slice: Double
    let host: Double
    var used = 0.0
    var slices = 0
    var returnsAt: Double?
  }

  /// One device for `seconds`; the pools come at `from`.
  private func run(_ pools: [Pool], seconds: Double, from: [Double]? = nil) -> (pools: [Pool], idle: Double) {
    var turns = FairTurns()
    var pools = pools
    var now = 0.0
    var idle = 0.0
    for index in pools.indices { pools[index].returnsAt = from?[index] ?? 0 }
    while now < seconds {
      for index in pools.indices {
        guard let at = pools[index].returnsAt, at <= now else { continue }
        pools[index].returnsAt = nil
        turns.wait(index)
      }
      switch turns.next(at: now) {
      case .pool(let index):
        turns.begin(index)
        now += pools[index].slice
        turns.end(index, seconds: pools[index].slice, at: now)
        pools[index].used += pools[index].slice
        pools[index].slices += 1
        pools[index].returnsAt = now + pools[index].host
      case .held, .nobody:
        now += 0.0001
        idle += 0.0001
      }
    }
    return (pools, idle)
  }

  @Test("pools with slices of very different length have equal shares of the device, and it is not left idle for it")
  func shares() {
    let (pools, idle) = run(
      [Pool(slice: 0.010, host: 0.0005), Pool(slice: 0.050, host: 0.0005), Pool(slice: 0.025, host: 0.001)], seconds: 60)
    for pool in pools { #expect((19.0...21.0).contains(pool.used)) }
    #expect(idle < 2)
  }

  @Test("who comes late has its share from then on, not more")
  func late() {
    let (pools, _) = run([Pool(slice: 0.02, host: 0.0005), Pool(slice: 0.02, host: 0.0005)], seconds: 60, from: [0, 40])
    #expect((9.0...11.0).contains(pools[1].used))
  }

  @Test("a pool whose host takes long between slices does not hold up the others")
  func slowHost() {
    let (pools, idle) = run([Pool(slice: 0.02, host: 0.0005), Pool(slice: 0.01, host: 1)], seconds: 60)
    #expect(pools[0].used > 55)
    #expect(idle < 4)
  }

  @Test("a pool alone waits for nobody")
  func alone() {
    var turns = FairTurns()
    turns.wait(7)
    #expect(turns.next(at: 0) == .pool(7))
    turns.begin(7)
    #expect(turns.next(at: 0) == .nobody)
    turns.end(7, seconds: 1, at: 1)
    turns.wait(8)
    turns.leave(7)
    #expect(turns.next(at: 1) == .pool(8))
  }
}
