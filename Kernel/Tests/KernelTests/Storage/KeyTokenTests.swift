import CloudCore
import CloudSim
import CloudStorage
import Testing

@Suite("The twin of the key token keeps the token's contract")
struct KeyTokenTests {
    @Test("contract", arguments: KeyTokenContract.cases)
    func contract(_ one: KeyTokenContract.Case) async throws {
        let dice = SeededDice(1)
        let token = SimKeyToken(Mischief(dice: dice, clock: SimClock()), dice: dice)
        try await KeyTokenContract.run(one) { () throws(CloudError) in token }
    }
}
