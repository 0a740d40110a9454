import CloudCompute
import CloudCore
import CloudNetwork
import CloudServices
import CloudSim
import CloudStore
@testable import CloudWire

/// Who calls, in the route walk.
enum Actor: String, CaseIterable, Sendable {
    /// Without a token.
    case nobody
    /// A member of another project.
    case stranger
    /// Those of the project that owns the fixtures.
    case reader, member
    /// Who runs the cloud.
    case `operator`

    var role: Role { self == .reader ? .reader : self == .operator ? .admin : .member }
    var projectName: String { self == .stranger ? "green" : self == .operator ? "admin" : "blue" }
}

/// A cloud on twins in which nothing goes wrong, with one person for each actor, and things made for routes to act on.
final class Stage: @unchecked Sendable {
    let world = SimWorld(seed: 1)
    let cloud: Cloud
    private(set) var tokens: [Actor: String] = [:]
    private(set) var users: [Actor: String] = [:]
    private(set) var projects: [Actor: String] = [:]
    private var made = 0
    /// The external network that was made last.
    private var lastOutside = ""
    /// The subnet of the network for a virtual storage that was made last.
    var lastBerth = ""

    static let address = "198.51.100.7"
    static let password = "correct horse"

    init() async throws(CloudError) {
        cloud = Cloud(
            world.ports,
            Settings(
                base: "https://sim", region: "sim1", firstUID: 100_000, engine: "a",
                consoles: .at(origin: "https://sim:6080"))
        ) {
            _, _ in
        }
        try await cloud.begin()
        for actor in Actor.allCases where actor != .nobody {
            projects[actor] = try await cloud.identity.enlist(
                user: actor.rawValue, password: Self.password, project: actor.projectName, role: actor.role,
                dice: world.dice
            ).text
        }
        var host = Host()
        (host.zone, host.vcpus, host.memory, host.disk) = ("zone1", 64, 1 << 20, 1000)
        try await cloud.enroll(HostName("host0"), host)
        for actor in Actor.allCases where actor != .nobody { try await logIn(actor) }
        // A project's default security group is made when it is first looked for.
        for actor in [Actor.stranger, .member, .operator] {
            _ = await send(actor, .get, "/network/v2.0/security-groups")
        }
        try await settle()
    }

    /// Parameters that name a part of what a path is about, and the name that is given for each.
    static let parts = [
        "tag": "red", "extension_alias": "router", "member_id": "", "metadata_key": "purpose",
        "spec_key": "hw:cpu_policy", "rule_type": "dscp_marking", "agent_id": "ovn-controller-host0",
    ]

    func logIn(_ actor: Actor) async throws(CloudError) {
        let body: JSON = [
            "auth": [
                "identity": [
                    "methods": ["password"],
                    "password": [
                        "user": ["name": .string(actor.rawValue), "password": .string(Self.password)]
                    ],
                ],
                "scope": ["project": ["id": .string(projects[actor]!)]],
            ]
        ]
        let answer = await send(.nobody, .post, "/identity/v3/auth/tokens", body)
        guard answer.status == 201, let token = answer.headers.first(where: { $0.name == "x-subject-token" })?.value,
            let user = answer.json["token"]?["user"]?["id"]?.string
        else { throw .fault("\(actor) cannot log in: \(answer.text)") }
        (tokens[actor], users[actor]) = (token, user)
    }

