import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// An isolated Ethernet segment of one project (Neutron's network, ECL's logical network).
public struct LogicalNetwork: Lifecycle {
    public var name = "", description = "", plane = Plane.data, adminUp = true
    /// Whether it leads out of the cloud: then whoever it is opened to may have the gateways of routers on it.
    public var isExternal = false
    /// Whether every project may use it, where somebody says so.
    var opens: Bool?
    /// The operator's name of the physical network that it continues into; empty for none.
    public var physical = ""
    /// The VLAN that it is there; 0 for none.
    public var segment = 0
    /// Whether its ports are guarded unless they say otherwise.
    public var portSecurity = true
    /// The domain of its hosts' names, with a full stop at the end.
    public var domain = DNSName.usual
    /// How fast, and marked how, packets of its ports are that have no policy of their own.
    public var policy: ID<QoSPolicy>?
    /// Whether routers lead out by it where nobody names another.
    public var isDefault = false
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
    public static let shares: Shares? = RBACPolicy.shares(.network)
    public static let fields: [Field<LogicalNetwork>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .choice("plane", \.plane, [.read, .create], "Whether it carries data or storage traffic."),
        .boolean("admin_state_up", \.adminUp, [.read, .create, .update], "Whether it carries packets."),
        .boolean("external", \.isExternal, [.read, .create, .update, .indexed], "Whether it leads out of the cloud."),
        .text(
            "physical", \.physical, [.read, .create, .update], max: 64, "The physical network that it continues into."),
        .integer("segment", \.segment, [.read, .create], 0...4094, "The VLAN that it is on its physical network."),
        .boolean("port_security", \.portSecurity, [.read, .create, .update], "Whether its ports are guarded."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
        .choice("status", \.status, [.read], "Whether the fabric has it."),
        .text("fault", \.fault, [.read], max: 1024, "Why it is in error."),
        .text("dns_domain", \.domain, [.read, .create, .update], max: 190, "The domain of its hosts' names."),
        .reference("qos_policy_id", \.policy, [.read, .create, .update, .indexed], "The policy of its packets."),
        .boolean("is_default", \.isDefault, [.read, .create, .update, .indexed], "Whether it is the usual way out."),
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
            if !spec.links.isEmpty {
                turn.also { (writer) throws(CloudError) in try ColocationLogicalLink.settle(of: id, in: writer) }
            }
            turn.it.status = turn.it.adminUp ? .active : .down
            turn.it.fault = ""
            return .rest
        case .destroy:
            let id = turn.it.id
            let holders = try await turn.store.read { (reader) throws(CloudError) -> Int in
                try Self.holders(of: id, in: reader)
            }
            guard holders == 0 else { return .nap(.milliseconds(200)) }
            try await fabric.removeNetwork(id)
            // Those of a tenant's network went with its order; the cloud's own go now, and links that were leaving.
            turn.also { (writer) throws(CloudError) in
                let links = Query.everything(ColocationLogicalLink.kind).with("network_id", .string(id.text))
                for link in try writer.rows(links) { try writer.remove(Reference(ColocationLogicalLink.kind, link.id)) }
                for subnet in try writer.list(Subnet.self, where: "network_id", .string(id.text)) {
                    try writer.remove(Reference(subnet.id))
                }
            }
            return .gone
        }
    }

    /// What the fabric is told of a network.
    static func spec(of id: ID<LogicalNetwork>, in reader: any Reader) throws(CloudError) -> NetworkSpec {
        let it = try reader.get(id)
        var spec = NetworkSpec(
            id: id, subnets: try Subnet.specs(of: id, in: reader), mtu: mtu, physical: it.physical)
        spec.segment = it.segment
        spec.domain = String(it.domain.dropLast())
        spec.links = try ColocationLogicalLink.specs(of: id, in: reader).union(NetworkLink.ofPorts(on: id, in: reader))
        return spec
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
        try draft.share(was: nil, caller, in: writer)
        try draft.checkDefault(was: false, caller, in: writer)
        if let policy = draft.policy { _ = try writer.get(policy, for: caller) }
        guard draft.segment > 0 else { return try draft.value.refuseTaken(in: writer) }
        guard !draft.physical.isEmpty else {
            throw .invalid("A segment needs a physical network.", field: "provider:segmentation_id")
        }
        try claimSegment(draft.segment, of: draft.physical, for: Reference(draft.id), in: writer)
    }

    /// Whether the fabric has the network as it is now: what it was joined to before is parted from it.
    static func isWoven(_ id: ID<LogicalNetwork>, in reader: any Reader) throws(CloudError) -> Bool {
        let it = try reader.get(id)
        guard it.deletingSince == nil, [.active, .down].contains(it.status) else { return false }
        return try reader.signals(Reference(id)).isEmpty
    }

    /// Takes a VLAN of a physical network; `conflict` where another has it.
    static func claimSegment(
        _ segment: Int, of physical: String, for owner: Reference, in writer: any Writer
    ) throws(CloudError) {
        do throws(CloudError) { try writer.claim(segments(of: physical), String(segment), for: owner) } catch {
            let what = segment == 0 ? "What is untagged" : "VLAN \(segment)"
            throw .conflict("\(what) of physical network \(physical) is in use.")
        }
    }

