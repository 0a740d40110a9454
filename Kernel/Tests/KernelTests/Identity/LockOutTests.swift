@testable import CloudIdentity
import CloudCore
import CloudSim
import CloudWire
import Synchronization
import Testing

@Suite("Repeated failures shut out for a while")
struct LockOutTests {
    @Test("after six failures the right password fails too, in the same words, for two minutes; and the log says so")
    func user() async throws {
        let office = try await Office()
        let id = await office.user("hana")
        let wrong = await office.logIn("hana", "wrong")
        for _ in 1..<LoginGuard.mostOfUser { _ = await office.logIn("hana", "wrong") }
        let shut = await office.logIn("hana", "correct horse")
        #expect(shut.status == 401 && shut.json == wrong.json)
        let lines = try await office.audit().filter { $0.action == "lock_out" }
        #expect(lines.count == 1 && lines[0].resource == id && lines[0].outcome == .refused)
        // Trying on prolongs nothing.
        office.world.clock.advance(.seconds(100))
        _ = await office.logIn("hana", "wrong")
        office.world.clock.advance(.seconds(21))
        #expect(await office.logIn("hana", "correct horse").status == 201)
    }

    @Test("who is not shut out keeps its token, and success or a new password clears the count")
    func clears() async throws {
        let office = try await Office()
        let id = await office.user("hana")
        let token = await office.logIn("hana", "correct horse").token
        for _ in 1..<LoginGuard.mostOfUser { _ = await office.logIn("hana", "wrong") }
        #expect(await office.logIn("hana", "correct horse").status == 201)
        for _ in 1..<LoginGuard.mostOfUser { _ = await office.logIn("hana", "wrong") }
        #expect(await office.works(token))
        _ = await office.logIn("hana", "wrong")
        #expect(await office.works(token))
        _ = await office.send(.patch, "/users/\(id)", ["user": ["password": "battery staple"]])
        #expect(await office.logIn("hana", "battery staple").status == 201)
    }

    @Test("a name that nobody has is treated alike")
    func unknown() async throws {
        let office = try await Office()
        _ = await office.user("hana")
        var answers: [JSON] = []
        for name in ["hana", "nobody"] {
            for _ in 0...LoginGuard.mostOfUser { answers.append(await office.logIn(name, "wrong").json) }
        }
        #expect(Set(answers).count == 1)
        #expect(try await office.audit().filter { $0.action == "lock_out" }.count == 2)
    }

    @Test("an address that tries many names is shut out, others are not")
    func address() async throws {
        let office = try await Office()
        _ = await office.user("hana")
        for number in 0..<LoginGuard.mostOfAddress {
            _ = await office.logIn("n\(number)", "wrong", from: "203.0.113.9")
        }
        #expect(await office.logIn("hana", "correct horse", from: "203.0.113.9").status == 401)
        #expect(await office.logIn("hana", "correct horse").status == 201)
    }

    @Test("a flood of names takes bounded memory and forgets nobody who is shut out")
    func flood() {
        let guardian = LoginGuard()
        let now = Instant(microseconds: 1_000_000_000)
        for _ in 0..<LoginGuard.mostOfUser { _ = guardian.fail([.unknown("kept"), .user(ID("u"))], now) }
        for number in 0..<50_000 { _ = guardian.fail([.unknown("\(number)")], now) }
        #expect(guardian.isLocked([.unknown("kept")], now) && guardian.isLocked([.user(ID("u"))], now))
        #expect(!guardian.isLocked([.unknown("kept"), .user(ID("u"))], now + LoginGuard.pause))
    }

    @Test("passwords: bounds, not the present one nor the one before, and only with the old one")
    func passwords() async throws {
        let office = try await Office()
        let id = await office.user("hana")
        func change(_ old: String, _ new: String) async -> Int {
            // Each change ends the tokens before it.
            let token = await office.logIn("hana", old).token
            return await office.send(
                .post, "/users/\(id)/password",
                ["user": ["original_password": .string(old), "password": .string(new)]], as: token
            ).status
        }
        for poor in ["short", "aaaaaaaaaaaa", String(repeating: "abcd", count: 40)] {
            #expect(await change("correct horse", poor) == 400)
        }
        #expect(await change("correct horse", "correct horse") == 400)
        #expect(await change("correct horse", "battery staple") == 204)
        #expect(await change("battery staple", "correct horse") == 400)
        #expect(await change("battery staple", "third password") == 204)
        #expect(await change("third password", "correct horse") == 204)
        let token = await office.logIn("hana", "correct horse").token
        let body: JSON = ["user": ["original_password": "wrong", "password": "fourth password"]]
        #expect(await office.send(.post, "/users/\(id)/password", body, as: token).status == 401)
        #expect(await office.works(token))
    }

    @Test("who has taken a token cannot guess the password with it either")
    func guessingWithAToken() async throws {
        let office = try await Office()
        let id = await office.user("hana")
        let token = await office.logIn("hana", "correct horse").token
        func change(_ old: String) async -> Int {
            let body: JSON = ["user": ["original_password": .string(old), "password": "battery staple"]]
            return await office.send(.post, "/users/\(id)/password", body, as: token).status
        }
        for _ in 0..<LoginGuard.mostOfUser { #expect(await change("wrong") == 401) }
        #expect(await change("correct horse") == 401)
        office.world.clock.advance(LoginGuard.pause)
        #expect(await change("correct horse") == 204)
    }

    @Test("an address that is shut out costs no hashing, so that it cannot hold up the log-ins of others")
    func shutOutIsFree() async throws {
        let vault = CountingVault()
        let office = try await Office(vault)
        _ = await office.user("hana")
        for number in 0..<LoginGuard.mostOfAddress {
            _ = await office.logIn("n\(number)", "wrong", from: "203.0.113.9")
        }
        let before = vault.verified
        #expect(await office.logIn("hana", "correct horse", from: "203.0.113.9").status == 401)
        #expect(vault.verified == before)
        #expect(await office.logIn("hana", "correct horse").status == 201)
        #expect(vault.verified == before + 1)
    }
}

/// Counts the passwords that were hashed to be compared.
private final class CountingVault: Vault {
    private let toy = SimVault()
    private let count = Mutex(0)
    var verified: Int { count.withLock { $0 } }

    func mac(_ bytes: [UInt8]) -> [UInt8] { toy.mac(bytes) }
    func hash(_ password: String) async throws(CloudError) -> String { try await toy.hash(password) }
    func verify(_ password: String, _ hash: String) async throws(CloudError) -> Bool {
        count.withLock { $0 += 1 }
        return try await toy.verify(password, hash)
    }
}
