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
        turns.wait(index, at: now)
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
    turns.wait(7, at: 0)
    #expect(turns.next(at: 0) == .pool(7))
    turns.begin(7)
    #expect(turns.next(at: 0) == .nobody)
    turns.end(7, seconds: 1, at: 1)
    turns.wait(8, at: 1)
    turns.leave(7)
    #expect(turns.next(at: 1) == .pool(8))
  }

  @Test("a device is shared while two pools want it, and for a second after: who calls again and again is away in between")
  func shared() {
    var turns = FairTurns()
    turns.wait(1, at: 0)
    turns.begin(1)
    turns.end(1, seconds: 1, at: 1)
    #expect(!turns.isShared(at: 1))
    for call in 2..<5 {
      let now = Double(call) * 0.9
      turns.wait(2, at: now)
      turns.begin(2)
      turns.end(2, seconds: 0.001, at: now)
      turns.leave(2)
      #expect(turns.isShared(at: now + 0.8))
    }
    #expect(!turns.isShared(at: 10))
  }
}