    /// Throws `conflict` where what is untagged on its physical network is another's, on a physical port.
    private func refuseTaken(in reader: any Reader) throws(CloudError) {
        guard !physical.isEmpty, try reader.claims(Self.segments(of: physical)).contains("0") else { return }
        throw .conflict("What is untagged of physical network \(physical) is in use.")
    }

    /// The space in which VLANs of a physical network are claimed; 0 stands for what is untagged.
    static func segments(of physical: String) -> String { "segment:" + physical }

    public static func admitChange(
        of it: inout Stored<LogicalNetwork>, from old: Stored<LogicalNetwork>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.value.check(was: old.value, caller)
        if it.physical != old.physical { try it.value.refuseTaken(in: writer) }
        if let policy = it.policy, policy != old.policy { _ = try writer.get(policy, for: caller) }
        if it.domain != old.domain || it.policy != old.policy {
            for port in try writer.list(Port.self, where: "network_id", .string(it.id.text)) {
                try writer.raise(.refresh, Reference(port.id))
            }
        }
        if old.isExternal, !it.isExternal { try requireNoGateways(on: it.id, in: writer) }
        try it.share(was: old, caller, in: writer)
        try it.checkDefault(was: old.isDefault, caller, in: writer)
    }

    /// Throws `conflict` where routers or floating addresses lead out by a network.
    static func requireNoGateways(on id: ID<LogicalNetwork>, in reader: any Reader) throws(CloudError) {
        let gateways = try reader.count(Query(Router.kind).with("gateway_network", .string(id.text)))
        let floating = try reader.count(Query(FloatingIP.kind).with("floating_network_id", .string(id.text)))
        guard gateways + floating == 0 else {
            throw .conflict(
                "External network \(id) cannot be updated to be made non-external, since it has existing gateway ports."
            )
        }
    }

    /// What leads out of the cloud is the operator's matter.
    private func check(was old: LogicalNetwork, _ caller: Caller) throws(CloudError) {
        guard isExternal != old.isExternal || physical != old.physical || segment != old.segment, !caller.isOperator
        else { return }
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
        // Addresses that stand for nothing go with their network, and so do its subnets, as Neutron's do.
        for floating in try writer.list(FloatingIP.self, where: "floating_network_id", .string(it.id.text)) {
            guard floating.router == nil else {
                throw .conflict(
                    "Network \(it.id) is in use by floating IP \(floating.address?.description ?? ""), which leads to a port."
                )
            }
            try writer.remove(Reference(floating.id))
        }
        for subnet in try writer.list(Subnet.self, where: "network_id", .string(it.id.text)) {
            try writer.remove(Reference(subnet.id))
        }
        try Sharing.forget(it.id.text, in: writer)
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
            Sharing.attribute(\.opens),
            .field("external", as: "router:external").only(for: .openstack),
            .field("physical", as: "provider:physical_network").only(for: .operators),
            .computed("provider:network_type", "How it is carried.") { (it, _) in
                it.physical.isEmpty ? "geneve" : it.segment > 0 ? "vlan" : "flat"
            }.only(for: .operators),
            segmentAttribute,
            .field("port_security", as: "port_security_enabled"), .revision(), domainAttribute.only(for: .openstack),
            .computed("availability_zones", "Where it is.") { (_, _) in ["default"] },
            .computed("availability_zone_hints", "Where it was asked for.") { (_, _) in [] },
            .field("is_default"),
            .computed("l2_adjacency", "Whether its ports are on one segment.") { (_, _) in true },
            scope(isIPv6: false), scope(isIPv6: true), QoSPolicy.attribute(\.policy),
            .computed("subnets", "Its subnets.") { (it, reader) throws(CloudError) in
                .array(
                    try reader.list(Subnet.self, where: "network_id", .string(it.id.text)).map { .string($0.id.text) })
            },
        ])

    /// Null where there is none: OVN chooses how it is told apart.
    private static let segmentAttribute = Attribute<LogicalNetwork>(
        "provider:segmentation_id", column: "segment", type: .integer(1...4094), rights: [.read, .create],
        "The VLAN that it is on its physical network.",
        read: { (it, _) throws(CloudError) in it.segment > 0 ? .integer(it.segment) : .null },
        write: { (it, json) throws(CloudError) in
            guard !json.isNull else { return }
            guard let number = json.integer ?? json.string.flatMap({ Int($0) }), (1...4094).contains(number) else {
                throw .invalid(
                    "Invalid input for provider:segmentation_id: 1 to 4094.", field: "provider:segmentation_id")
            }
            it.segment = number
        }
    ).only(for: .operators)

    static let routes = [
        face.list(), face.show(), face.create(example: ["network": ["name": "blue", "plane": "data"]]),
        face.update(example: ["network": ["description": "ours"]]), face.delete(),
    ]
}
