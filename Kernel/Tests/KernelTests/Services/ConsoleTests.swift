import CloudCompute
import CloudCore
import CloudServices
import CloudSim
@testable import CloudWire
import Testing

@Suite("ATTACKS 22: a console opens once, soon, for whoever may")
struct ConsoleTests {
    private static let wish: JSON = ["remote_console": ["protocol": "vnc", "type": "novnc"]]

    private func path(_ stage: Stage, _ actor: Actor, _ server: String, _ rest: String = "remote-consoles") -> String {
        "/compute/v2.1/\(stage.projects[actor]!)/servers/\(server)/\(rest)"
    }

    /// The token in an address that was answered.
    private func token(_ url: String?) -> String { url?.split(separator: "=").last.map(String.init) ?? "" }

    private func ask(_ stage: Stage, _ server: String, as actor: Actor = .member) async -> String {
        token(
            await stage.send(actor, .post, path(stage, actor, server), Self.wish).json["remote_console"]?["url"]?.string
        )
    }

    private func isRefused(_ token: String, _ cloud: Cloud) async -> Bool {
        do throws(CloudError) {
            _ = try await cloud.openConsole(token, from: Stage.address)
            return false
        } catch { return error.code == .forbidden && !error.description.contains(token) }
    }

    private func another(_ stage: Stage) -> Cloud {
        Cloud(stage.world.ports, Settings(base: "https://sim", region: "sim1", firstUID: 100_000, engine: "b")) {
            _, _ in
        }
    }

    @Test("both dialects give an address whose token opens the server's screen")
    func opens() async throws {
        let stage = try await Stage()
        let server = try await stage.make("server", for: .member)
        let new = await stage.send(.member, .post, path(stage, .member, server), Self.wish)
        #expect(new.status == 200 && new.json["remote_console"]?["protocol"] == "vnc", "\(new.text)")
        let url = try #require(new.json["remote_console"]?["url"]?.string)
        #expect(url.hasPrefix("https://sim:6080/console#token=") && token(url).count == 64)
        let old = await stage.send(
            .member, .post, path(stage, .member, server, "action"), ["os-getVNCConsole": ["type": "novnc"]])
        #expect(old.status == 200 && old.json["console"]?["type"] == "novnc", "\(old.text)")
        for token in [token(url), token(old.json["console"]?["url"]?.string)] {
            let console = try await stage.cloud.openConsole(token, from: Stage.address)
            #expect(console.server.text == server)
            #expect(try await console.screen.read() == Array("RFB 003.008\n".utf8))
            #expect(await console.isAllowed())
            console.screen.close()
            #expect(try await console.screen.read() == nil)
        }
        let records = try await stage.audit().filter { $0.action == "open_console" }
        #expect(records.count == 2)
        for record in records {
            #expect(record.resource == server && record.outcome == .success && record.caller.address == Stage.address)
            #expect(record.caller.user?.text == stage.users[.member] && record.caller.userName == "member")
        }
    }

