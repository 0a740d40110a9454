import CloudCore
@testable import CloudWire
import Testing

@Suite("What is said beyond the attributes")
struct ExtrasTests {
    @Test(
        "is kept and shown as it was said, changed, and taken away by null",
        arguments: [
            ("users", "user", ["name": "x"]), ("projects", "project", ["name": "x"]),
            ("domains", "domain", ["name": "x"]), ("groups", "group", ["name": "x"]),
            ("roles", "role", ["name": "x"]), ("regions", "region", [:]), ("services", "service", ["type": "x"]),
            ("endpoints", "endpoint", ["service_id": "compute", "interface": "public", "url": "https://x"]),
        ] as [(String, String, [String: JSON])])
    func kept(_ plural: String, _ key: String, _ least: [String: JSON]) async throws {
        let office = try await Office()
        let said: JSON = ["floor": 3, "tags of mine": ["a", nil], "nested": ["deep": true]]
        let id = await office.make(plural, key, .object(least.merging(said.object!) { $1 }))
        let path = "/\(plural)/\(id)"
        for (name, value) in said.object! { #expect(await office.send(.get, path)[key, name] == value) }
        let changed = await office.send(.patch, path, [key: ["floor": "top", "nested": nil]])
        #expect(
            changed[key, "floor"] == "top" && changed[key].object?.keys.contains("nested") == false, "\(changed.json)")
        let listed = await office.send(.get, "/" + plural)[plural].array ?? []
        #expect(listed.first { $0["id"]?.string == id }?["floor"] == "top")
    }

    @Test("a user's project_id is shown and means nothing")
    func project() async throws {
        let office = try await Office()
        let project = await office.make("projects", "project", ["name": "blue"])
        let body: JSON = [
            "name": "hana", "password": "correct horse", "project_id": .string(project), "roles": ["admin"],
        ]
        let user = await office.make("users", "user", body)
        let shown = await office.send(.get, "/users/\(user)")
        #expect(shown["user", "project_id"].string == project && shown["user", "default_project_id"] == .null)
        #expect(await office.logIn("hana", "correct horse", scope: onProject(project)).status == 401)
        let token = await office.logIn("hana", "correct horse")
        #expect(token.status == 201 && token["token", "project"] == .null && token["token", "roles"] == .null)
    }

    @Test("is bounded in number and size, and never stands for an attribute")
    func bounded() async throws {
        let office = try await Office()
        let user = await office.user("hana")
        let before = await office.send(.get, "/users/\(user)").json
        let many = Dictionary(uniqueKeysWithValues: (0..<33).map { ("x\($0)", JSON.integer($0)) })
        for body: JSON in [
            .object(many), ["big": .string(String(repeating: "x", count: 8192))], ["": 1], ["a\u{0}": 1],
            [String(repeating: "n", count: 256): 1], ["id": "mine"], ["links": [:]], ["password_expires_at": "never"],
            ["domain_id": 1], ["enabled": "yes"],
        ] {
            #expect(
                await office.send(.patch, "/users/\(user)", ["user": body]).status == 400, "\(body.text.prefix(80))")
        }
        #expect(await office.send(.get, "/users/\(user)").json == before)
        for part in 0..<4 {
            let some: JSON = .object(many.filter { (part * 8..<part * 8 + 8).contains($0.value.integer!) })
            #expect(await office.send(.patch, "/users/\(user)", ["user": some]).status == 200)
        }
        #expect(await office.send(.patch, "/users/\(user)", ["user": ["x32": 1]]).status == 400)
    }

    @Test("a region may be put under an id of one's choice, once")
    func region() async throws {
        let office = try await Office()
        let made = await office.send(.put, "/regions/west", ["region": ["description": "d", "side": "left"]])
        #expect(made.status == 201 && made["region", "id"] == "west" && made["region", "side"] == "left")
        #expect(await office.send(.put, "/regions/west", ["region": [:]]).status == 409)
        #expect(await office.send(.put, "/regions/east", ["region": ["id": "west"]]).status == 400)
        #expect(await office.send(.put, "/regions/a%2Fb", ["region": [:]]).status == 400)
        #expect(await office.send(.put, "/regions/east", ["region": ["id": "east"]]).status == 201)
    }
}
