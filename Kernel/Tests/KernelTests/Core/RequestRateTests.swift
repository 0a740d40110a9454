import CloudCore
import CloudSim
import Testing

@testable import CloudWire

@Suite("How fast a caller may ask")
struct RequestRateTests {
    private func caller(_ user: String?, from address: String = "192.0.2.1") -> Caller {
        var caller = Caller()
        caller.user = user.map { ID($0) }
        caller.address = address
        return caller
    }

    private func taken(_ rate: RequestRate, _ caller: Caller, of wanted: Int, _ now: Instant) -> Int {
        (0..<wanted).count { _ in (try? rate.take(caller, now: now)) != nil }
    }

    @Test("a burst, then a rate, each caller alone")
    func rate() {
        let (rate, clock) = (RequestRate(rate: 10, burst: 30), SimClock())
        #expect(taken(rate, caller("mio"), of: 100, clock.now()) == 30)
        #expect(taken(rate, caller("hana"), of: 100, clock.now()) == 30)
        #expect(taken(rate, caller(nil), of: 100, clock.now()) == 30)
        #expect(taken(rate, caller(nil, from: "192.0.2.2"), of: 100, clock.now()) == 30)
        clock.advance(.seconds(1))
        #expect(taken(rate, caller("mio", from: "192.0.2.9"), of: 100, clock.now()) == 10)
        clock.advance(.seconds(3600))
        #expect(taken(rate, caller("mio"), of: 100, clock.now()) == 30)
    }

    @Test("ever new addresses fill no memory: those beyond the bound share one bucket")
    func bound() {
        let (rate, clock) = (RequestRate(rate: 10, burst: 10), SimClock())
        for number in 0..<RequestRate.most { _ = try? rate.take(caller(nil, from: "a\(number)"), now: clock.now()) }
        #expect((0..<100).count { (try? rate.take(caller(nil, from: "b\($0)"), now: clock.now())) != nil } <= 10)
        clock.advance(.seconds(2))
        #expect(taken(rate, caller(nil, from: "c"), of: 20, clock.now()) == 10)
    }
}