    func send(
        _ actor: Actor, _ method: CloudWire.Method, _ path: String, _ body: JSON? = nil, bytes: [UInt8]? = nil,
        headers: [String: String] = [:]
    ) async -> Response {
        var all = headers
        if let token = tokens[actor] { all["x-auth-token"] = token }
        if body != nil { all["content-type"] = all["content-type"] ?? "application/json" }
        let parts = path.split(separator: "?", maxSplits: 1)
        var query: [(name: String, value: String)] = []
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let two = pair.split(separator: "=", maxSplits: 1)
            query.append((String(two[0]), two.count > 1 ? String(two[1]) : ""))
        }
        return await cloud.api.handle(
            Request(
                method: method, path: String(parts.first ?? ""), query: query, headers: all,
                body: Chunk(bytes ?? body.map { Array($0.text.utf8) } ?? []), remote: Self.address))
    }

    /// Lets every lifecycle finish.
    func settle() async throws(CloudError) {
        for _ in 0..<200 where try await cloud.engine.drain() {}
        // Whatever waited for another has its turn, too.
        world.clock.advance(.milliseconds(400))
        for _ in 0..<200 where try await cloud.engine.drain() {}
    }

    func audit() async throws(CloudError) -> [AuditRecord] {
        try await world.store.read { (reader) throws(CloudError) in
            try reader.audit(after: 0, project: nil, limit: .max)
        }
    }

    /// Every row that a project owns, and every keypair of its people.
    func holdings(_ actor: Actor) async throws(CloudError) -> [String] {
        let (project, user) = (projects[actor]!, users[actor]!)
        return try await world.store.read { (reader) throws(CloudError) in
            var lines: [String] = []
            for schema in reader.schemas.all {
                for row in try reader.rows(.everything(schema.kind))
                where row.project == project || row.values.contains(.string(user)) || row.id == project
                    || row.id == user
                {
                    lines.append("\(schema.kind) \(row)")
                }
            }
            return lines
        }
    }

    // MARK: Fixtures

    /// A new thing of a kind that `actor` may act on: its id, as paths name it.
    ///
    /// It is made by the kind's own create route from that route's example, so that a kind that comes later needs
    /// nothing here. What no route creates is listed.
    func make(_ kind: String, for actor: Actor, withBytes: Bool = true) async throws(CloudError) -> String {
        if kind == "host" { return "host0" }
        if kind == "agent" { return "ovn-controller-host0" }
        if let word = Self.parts[kind] ?? Self.parts[kind + "_key"] { return word }
        if kind == "external_network" { return try await makeExternalNetwork() }
        if kind == "reachable_port" { return try await makeReachablePort(for: actor) }
        if let shared = try await makeShared(kind, for: actor) { return shared }
        if let stored = try await makeStored(kind, for: actor) { return stored }
        if kind == "ddos_event" { return try await makeAttack(on: actor) }
        if kind == "edge_router" || kind == "vpnservice" { return try await makeEdge(kind, for: actor) }
        // A model with several faces is made through the one that is named.
        let makers = cloud.api.routes.filter { $0.action == "create" }
        guard
            let route = makers.first(where: { $0.schema?.envelope == kind })
                ?? makers.first(where: { $0.kind?.name == kind }),
            let example = route.example
        else { throw .fault("no route creates a \(kind), or it has no example: the route walk cannot make one") }
        let maker = route.rule.permits(caller(actor)) ? actor : .operator
        let body = try await fill(example, for: actor)
        let answer = await send(maker, route.method, try await path(route, for: maker), body)
        let made = answer.json.object?.count == 1 ? answer.json.object!.first!.value : answer.json
        guard answer.status == route.status, let id = made["id"]?.string ?? made["name"]?.string else {
            throw .fault(
                "the example of \(route.method) \(route.fullPath) does not work: \(answer.status) \(answer.text)")
        }
        if kind == "image", withBytes {
            let sent = await send(maker, .put, "/image/v2/images/\(id)/file", bytes: [UInt8](repeating: 1, count: 512))
            guard sent.status == 204 else { throw .fault("no image can be sent: \(sent.text)") }
        }
        try await settle()
        return id
    }

    /// Only strangers make these, and only the cloud writes them down.
    private func makeAttack(on actor: Actor) async throws(CloudError) -> String {
        let (id, project) = (ID<DDoSEvent>(world.dice.uuid()), ProjectID(projects[actor]!))
        let record = AuditRecord(
            .system("edge"), service: "network", action: "begin", kind: "ddos_event", resource: id.text)
        try await world.store.write(record) { (writer) throws(CloudError) in
            var event = DDoSEvent()
            event.address = IPAddress("203.0.113.7")
            try writer.insert(event, id: id, project: project)
        }
        return id.text
    }

    private func makeExternalNetwork() async throws(CloudError) -> String {
        made += 1
        let network = await send(
            .operator, .post, "/network/v2.0/networks",
            ["network": ["name": .string("public-\(made)"), "router:external": true]])
        guard let id = network.json["network"]?["id"]?.string else {
            throw .fault("no external network: \(network.text)")
        }
        let subnet = await send(
            .operator, .post, "/network/v2.0/subnets",
            ["subnet": ["network_id": .string(id), "cidr": "198.51.100.0/24", "ip_version": 4]])
        guard subnet.status == 201 else { throw .fault("no external subnet: \(subnet.text)") }
        try await settle()
        lastOutside = id
        return id
    }

    /// A port on a network that a router joins to the external network that was made last.
    private func makeReachablePort(for actor: Actor) async throws(CloudError) -> String {
        made += 1
        if lastOutside.isEmpty { _ = try await makeExternalNetwork() }
        func create(_ path: String, _ key: String, _ body: JSON) async throws(CloudError) -> String {
            let answer = await send(actor, .post, "/network/v2.0/" + path, [key: body])
            guard let id = answer.json[key]?["id"]?.string else { throw .fault("no \(key): \(answer.text)") }
            return id
        }
        let network = try await create("networks", "network", ["name": .string("inside-\(made)")])
        let subnet = try await create(
            "subnets", "subnet", ["network_id": .string(network), "cidr": "10.77.0.0/24", "ip_version": 4])
        let router = try await create(
            "routers", "router", ["external_gateway_info": ["network_id": .string(lastOutside)]])
        let path = "/network/v2.0/routers/\(router)/add_router_interface"
        let joined = await send(actor, .put, path, ["subnet_id": .string(subnet)])
        guard joined.status == 200 else { throw .fault("no interface: \(joined.text)") }
        return try await create("ports", "port", ["network_id": .string(network)])
    }

    /// What lives below another is made below the one that the path names.
    private func makeNested(
        _ name: String, _ path: String, _ route: Route, _ actor: Actor
    ) async throws(CloudError) -> String? {
        guard let place = route.fullPath.firstRange(of: "/{\(name)}")?.lowerBound else { return nil }
        let collection = String(route.fullPath[..<place])
        guard collection.hasPrefix("/network/"), collection.contains("{"),
            let create = cloud.api.routes.first(where: {
                $0.method == .post && $0.fullPath == collection && $0.action == "create" && $0.kind == route.kind
            }), let example = create.example, Self.kind(name) == create.kind?.name
        else { return nil }
        let answer = await send(actor, .post, path, try await fill(example, for: actor))
        guard answer.status == create.status, let made = answer.json.object?.first?.value["id"]?.string else {
            throw .fault("the example of \(create.fullPath) does not work: \(answer.status) \(answer.text)")
        }
        return made
    }

    /// Parts that are there already: how a list of them names the first.
    private static let finders: [String: @Sendable (JSON) -> String?] = [
        "request_id": { $0["instanceActions"]?[0]?["request_id"]?.string },
        "card": { $0["interfaceAttachments"]?[0]?["port_id"]?.string },
        "offered_subnet": { $0["subnets"]?[0]?["id"]?.string },
        "network_name": { $0["addresses"]?.object?.keys.sorted().first },
    ]

    /// Puts a part into the thing that a path names, where the path names a part.
    private func putPart(_ route: Route, _ path: String, of owner: Actor) async throws(CloudError) {
        guard route.method != .put,
            let put = cloud.api.routes.first(where: { $0.fullPath == route.fullPath && $0.method == .put })
        else { return }
        let headers = ["openstack-api-version": "compute 2.30"]
        let answer = await send(
            put.rule.permits(caller(owner)) ? owner : .operator, .put, path, put.example, headers: headers)
        guard answer.status < 300 else { throw .fault("no part can be put: \(answer.text)") }
    }

    /// An example with each `{kind}` replaced by one of that kind, and with names that nothing else has.
    func fill(_ example: JSON, for actor: Actor) async throws(CloudError) -> JSON {
        switch example {
        case "{tenant}": return .string(projects[actor]!)
        case "{vlan}":
            made += 1
            return .integer(made)
        case "{block}":
            made += 1
            return .string("10.200.\(made & 255).0/24")
        case .string(let text) where text.hasPrefix("{") && text.hasSuffix("}"):
            let parts = text.dropFirst().dropLast().split(separator: ".").map(String.init)
            let id = try await make(parts[0], for: actor)
            return parts.count == 1 ? .string(id) : try await attribute(parts[1], of: parts[0], id, for: actor)
        case .array(let items):
            var out: [JSON] = []
            for item in items { out.append(try await fill(item, for: actor)) }
            return .array(out)
        case .object(let members):
            var out: [String: JSON] = [:]
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                out[name] = try await fill(member, for: actor)
            }
            if let name = out["name"]?.string {
                made += 1
                out["name"] = .string("\(name)-\(made)")
            }
            return .object(out)
        default: return example
        }
    }

    /// An attribute of a thing that was made, as its owner is shown it.
    private func attribute(_ name: String, of kind: String, _ id: String, for actor: Actor) async throws(CloudError)
        -> JSON
    {
        let show = cloud.api.routes.first { $0.action == "show" && $0.schema?.envelope == kind }
        guard let show, let place = show.fullPath.lastIndex(of: "/") else { throw .fault("no route shows a \(kind)") }
        let answer = await send(actor, .get, show.fullPath[...place] + id)
        guard let value = answer.json[kind]?[name] else { throw .fault("\(kind) \(id): \(answer.text)") }
        return value
    }

    /// The route's path for a caller, its parameters replaced: by things of `owner`, or by an id that is none.
    func path(_ route: Route, for actor: Actor, of owner: Actor? = nil, target: String? = nil) async throws(CloudError)
        -> String
    {
        let names = Router.segments(route.path).filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
        let about = names.last { !isCallersProject($0, route) && Self.parts[$0] == nil }
        var image = ""
        var path = route.fullPath
        for name in names {
            var value: String
            if isCallersProject(name, route) {
                value = projects[actor] ?? projects[.member]!
            } else if let target, name == about {
                value = target
            } else if route.method == .put, route.action == "create", name == about {
                // What is put to be made is not there before.
                made += 1
                value = "new-\(made)"
            } else if name == "member_id" {
                value = projects[owner ?? actor] ?? projects[.member]!
                _ = await send(.operator, .post, "/image/v2/images/\(image)/members", ["member": .string(value)])
            } else if Self.kind(name) == "user", route.rule == .signedIn {
                // What anyone may do here, one does to oneself.
                value = users[owner ?? actor]!
            } else if Self.kind(name) == "project", route.rule == .signedIn {
                value = projects[owner ?? actor]!
            } else if Self.kind(name) == "domain", route.rule == .signedIn {
                value = "default"
            } else if name == "quota_project_id" {
                value = projects[owner ?? actor] ?? projects[.member]!
            } else if name == "attached_volume" {
                let place = String(path[..<path.firstRange(of: "/{\(name)}")!.lowerBound])
                value = try await attachVolume(theirs(place, actor, owner ?? actor), of: owner ?? actor)
            } else if let finder = Self.finders[name] {
                let place = String(path[..<path.firstRange(of: "/{\(name)}")!.lowerBound])
                let list = await send(owner ?? actor, .get, theirs(place, actor, owner ?? actor))
                guard let found = finder(list.json) else { throw .fault("nothing is listed for \(name): \(list.text)") }
                value = found
            } else if let nested = try await makeNested(
                name, theirs(String(path[..<path.firstRange(of: "/{\(name)}")!.lowerBound]), actor, owner ?? actor),
                route,
                owner ?? actor)
            {
                value = nested
            } else {
                value = try await make(Self.kind(name), for: owner ?? actor, withBytes: route.intake != .stream)
            }
            if name == "image_id" { image = value }
            value = value.percentEncoded
            path = path.replacing("{\(name)}", with: value)
        }
        if target == nil, names.contains(where: { !(Self.parts[$0] ?? "").isEmpty }) {
            try await putPart(route, theirs(path, actor, owner ?? actor), of: owner ?? actor)
        }
        return path
    }

    /// The same path as its owner calls it.
    private func theirs(_ path: String, _ actor: Actor, _ owner: Actor) -> String {
        guard let mine = projects[actor], let project = projects[owner] else { return path }
        return path.replacing(mine, with: project)
    }

    private func isCallersProject(_ name: String, _ route: Route) -> Bool {
        (name == "project_id" || name == "tenant_id") && !route.service.isAboutProjects
    }

    private static func kind(_ parameter: String) -> String {
        for end in ["_id", "_name"] where parameter.hasSuffix(end) { return String(parameter.dropLast(end.count)) }
        return parameter
    }

    func caller(_ actor: Actor) -> Caller {
        var caller = Caller()
        guard actor != .nobody else { return caller }
        caller.user = ID(users[actor]!)
        caller.project = ID(projects[actor]!)
        caller.roles = [actor.role.rawValue]
        return caller
    }
}

extension Route {
    /// Whether a call names one thing.
    var isTargeted: Bool {
        Router.segments(path).contains {
            $0.hasPrefix("{") && !(($0 == "{project_id}" || $0 == "{tenant_id}") && !service.isAboutProjects)
                && Stage.parts[String($0.dropFirst().dropLast())] == nil
        }
    }
    var name: String { "\(method.rawValue) \(fullPath)" }
}
