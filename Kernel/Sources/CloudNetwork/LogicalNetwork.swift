import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// An isolated Ethernet segment of one project (Neutron's network, ECL's logical network).
public struct LogicalNetwork: Lifecycle {
    public var name = "", description = "", plane = Plane.data, adminUp = true
    /// Whether it leads out of the cloud: then everyone sees it, and routers may have their gateways on it.
    public var isExternal = false
    /// The operator's name of the physical network that it continues into; empty for none.
    public var physical = ""
    /// Whether its ports are guarded unless they say otherwise.
    public var portSecurity = true
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
    public static let opening: (column: String, value: JSON)? = ("external", true)
    public static let fields: [Field<LogicalNetwork>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .choice("plane", \.plane, [.read, .create], "Whether it carries data or storage traffic."),
        .boolean("admin_state_up", \.adminUp, [.read, .create, .update], "Whether it carries packets."),
        .boolean("external", \.isExternal, [.read, .create, .update, .indexed], "Whether it leads out of the cloud."),
        .text(
            "physical", \.physical, [.read, .create, .update], max: 64, "The physical network that it continues into."),
        .boolean("port_security", \.portSecurity, [.read, .create, .update], "Whether its ports are guarded."),
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
            let spec = try await turn.store.read { (reader) throws(CloudError) -> NetworkSpec in
                try LogicalNetwork.spec(of: id, in: reader)
            }
            try await fabric.ensureNetwork(spec)
            if turn.it.status == .build {
                turn.also { (writer) throws(CloudError) in
                    for port in try writer.list(Port.self, where: "network_id", .string(id.text)) {
                        try writer.raise(.refresh, Reference(port.id))
                    }
                }
            }
            turn.it.status = turn.it.adminUp ? .active : .down
            turn.it.fault = ""
            return .rest
        case .destroy:
            let id = turn.it.id
            let ports = try await turn.store.read { (reader) throws(CloudError) in
                var query = Query(Port.kind).with("network_id", .string(id.text))
                query.includesDeleting = true
                var routers = Query(Router.kind).with("gateway_network", .string(id.text))
                routers.includesDeleting = true
                return try reader.count(query) + reader.count(routers)
            }
            guard ports == 0 else { return .nap(.milliseconds(200)) }
            try await fabric.removeNetwork(id)
            return .gone
        }
    }

    /// What the fabric is told of a network.
    static func spec(of id: ID<LogicalNetwork>, in reader: any Reader) throws(CloudError) -> NetworkSpec {
        NetworkSpec(
            id: id, subnets: try Subnet.specs(of: id, in: reader), mtu: mtu, physical: try reader.get(id).physical)
    }

    public static func failed(_ label: Label, _ turn: inout Turn<LogicalNetwork>, _ error: CloudError) -> Next<Label> {
        if label != .destroy { turn.it.status = .error }
        turn.it.fault = "The network could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }
}

extension LogicalNetwork: Metered {
    public static let quota = 100

    public static func admit(
        _ draft: inout Stored<LogicalNetwork>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try draft.value.check(was: LogicalNetwork(), caller)
    }

    public static func admitChange(
        of it: inout Stored<LogicalNetwork>, from old: Stored<LogicalNetwork>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.value.check(was: old.value, caller)
        guard old.isExternal, !it.isExternal else { return }
        let gateways = try writer.count(Query(Router.kind).with("gateway_network", .string(it.id.text)))
        let floating = try writer.count(Query(FloatingIP.kind).with("floating_network_id", .string(it.id.text)))
        guard gateways + floating == 0 else {
            throw .conflict(
                "External network \(it.id) cannot be updated to be made non-external, since it has existing gateway ports."
            )
        }
    }

    /// What leads out of the cloud is the operator's matter.
    private func check(was old: LogicalNetwork, _ caller: Caller) throws(CloudError) {
        guard isExternal != old.isExternal || physical != old.physical, !caller.isOperator else { return }
        let field = isExternal != old.isExternal ? "router:external" : "provider:physical_network"
        throw CloudError(.forbidden, "Only an operator sets \(field).", field: field)
    }

    public static func admitRemoval(
        of it: Stored<LogicalNetwork>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try writer.evictProbes(from: it.id)
        let ports = try writer.list(Port.self, Query(Port.kind, limit: 4).with("network_id", .string(it.id.text)))
        guard ports.isEmpty else {
            throw .conflict(
                "Network \(it.id) is in use by \(Port.describe(ports)). There are one or more ports still in use on the network."
            )
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
            .id(), .field("name"), .field("description"), .field("plane"), .field("admin_state_up"),
            // It may be used from the first moment: what is to be carried by it waits until it can.
            .field("status").reading { (it) in .string((it.status == .build ? .active : it.status).rawValue) },
            .eclTags(), .openstackTags(), .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
            .computed("mtu", "Bytes that fit in a packet.") { (_, _) in .integer(mtu) },
            .fixed("shared", false, "Whether other projects may use it: none but its own."),
            .field("external", as: "router:external").only(for: .openstack),
            .field("physical", as: "provider:physical_network").only(for: .operators),
            .computed("provider:network_type", "How it is carried.") { (it, _) in
                it.physical.isEmpty ? "geneve" : "flat"
            }.only(for: .operators),
            .computed("provider:segmentation_id", "OVN chooses it.") { (_, _) in .null }.only(for: .operators),
            .field("port_security", as: "port_security_enabled"), .revision(),
            .computed("availability_zones", "Where it is.") { (_, _) in ["default"] },
            .computed("availability_zone_hints", "Where it was asked for.") { (_, _) in [] },
            .computed("is_default", "Whether it is the one that is taken unless another is named.") { (_, _) in false },
            .computed("l2_adjacency", "Whether its ports are on one segment.") { (_, _) in true },
            .computed("ipv4_address_scope", "Address scopes are not offered.") { (_, _) in .null },
            .computed("ipv6_address_scope", "Address scopes are not offered.") { (_, _) in .null },
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
