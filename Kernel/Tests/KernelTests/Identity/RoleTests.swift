import CloudCore
import CloudSim
@testable import CloudWire
import Testing

@Suite("Roles: groups, domains, inheritance, implication")
struct RoleTests {
    private func names(_ answer: Office.Answer) -> [String] {
        (answer["token", "roles"].array ?? []).compactMap { $0["name"]?.string }.sorted()
    }

    @Test("a group's role is its members', until it or they go")
    func groups() async throws {
        let office = try await Office()
        let (user, project) = (await office.user("hana"), await office.make("projects", "project", ["name": "blue"]))
        let group = await office.make("groups", "group", ["name": "night"])
        #expect(await office.send(.put, "/groups/\(group)/users/\(user)").status == 204)
        #expect(await office.send(.put, "/projects/\(project)/groups/\(group)/roles/member").status == 204)
        let token = await office.logIn("hana", "correct horse", scope: onProject(project))
        #expect(names(token) == ["member", "reader"])
        #expect(await office.send(.get, "/users/\(user)/groups", as: token.token)["groups"][0]?["id"]?.string == group)
        #expect(
            await office.send(.get, "/users/\(user)/projects", as: token.token)["projects"][0]?["id"]?.string == project
        )
        #expect(await office.send(.get, "/groups/\(group)/users")["users"][0]?["id"]?.string == user)
        #expect(await office.send(.delete, "/groups/\(group)/users/\(user)").status == 204)
        #expect(await office.send(.head, "/groups/\(group)/users/\(user)").status == 404)
        #expect(!(await office.works(token.token)))
    }

    @Test("an inherited role of a domain holds on its projects, not on itself")
    func inherited() async throws {
        let office = try await Office()
        let user = await office.user("hana")
        let project = await office.make("projects", "project", ["name": "blue"])
        let path = "/OS-INHERIT/domains/default/users/\(user)/roles"
        #expect(await office.send(.put, path + "/reader/inherited_to_projects").status == 204)
        #expect(await office.logIn("hana", "correct horse", scope: ["domain": ["id": "default"]]).status == 401)
        let token = await office.logIn("hana", "correct horse", scope: onProject(project))
        #expect(names(token) == ["reader"])
        #expect(await office.send(.get, path + "/inherited_to_projects")["roles"][0]?["id"] == "reader")
        let effective =
            await office.send(.get, "/role_assignments?effective&user.id=\(user)")["role_assignments"].array ?? []
        #expect(effective.contains { $0["scope"]?["project"]?["id"]?.string == project })
        #expect(await office.send(.delete, path + "/reader/inherited_to_projects").status == 204)
        #expect(!(await office.works(token.token)))
    }

    @Test("an inherited role of a project holds on what stands below it, however deep, and on nothing else")
    func inheritedBelow() async throws {
        let office = try await Office()
        let user = await office.user("hana")
        let top = await office.make("projects", "project", ["name": "top"])
        let middle = await office.make("projects", "project", ["name": "middle", "parent_id": .string(top)])
        let leaf = await office.make("projects", "project", ["name": "leaf", "parent_id": .string(middle)])
        let beside = await office.make("projects", "project", ["name": "beside"])
        let path = "/OS-INHERIT/projects/\(top)/users/\(user)/roles/reader/inherited_to_projects"
        #expect(await office.send(.put, path).status == 204)
        for (project, status) in [(top, 401), (middle, 201), (leaf, 201), (beside, 401)] {
            #expect(await office.logIn("hana", "correct horse", scope: onProject(project)).status == status)
        }
        let token = await office.logIn("hana", "correct horse", scope: onProject(leaf))
        #expect(names(token) == ["reader"])
        let mine = await office.send(.get, "/users/\(user)/projects", as: token.token)["projects"].array ?? []
        #expect(Set(mine.compactMap { $0["id"]?.string }) == [middle, leaf])
        let list = await office.send(.get, "/role_assignments?effective&user.id=\(user)&scope.project.id=\(leaf)")
        #expect(list["role_assignments"].array?.count == 1)
        #expect(await office.send(.delete, path).status == 204)
        #expect(!(await office.works(token.token)))
    }

    @Test("a role implies others in tokens and effective lists; admin is never implied")
    func implied() async throws {
        let office = try await Office()
        let (user, project) = await office.member("hana")
        let role = await office.make("roles", "role", ["name": "auditor"])
        #expect(await office.send(.put, "/roles/member/implies/\(role)").status == 201)
        let token = await office.logIn("hana", "correct horse", scope: onProject(project))
        #expect(names(token) == ["auditor", "member", "reader"])
        let list = await office.send(.get, "/role_assignments?effective=true&include_names&user.id=\(user)")
        #expect(
            Set((list["role_assignments"].array ?? []).compactMap { $0["role"]?["name"]?.string }) == [
                "auditor", "member", "reader",
            ])
        #expect(await office.send(.get, "/role_assignments?user.id=\(user)")["role_assignments"].array?.count == 1)
        #expect(await office.send(.put, "/roles/\(role)/implies/admin").status == 403)
        #expect(await office.send(.delete, "/roles/\(role)").status == 204)
        let again = await office.logIn("hana", "correct horse", scope: onProject(project))
        #expect(names(again) == ["member", "reader"])
        #expect(await office.send(.delete, "/roles/admin").status == 403)
        #expect(await office.send(.patch, "/roles/reader", ["role": ["name": "x"]]).status == 403)
    }

    @Test("a domain goes with all that is in it, once it is disabled")
    func cascade() async throws {
        let office = try await Office()
        let domain = await office.make("domains", "domain", ["name": "branch"])
        let user = await office.make(
            "users", "user", ["name": "mio", "password": "correct horse", "domain_id": .string(domain)])
        let group = await office.make("groups", "group", ["name": "night", "domain_id": .string(domain)])
        let above = await office.make("projects", "project", ["name": "above", "domain_id": .string(domain)])
        let below = await office.make("projects", "project", ["name": "below", "parent_id": .string(above)])
        let role = await office.make("roles", "role", ["name": "clerk", "domain_id": .string(domain)])
        #expect(await office.send(.get, "/projects?parent_id=\(above)")["projects"][0]?["id"]?.string == below)
        #expect(await office.send(.get, "/projects?parent_id=\(domain)")["projects"].array?.count == 1)
        #expect(await office.send(.delete, "/projects/\(above)").status == 403)
        for path in [
            "/projects/\(below)/users/\(user)", "/projects/\(above)/groups/\(group)",
            "/domains/\(domain)/users/\(user)",
        ] {
            #expect(await office.send(.put, path + "/roles/\(role)").status == 204)
        }
        #expect(await office.send(.delete, "/domains/\(domain)").status == 403)
        _ = await office.send(.patch, "/domains/\(domain)", ["domain": ["enabled": false]])
        #expect(await office.send(.delete, "/domains/\(domain)").status == 204)
        for path in [
            "/users/\(user)", "/groups/\(group)", "/projects/\(above)", "/projects/\(below)", "/roles/\(role)",
        ] {
            #expect(await office.send(.get, path).status == 404, "\(path)")
        }
    }

    @Test("ATTACKS 13: what a body says of users and projects changes nothing about whom a call is for")
    func shadows() async throws {
        let office = try await Office()
        let (hana, project) = await office.member("hana")
        let (mio, _) = await office.member("mio")
        let token = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        let body: JSON = [
            "user_id": .string(hana), "project_id": .string(project),
            "user": ["id": .string(hana), "original_password": "correct horse", "password": "battery staple"],
        ]
        for (method, path) in [
            (CloudWire.Method.get, "/users/\(mio)"), (.get, "/users/\(mio)/projects"), (.get, "/users/\(mio)/groups"),
            (.get, "/users/\(mio)/application_credentials"), (.post, "/users/\(mio)/password"),
        ] {
            let answer = await office.send(method, path, body, as: token)
            let none = await office.send(method, path.replacing(mio, with: "none"), body, as: token)
            #expect(answer.status == 404 && answer.json.text.replacing(mio, with: "none") == none.json.text, "\(path)")
        }
        #expect(await office.logIn("mio", "correct horse").status == 201)
        for (method, path) in [
            (CloudWire.Method.patch, "/users/\(hana)"), (.delete, "/users/\(mio)"), (.get, "/role_assignments"),
        ] {
            #expect(await office.send(method, path, ["user": ["enabled": true]], as: token).status == 403)
        }
    }

    @Test("the catalogue is what is kept: a service comes, moves and goes; the cloud's own stay")
    func catalogue() async throws {
        let office = try await Office()
        let service = await office.make("services", "service", ["name": "mail", "type": "mail"])
        let body: JSON = [
            "service_id": .string(service), "interface": "public", "url": "https://mail/$(project_id)s",
            "region": "west",
        ]
        let endpoint = await office.make("endpoints", "endpoint", body)
        #expect(await office.send(.get, "/regions/west").status == 200)
        func entry(_ token: String) async -> JSON? {
            await office.send(.get, "/auth/catalog", as: token)["catalog"].array?.first { $0["id"]?.string == service }
        }
        let (_, project) = await office.member("hana")
        let token = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        #expect(await entry(token)?["endpoints"]?[0]?["url"]?.string == "https://mail/\(project)")
        let unscoped = await office.logIn("hana", "correct horse").token
        #expect(await entry(unscoped)?["endpoints"] == [])
        _ = await office.send(.patch, "/endpoints/\(endpoint)", ["endpoint": ["enabled": false]])
        #expect(await entry(token)?["endpoints"] == [])
        for url in ["ftp://x", "javascript:1", "https://x/$(tenant)s", "//x", "https://x y"] {
            #expect(
                await office.send(.patch, "/endpoints/\(endpoint)", ["endpoint": ["url": .string(url)]]).status == 400,
                "\(url)")
        }
        #expect(await office.send(.delete, "/services/\(service)").status == 204)
        #expect(await entry(token) == nil)
        #expect(await office.send(.delete, "/services/compute").status == 403)
        #expect(await office.send(.delete, "/endpoints/\(endpoint)").status == 404)
    }

    @Test("the cost of a token does not grow with the number of users")
    func flat() async throws {
        let office = try await Office()
        let token = await office.logIn("root", "root of all", scope: ["project": ["name": "admin"]]).token
        func time() -> Duration {
            let clock = ContinuousClock()
            return (0..<5).map { _ in
                clock.measure {
                    for _ in 0..<200 {
                        _ = office.cloud.identity.directory.caller(of: token, now: office.world.clock.now())
                    }
                }
            }.min()!
        }
        let few = time()
        for number in 0..<300 { _ = await office.user("u\(number)") }
        #expect(time() < few * 3)
    }
}
