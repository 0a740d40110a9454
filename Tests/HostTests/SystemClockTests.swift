import CloudCore
import CloudHost
import Testing

@Suite struct SystemClockTests {
    @Test("a sleep lasts as long as it is to, and ends at once when it is cancelled")
    func sleeps() async {
        let (clock, watch) = (SystemClock(), ContinuousClock())
        #expect(await watch.measure { await clock.sleep(.milliseconds(50)) } >= .milliseconds(50))
        let cancelled = await watch.measure {
            let sleeper = Task { await clock.sleep(.seconds(60)) }
            sleeper.cancel()
            await sleeper.value
        }
        #expect(cancelled < .seconds(5))
    }

    @Test("what takes too long is cancelled and told as a timeout; what does not gives its value")
    func bounds() async throws {
        let clock = SystemClock()
        #expect(try await clock.within(.seconds(60)) { () throws(CloudError) in 7 } == 7)
        do throws(CloudError) {
            try await clock.within(.milliseconds(20)) { () throws(CloudError) in await clock.sleep(.seconds(60)) }
            Issue.record("no timeout")
        } catch { #expect(error.code == .timeout) }
    }
}
