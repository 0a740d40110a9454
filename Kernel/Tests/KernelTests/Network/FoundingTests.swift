import CloudCore
@testable import CloudNetwork
import CloudStore
import Testing

@Suite("What a cloud begins with")
struct FoundingTests {
    @Test("is made once: what an operator deleted stays away, and a later start writes nothing")
    func once() async throws {
        let stage = try await Stage()
        let found = await stage.send(.operator, .get, "/network/v2.0/reserve_addresses").json["reserve_addresses"]?[0]
        let id = try #require(found?["id"]?.string)
        #expect(await stage.send(.operator, .delete, "/network/v2.0/reserve_addresses/" + id).status == 204)
        let before = try await stage.audit().filter { $0.action == "found" }.count
        try await stage.cloud.begin()
        #expect(try await stage.audit().filter { $0.action == "found" }.count == before)
        #expect(
            await stage.send(.operator, .get, "/network/v2.0/reserve_addresses").json["reserve_addresses"] == [])
        let pools = await stage.send(.operator, .get, "/network/v2.0/common_function_pools")
        #expect(pools.json["common_function_pools"]?.array?.count == 1)
    }
}
