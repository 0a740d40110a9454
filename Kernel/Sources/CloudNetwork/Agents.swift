import CloudCore
import CloudStore
import CloudWire

/// A daemon that carries packets or says how, and whether it does so now.
public struct AgentSpec: Hashable, Sendable {
    public enum Role: String, CaseIterable, Sendable { case controller = "ovn-controller", central = "ovn-northd" }
    public var role: Role
    public var host: HostName
    /// Whether it took up what was asked just now.
    public var isAlive: Bool
    /// When it last took up something; nil where it never did.
    public var seen: Instant?
    public init(_ role: Role, host: HostName, isAlive: Bool, seen: Instant?) {
        (self.role, self.host, self.isAlive, self.seen) = (role, host, isAlive, seen)
    }
}

/// Neutron's agents. Nothing is stored of them: whoever asks has them tried.
struct Agents: Sendable {
    let fabric: any Fabric

    private static func json(_ it: AgentSpec) -> JSON {
        let seen = it.seen.map { JSON.string($0.text()) } ?? .null
        return [
            "id": .string(id(it)), "binary": .string(it.role.rawValue), "host": .string(it.host.text),
            "agent_type": it.role == .controller ? "OVN Controller agent" : "OVN northd", "topic": .null,
            "alive": .bool(it.isAlive), "admin_state_up": true, "description": "", "availability_zone": "default",
            "configurations": [:], "heartbeat_timestamp": seen, "created_at": .null, "started_at": .null,
            "resources_synced": .null,
        ]
    }

    private static func id(_ it: AgentSpec) -> String { "\(it.role.rawValue)-\(it.host)" }

    private func all() async throws(CloudError) -> [JSON] {
        try await fabric.agents().sorted { Self.id($0) < Self.id($1) }.map(Self.json)
    }

    private static let filters = ["id", "binary", "host", "agent_type", "alive"]

    var routes: [Route] {
        [
            Route(
                .get, .network, "/v2.0/agents", action: "list", rule: .role(.reader),
                "Lists the daemons that carry packets, and whether they do: none of them for who is no operator."
            ) { (call) throws(CloudError) in
                guard call.caller.isOperator else { return .json(200, ["agents": []]) }
                let wanted = call.request.query.filter { $0.name != "fields" }
                for (name, _) in wanted where !Self.filters.contains(name) {
                    throw .invalid("'\(name.prefix(64))' is not a filter of agents.", field: name)
                }
                let found = try await all().filter { it in
                    wanted.allSatisfy { name, text in
                        it[name]?.bool.map { $0 == (text.lowercased() == "true") } ?? (it[name] == .string(text))
                    }
                }
                return .json(200, ["agents": .array(found)])
            },
            Route(
                .get, .network, "/v2.0/agents/{agent_id}", action: "show", rule: .operator,
                "Shows a daemon that carries packets, and whether it does."
            ) { (call) throws(CloudError) in
                let id = call.parameter("agent_id")
                guard let found = try await all().first(where: { $0["id"] == .string(id) }) else {
                    throw .missing("Agent", id)
                }
                return .json(200, ["agent": found])
            },
        ]
    }
}
