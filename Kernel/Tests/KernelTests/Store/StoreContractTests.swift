import CloudSim
import CloudStore
import Testing

@Suite("The store in memory keeps the store's contract")
struct StoreContractTests {
    @Test("contract", arguments: StoreContract.cases)
    func contract(_ one: StoreContract.Case) async throws {
        try await StoreContract { schemas, clock in MemoryStore(schemas, clock: clock) }.run(one)
    }
}
