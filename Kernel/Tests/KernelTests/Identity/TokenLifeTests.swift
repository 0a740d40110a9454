import CloudCore
import CloudSim
@testable import CloudWire
import Testing

@Suite("ATTACKS 10: what ends a token has ended it when it is answered")
struct TokenLifeTests {
    /// What takes a token's ground away, by a member's user and project.
    static let endings: [(String, CloudWire.Method, String, JSON?)] = [
        ("the user is disabled", .patch, "/users/U", ["user": ["enabled": false]]),
        ("the user is deleted", .delete, "/users/U", nil),
        ("the password is set anew", .patch, "/users/U", ["user": ["password": "battery staple"]]),
        ("the role is taken", .delete, "/projects/P/users/U/roles/member", nil),
        ("the project is disabled", .patch, "/projects/P", ["project": ["enabled": false]]),
        ("the project is deleted", .delete, "/projects/P", nil),
    ]

    @Test("when", arguments: endings.map(\.0))
    func ends(_ what: String) async throws {
        let office = try await Office()
        let (user, project) = await office.member("hana")
        let token = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        let child = await office.rescope(token, onProject(project)).token
        #expect(await office.works(token))
        #expect(await office.works(child))
        let ending = Self.endings.first { $0.0 == what }!
        let path = ending.2.replacing("U", with: user).replacing("P", with: project)
        #expect((200..<300).contains(await office.send(ending.1, path, ending.3).status))
        for dead in [token, child] {
            #expect(!(await office.works(dead)))
            #expect(await office.rescope(dead, onProject(project)).status == 404)
            #expect(await office.send(.get, "/auth/tokens", headers: ["x-subject-token": dead]).status == 404)
        }
    }

    @Test("a domain that is disabled lets nobody in, and a user enabled again needs a new token")
    func domain() async throws {
        let office = try await Office()
        let domain = await office.make("domains", "domain", ["name": "branch"])
        let user = await office.make(
            "users", "user", ["name": "hana", "password": "correct horse", "domain_id": .string(domain)])
        let token = await office.logIn("hana", "correct horse", domain: domain).token
        #expect(await office.works(token))
        _ = await office.send(.patch, "/domains/\(domain)", ["domain": ["enabled": false]])
        #expect(!(await office.works(token)))
        #expect(await office.logIn("hana", "correct horse", domain: domain).status == 401)
        _ = await office.send(.patch, "/domains/\(domain)", ["domain": ["enabled": true]])
        _ = await office.send(.patch, "/users/\(user)", ["user": ["enabled": false]])
        _ = await office.send(.patch, "/users/\(user)", ["user": ["enabled": true]])
        #expect(!(await office.works(token)))
        #expect(await office.logIn("hana", "correct horse", domain: domain).status == 201)
    }

    @Test("a token that is given back takes those made from it along; one made from it leaves it whole")
    func chain() async throws {
        let office = try await Office()
        let (_, project) = await office.member("hana")
        let first = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        let second = await office.rescope(first, onProject(project)).token
        let third = await office.rescope(second, onProject(project)).token
        #expect(
            await office.send(.delete, "/auth/tokens", as: first, headers: ["x-subject-token": third]).status == 204)
        #expect(await office.works(first))
        #expect(!(await office.works(third)))
        #expect(
            await office.send(.delete, "/auth/tokens", as: first, headers: ["x-subject-token": first]).status == 204)
        for token in [first, second, third] { #expect(!(await office.works(token))) }
    }

    @Test("a token made from a token ends when that ends")
    func outlives() async throws {
        let office = try await Office()
        let (_, project) = await office.member("hana")
        let first = await office.logIn("hana", "correct horse", scope: onProject(project))
        office.world.clock.advance(.seconds(1800))
        let second = await office.rescope(first.token, onProject(project))
        #expect(first["token", "expires_at"] == second["token", "expires_at"])
        #expect(second["token", "methods"] == ["password", "token"])
        office.world.clock.advance(.seconds(1801))
        #expect(!(await office.works(second.token)))
    }

    @Test("scopes: project, domain, the cloud, none, and the default project for who does not say")
    func scopes() async throws {
        let office = try await Office()
        let (user, project) = await office.member("hana")
        let unsaid = await office.logIn("hana", "correct horse")
        #expect(unsaid.status == 201 && unsaid["token", "project"] == .null && unsaid["token", "catalog"] == .null)
        _ = await office.send(.patch, "/users/\(user)", ["user": ["default_project_id": .string(project)]])
        #expect(await office.logIn("hana", "correct horse")["token", "project", "id"].string == project)
        #expect(await office.logIn("hana", "correct horse", scope: "unscoped")["token", "project"] == .null)
        for (scope, path) in [
            (["domain": ["id": "default"]] as JSON, "/domains/default"), (["system": ["all": true]], "/system"),
        ] {
            #expect(await office.logIn("hana", "correct horse", scope: scope).status == 401)
            #expect(await office.send(.put, "\(path)/users/\(user)/roles/reader").status == 204)
            let token = await office.logIn("hana", "correct horse", scope: scope)
            #expect(token.status == 201)
            #expect(token["token", "roles"].array?.compactMap { $0["id"]?.string } == ["reader"])
            #expect(await office.send(.delete, "\(path)/users/\(user)/roles/reader").status == 204)
            #expect(!(await office.works(token.token)))
        }
    }

    @Test("a role on a domain, admin's too, does not run the cloud")
    func domainAdmin() async throws {
        let office = try await Office()
        let user = await office.user("hana")
        _ = await office.send(.put, "/domains/default/users/\(user)/roles/admin")
        let token = await office.logIn("hana", "correct horse", scope: ["domain": ["id": "default"]]).token
        #expect(await office.works(token))
        #expect(await office.send(.get, "/users", as: token).status == 403)
    }

    @Test("HEAD and GET validate; only one's own, but for operators")
    func validate() async throws {
        let office = try await Office()
        let (_, project) = await office.member("hana")
        _ = await office.user("mio")
        let token = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        let other = await office.logIn("mio", "correct horse").token
        for (asker, status) in [(token, 200), (office.admin, 200), (other, 404)] {
            for method in [CloudWire.Method.get, .head] {
                #expect(
                    await office.send(method, "/auth/tokens", as: asker, headers: ["x-subject-token": token]).status
                        == status)
            }
        }
        #expect(
            await office.send(.delete, "/auth/tokens", as: other, headers: ["x-subject-token": token]).status == 404)
        #expect(await office.works(token))
    }
}
