import CloudCore
import CloudIdentity
import CloudServices
import CloudSim
import CloudStore
@testable import CloudWire

/// A cloud on twins with an operator, and short ways to say what identity is asked.
final class Office: @unchecked Sendable {
    let world = SimWorld(seed: 5)
    let cloud: Cloud
    private(set) var admin = ""

    struct Answer {
        let status: Int
        let json: JSON
        let token: String
        subscript(_ path: String...) -> JSON { path.reduce(json) { $0[$1] ?? .null } }
    }

    init(_ vault: any Vault = SimVault()) async throws(CloudError) {
        var ports = world.ports
        ports.vault = vault
        cloud = Cloud(ports, Settings(base: "https://sim", region: "sim1", firstUID: 100_000, engine: "a")) {
            _, _ in
        }
        try await cloud.begin()
        let project = try await cloud.identity.enlist(
            user: "root", password: "root of all", project: "admin", role: .admin, dice: world.dice)
        admin = await logIn("root", "root of all", scope: ["project": ["id": .string(project.text)]]).token
    }

    func send(
        _ method: CloudWire.Method, _ path: String, _ body: JSON? = nil, as token: String? = nil,
        headers: [String: String] = [:], from address: String = "198.51.100.7", under prefix: String = "/identity/v3"
    ) async -> Answer {
        let parts = path.split(separator: "?", maxSplits: 1)
        let pairs = parts.count < 2 ? [] : parts[1].split(separator: "&")
        let query = pairs.map { pair -> (name: String, value: String) in
            let two = pair.split(separator: "=", maxSplits: 1)
            return (name: String(two[0]), value: two.count > 1 ? String(two[1]) : "")
        }
        var all = headers
        all["x-auth-token"] = token ?? admin
        if body != nil { all["content-type"] = "application/json" }
        let answer = await cloud.api.handle(
            Request(
                method: method, path: prefix + parts[0], query: query, headers: all,
                body: Chunk(body.map { Array($0.text.utf8) } ?? []), remote: address))
        var json = JSON.null
        if case .bytes(let bytes) = answer.body, let parsed = try? JSON.parse(bytes) { json = parsed }
        return Answer(
            status: answer.status, json: json, token: answer.headers.first { $0.name == "x-subject-token" }?.value ?? ""
        )
    }

    func logIn(
        _ name: String, _ password: String, domain: String = "default", scope: JSON? = nil,
        from address: String = "198.51.100.7"
    ) async -> Answer {
        await enter(
            [
                "methods": ["password"],
                "password": [
                    "user": ["name": .string(name), "password": .string(password), "domain": ["id": .string(domain)]]
                ],
            ], scope, from: address)
    }

    func enter(_ identity: JSON, _ scope: JSON? = nil, from address: String = "198.51.100.7") async -> Answer {
        var auth: [String: JSON] = ["identity": identity]
        if let scope { auth["scope"] = scope }
        return await send(.post, "/auth/tokens", ["auth": .object(auth)], as: "", from: address)
    }

    func rescope(_ token: String, _ scope: JSON?) async -> Answer {
        await enter(["methods": ["token"], "token": ["id": .string(token)]], scope)
    }

    /// Whether a token opens anything.
    func works(_ token: String) async -> Bool { await send(.get, "/auth/catalog", as: token).status == 200 }

    /// Creates something by the operator; its id.
    func make(_ plural: String, _ key: String, _ body: JSON) async -> String {
        await send(.post, "/" + plural, [key: body])[key, "id"].string ?? ""
    }

    /// A user with a password, in the default domain.
    func user(_ name: String) async -> String {
        await make("users", "user", ["name": .string(name), "password": "correct horse"])
    }

    /// A user, a project, and the role of a member between them.
    func member(_ name: String) async -> (user: String, project: String) {
        let (user, project) = (await user(name), await make("projects", "project", ["name": .string(name)]))
        _ = await send(.put, "/projects/\(project)/users/\(user)/roles/member")
        return (user, project)
    }

    func audit() async throws(CloudError) -> [AuditRecord] {
        try await world.store.read { (reader) throws(CloudError) in
            try reader.audit(after: 0, project: nil, limit: .max)
        }
    }
}

/// The scope of one project.
func onProject(_ id: String) -> JSON { ["project": ["id": .string(id)]] }