    @Test("a token is used up by its first use, also across control planes and crashes")
    func once() async throws {
        let stage = try await Stage()
        let server = try await stage.make("server", for: .member)
        let (first, second) = (await ask(stage, server), await ask(stage, server))
        _ = try await stage.cloud.openConsole(first, from: Stage.address)
        #expect(await isRefused(first, stage.cloud))
        let refused = try #require(try await stage.audit().last)
        #expect(
            refused.outcome == .refused && refused.action == "open_console" && refused.caller.address == Stage.address)
        // What was not used when the control plane died is good in the next one, and there too only once.
        let next = another(stage)
        try await next.begin()
        #expect(await isRefused(first, next))
        _ = try await next.openConsole(second, from: Stage.address)
        #expect(await isRefused(second, next))
        #expect(await isRefused(second, stage.cloud))
        // One that dies in the middle of the use has opened nothing, and nothing twice.
        let third = await ask(stage, server)
        stage.world.mischief.rates.commitCrashes = 1000
        await #expect(throws: CloudError.self) { try await stage.cloud.openConsole(third, from: Stage.address) }
        stage.world.mischief.rates.commitCrashes = 0
        stage.world.mischief.revive()
        let uses = [await isRefused(third, next), await isRefused(third, next)]
        #expect(uses.filter { !$0 }.count <= 1 && uses[1])
    }

    @Test("of uses at the same time one opens")
    func race() async throws {
        let stage = try await Stage()
        let token = await ask(stage, try await stage.make("server", for: .member))
        let opened = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { (try? await stage.cloud.openConsole(token, from: Stage.address)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(opened == 1)
        let outcomes = try await stage.audit().filter { $0.action == "open_console" }.map(\.outcome)
        #expect(outcomes.filter { $0 == .success }.count == 1 && outcomes.count == 8)
    }

    @Test("a token is void after five minutes, and then goes")
    func expires() async throws {
        let stage = try await Stage()
        let server = try await stage.make("server", for: .member)
        let (soon, late, unused) = (await ask(stage, server), await ask(stage, server), await ask(stage, server))
        stage.world.clock.advance(.seconds(295))
        #expect(!(await isRefused(soon, stage.cloud)))
        stage.world.clock.advance(.seconds(6))
        #expect(await isRefused(late, stage.cloud))
        _ = try await stage.cloud.sweep()
        let left = try await stage.world.store.read { (reader) throws(CloudError) in
            try reader.count(.everything(ConsoleToken.kind))
        }
        #expect(left == 0)
        #expect(await isRefused(unused, stage.cloud))
    }

    @Test(
        "what is no token is refused",
        arguments: ["", "x", String(repeating: "0", count: 64), String(repeating: "z", count: 64), "' OR 1=1 --"])
    func garbled(_ text: String) async throws {
        let stage = try await Stage()
        let token = await ask(stage, try await stage.make("server", for: .member))
        #expect(await isRefused(text, stage.cloud))
        #expect(await isRefused(token.uppercased() + "0", stage.cloud))
        #expect(!(await isRefused(token, stage.cloud)))
    }

    @Test("neither another project's people nor a reader get one; a token and its fingerprint are nowhere to be read")
    func foreign() async throws {
        let stage = try await Stage()
        let server = try await stage.make("server", for: .member)
        for (actor, status) in [(Actor.stranger, 404), (.reader, 403), (.nobody, 401)] {
            let project = actor == .nobody ? Actor.member : actor
            let answer = await stage.send(actor, .post, path(stage, project, server), Self.wish)
            #expect(answer.status == status, "\(actor): \(answer.text)")
        }
        let token = await ask(stage, server)
        #expect(!(try await stage.holdings(.member).contains { $0.contains(token) }))
        #expect(!(try await stage.audit().contains { "\($0)".contains(token) }))
    }

    /// What takes the right to a console away, by the member's user, project and server.
    static let endings: [(String, CloudWire.Method, String, JSON?)] = [
        ("the user is disabled", .patch, "/identity/v3/users/U", ["user": ["enabled": false]]),
        ("the password is set anew", .patch, "/identity/v3/users/U", ["user": ["password": "battery staple"]]),
        ("the role is taken", .delete, "/identity/v3/projects/P/users/U/roles/member", nil),
        ("the project is disabled", .patch, "/identity/v3/projects/P", ["project": ["enabled": false]]),
        ("the server is deleted", .delete, "/compute/v2.1/A/servers/S", nil),
    ]

    @Test("a right that is gone opens nothing, and closes what is open, when", arguments: endings.map(\.0))
    func ends(_ what: String) async throws {
        let stage = try await Stage()
        let server = try await stage.make("server", for: .member)
        let (used, waiting) = (await ask(stage, server), await ask(stage, server))
        let console = try await stage.cloud.openConsole(used, from: Stage.address)
        #expect(await console.isAllowed())
        let ending = Self.endings.first { $0.0 == what }!
        let path = ending.2.replacing("U", with: stage.users[.member]!).replacing("P", with: stage.projects[.member]!)
            .replacing("A", with: stage.projects[.operator]!).replacing("S", with: server)
        let answer = await stage.send(.operator, ending.1, path, ending.3)
        #expect((200..<300).contains(answer.status), "\(answer.text)")
        #expect(!(await console.isAllowed()))
        #expect(await isRefused(waiting, stage.cloud))
    }

    @Test("giving the login's token back takes its consoles along; its running out closes none")
    func login() async throws {
        let stage = try await Stage()
        let server = try await stage.make("server", for: .member)
        let (used, waiting) = (await ask(stage, server), await ask(stage, server))
        let console = try await stage.cloud.openConsole(used, from: Stage.address)
        stage.world.clock.advance(.seconds(48 * 3600))
        #expect(await console.isAllowed())
        try await stage.logIn(.member)
        let other = await ask(stage, server)
        let token = stage.tokens[.member]!
        let revoked = await stage.send(
            .member, .delete, "/identity/v3/auth/tokens", headers: ["x-subject-token": token])
        #expect(revoked.status == 204)
        #expect(await isRefused(other, stage.cloud))
        #expect(await isRefused(waiting, stage.cloud))
    }

    @Test("a server that does not run has no console, and says why in Nova's words")
    func notRunning() async throws {
        let stage = try await Stage()
        let server = try await stage.make("server", for: .member)
        let token = await ask(stage, server)
        _ = await stage.send(.member, .post, path(stage, .member, server, "action"), ["os-stop": .null])
        for _ in 0..<10 {
            stage.world.clock.advance(.seconds(30))
            try await stage.settle()
        }
        let answer = await stage.send(.member, .post, path(stage, .member, server), Self.wish)
        #expect(answer.status == 409 && answer.text.contains("Instance \(server) is not ready"), "\(answer.text)")
        await #expect(throws: CloudError.self) { try await stage.cloud.openConsole(token, from: Stage.address) }
        #expect(await isRefused(token, stage.cloud))
    }

    @Test("what is asked for wrongly is refused, and so is everything where consoles are not served")
    func malformed() async throws {
        let stage = try await Stage()
        let server = try await stage.make("server", for: .member)
        let bodies: [JSON] = [
            [:], ["remote_console": "x"], ["remote_console": ["type": "novnc"]],
            ["remote_console": ["protocol": "vnc", "type": "xvpvnc"]],
            ["remote_console": ["protocol": "spice", "type": "spice-html5"]],
            ["remote_console": ["protocol": "vnc", "type": "novnc", "more": 1]],
        ]
        for body in bodies {
            #expect(await stage.send(.member, .post, path(stage, .member, server), body).status == 400)
        }
        let version = ["openstack-api-version": "compute 2.6"]
        let gone = await stage.send(
            .member, .post, path(stage, .member, server, "action"), ["os-getVNCConsole": ["type": "novnc"]],
            headers: version)
        #expect(gone.status == 404)
        let without = another(stage)
        try await without.begin()
        let answer = await without.api.handle(
            Request(
                method: .post, path: path(stage, .member, server),
                headers: ["x-auth-token": stage.tokens[.member]!, "content-type": "application/json"],
                body: Chunk(Array(Self.wish.text.utf8)), remote: Stage.address))
        #expect(answer.status == 400 && answer.text.contains("turned off"), "\(answer.text)")
    }

    @Test("many tokens for one server: the oldest give way")
    func bounded() async throws {
        let stage = try await Stage()
        let server = try await stage.make("server", for: .member)
        var tokens: [String] = []
        for _ in 0..<18 {
            tokens.append(await ask(stage, server))
            stage.world.clock.advance(.seconds(1))
        }
        #expect(await isRefused(tokens[0], stage.cloud))
        #expect(await isRefused(tokens[1], stage.cloud))
        #expect(!(await isRefused(tokens[2], stage.cloud)))
    }
}
