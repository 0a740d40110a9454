import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// An isolated Ethernet segment of one project (Neutron's network, ECL's logical network).
public struct LogicalNetwork: Lifecycle {
    public var name = "", description = "", plane = Plane.data, adminUp = true
    public var tags: [String: String] = [:]
    public var status = Status.build, fault = ""

    public enum Plane: String, CaseIterable, Sendable { case data, storage }
    public enum Status: String, CaseIterable, Sendable {
        case build = "BUILD", active = "ACTIVE", down = "DOWN", error = "ERROR"
    }
    public enum Label: String, CaseIterable, Sendable { case weave, destroy }

    public init() {}

    public static let kind = Kind("network", "networks", service: "network")
    public static let access = Access.project
    public static let fields: [Field<LogicalNetwork>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .choice("plane", \.plane, [.read, .create], "Whether it carries data or storage traffic."),
        .boolean("admin_state_up", \.adminUp, [.read, .create, .update], "Whether it carries packets."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
        .choice("status", \.status, [.read], "Whether the fabric has it."),
        .text("fault", \.fault, [.read], max: 1024, "Why it is in error."),
    ]

    /// Bytes that fit in a packet: Ethernet's less what carrying it between hosts adds (Geneve over IPv4).
    public static let mtu = 1442

    public static func step(
        _ label: Label, _ turn: inout Turn<LogicalNetwork>, in fabric: any Fabric
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        switch label {
        case .weave:
            let id = turn.it.id
            let spec = try await turn.store.read { (reader) throws(CloudError) in
                NetworkSpec(id: id, subnets: try Subnet.specs(of: id, in: reader), mtu: mtu)
            }
            try await fabric.ensureNetwork(spec)
            turn.it.status = turn.it.adminUp ? .active : .down
            turn.it.fault = ""
            return .rest
        case .destroy:
            let id = turn.it.id
            let ports = try await turn.store.read { (reader) throws(CloudError) in
                var query = Query(Port.kind).with("network_id", .string(id.text))
                query.includesDeleting = true
                return try reader.count(query)
            }
            guard ports == 0 else { return .nap(.milliseconds(200)) }
            try await fabric.removeNetwork(id)
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<LogicalNetwork>, _ error: CloudError) -> Next<Label> {
        if label != .destroy { turn.it.status = .error }
        turn.it.fault = "The network could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }
}

extension LogicalNetwork: Governed {
    public static let quota = 100

    public static func admitRemoval(
        of it: Stored<LogicalNetwork>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let ports = try writer.list(Port.self, Query(Port.kind, limit: 4).with("network_id", .string(it.id.text)))
        guard ports.isEmpty else {
            throw .conflict("Network \(it.id) is in use by \(Port.describe(ports)).")
        }
        // Subnets go with their network, as Neutron's do.
        for subnet in try writer.list(Subnet.self, where: "network_id", .string(it.id.text)) {
            try writer.remove(Reference(subnet.id))
        }
    }
}

extension LogicalNetwork {
    static let face = Face<LogicalNetwork>(
        .network, "/v2.0/networks", "network", "networks",
        [
            .id(), .field("name"), .field("description"), .field("plane"), .field("admin_state_up"), .field("status"),
            .eclTags(), .openstackTags(), .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
            .computed("mtu", "Bytes that fit in a packet.") { (_, _) in .integer(mtu) },
            .computed("shared", "Whether other projects may use it.") { (_, _) in false },
            .computed("router:external", "Whether it leads out of the cloud.") { (_, _) in false }
                .only(for: .openstack),
            .computed("port_security_enabled", "Whether its ports may send only from their own addresses.") { (_, _) in
                true
            },
            .computed("subnets", "Its subnets.") { (it, reader) throws(CloudError) in
                .array(
                    try reader.list(Subnet.self, where: "network_id", .string(it.id.text)).map { .string($0.id.text) })
            },
        ])

    static let routes = [
        face.list(), face.show(), face.create(example: ["network": ["name": "blue", "plane": "data"]]),
        face.update(example: ["network": ["description": "ours"]]), face.delete(),
    ]
}

extension Attribute where R: Taggable {
    /// ECL's tags are an object.
    static func eclTags() -> Self {
        Attribute(
            "tags", type: .json(max: 8192), rights: [.read, .create, .update], "Names and values of the owner's own.",
            read: { (it, _) throws(CloudError) in it.value.tags.json },
            write: { (value, json) throws(CloudError) in
                value.tags = json.isNull ? [:] : try checked([String: String](json: json))
            }
        ).only(for: .ecl)
    }

    /// OpenStack's are a list of `name=value`, or of names alone.
    static func openstackTags() -> Self {
        Attribute(
            "tags", type: .json(max: 8192), rights: .read, "The owner's own, as name=value.",
            read: { (it, _) throws(CloudError) in
                .array(it.value.tags.sorted { $0.key < $1.key }.map { .string($1.isEmpty ? $0 : $0 + "=" + $1) })
            }, write: nil
        ).only(for: .openstack)
    }

    private static func checked(_ tags: [String: String]) throws(CloudError) -> [String: String] {
        guard tags.count <= 64, tags.allSatisfy({ $0.key.utf8.count <= 128 && $0.value.utf8.count <= 256 }) else {
            throw .invalid("At most 64 tags, names of 128 bytes, values of 256.", field: "tags")
        }
        return tags
    }
}

/// What a tenant may mark with names and values.
protocol Taggable: Resource { var tags: [String: String] { get set } }
extension LogicalNetwork: Taggable {}
extension Subnet: Taggable {}
extension Port: Taggable {}
