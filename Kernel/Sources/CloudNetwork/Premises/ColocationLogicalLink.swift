import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A VLAN of a pair of cables that a logical network is joined to: one segment with what is in the tenant's space.
public struct ColocationLogicalLink: Lifecycle {
    public var link = ID<ColocationPhysicalLink>("")
    public var network = ID<LogicalNetwork>("")
    public var segment = 0
    public var name = "", description = ""
    public var tags: [String: String] = [:]
    public var status = GatewayStatus.pendingCreate

    public enum Label: String, CaseIterable, Sendable { case join, leave }

    public init() {}

    public static let kind = Kind("colocation_logical_link", "colocation_logical_links", service: "network")
    public static let access = Access.project
    public static let fields: [Field<ColocationLogicalLink>] = [
        .reference(
            "colocation_physical_link_id", \.link, [.read, .create, .required, .indexed], "The cables it is on."),
        .reference("network_id", \.network, [.read, .create, .required, .indexed], "The network it joins."),
        .integer("vlan_id", \.segment, [.read, .create, .required], 1...4094, "Its VLAN there."),
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
        .choice("status", \.status, [.read], "Whether the fabric has it."),
    ]

    public static func step(
        _ label: Label, _ turn: inout Turn<ColocationLogicalLink>, in world: Void
    ) async throws(CloudError) -> Next<Label> {
        // Its network's lifecycle joins and parts the two.
        guard turn.isDoomed else { return .rest }
        guard label == .leave else { return .hop(.leave) }
        let network = turn.it.network
        // Its VLAN may be another tenant's next: it is kept until the fabric has heard.
        let isParted = try await turn.store.read { (reader) throws(CloudError) in
            try LogicalNetwork.isWoven(network, in: reader)
        }
        return isParted ? .gone : .nap(.milliseconds(200))
    }

    public static func failed(
        _ label: Label, _ turn: inout Turn<ColocationLogicalLink>, _ error: CloudError
    ) -> Next<Label> { .nap(.seconds(30)) }

    /// What the fabric is told of those of a network.
    static func specs(of network: ID<LogicalNetwork>, in reader: any Reader) throws(CloudError) -> Set<NetworkLink> {
        var out: Set<NetworkLink> = []
        for it in try reader.list(ColocationLogicalLink.self, where: "network_id", .string(network.text)) {
            out.insert(
                NetworkLink(id: it.id.text, physical: try reader.get(it.link).physical, segment: it.segment))
        }
        return out
    }

    /// Marks those of a network as joined, once the fabric has them.
    static func settle(of network: ID<LogicalNetwork>, in writer: any Writer) throws(CloudError) {
        for var it in try writer.list(ColocationLogicalLink.self, where: "network_id", .string(network.text))
        where it.status != .active {
            it.status = .active
            try writer.update(&it)
        }
    }
}

extension ColocationLogicalLink: Metered {
    public static let quota = 50

    public static func admit(
        _ draft: inout Stored<ColocationLogicalLink>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let link = try writer.own(draft.link, for: caller)
        var network = try writer.own(draft.network, for: caller)
        guard link.project == draft.project else { throw .missing(ColocationPhysicalLink.kind.title, link.id.text) }
        guard network.project == draft.project else { throw .missing(LogicalNetwork.kind.title, network.id.text) }
        guard !network.isExternal else { throw .invalid("The network is not the tenant's own.", field: "network_id") }
        guard link.ranges.contains(where: { $0.contains(draft.segment) }) else {
            throw .invalid("The link does not carry VLAN \(draft.segment).", field: "vlan_id")
        }
        try LogicalNetwork.claimSegment(draft.segment, of: link.physical, for: Reference(draft.id), in: writer)
        try writer.change(&network)
    }

    public static func admitRemoval(
        of it: Stored<ColocationLogicalLink>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        var network = try writer.get(it.network)
        try writer.change(&network)
    }
}

extension ColocationLogicalLink {
    static let face = Face<ColocationLogicalLink>(
        .network, "/v2.0/colocation_logical_links", "colocation_logical_link", "colocation_logical_links",
        [
            .id(), .field("colocation_physical_link_id"), .field("network_id"), .field("vlan_id"), .field("name"),
            .field("description"), tagAttribute, .field("status"), .owner("tenant_id"), .owner("project_id"),
            .created(), .updated(), end("type_a_port_id", \.portA), end("type_b_port_id", \.portB),
        ])

    /// The port of the cloud's switches on which a cable of it ends.
    private static func end(
        _ name: String, _ path: KeyPath<ColocationPhysicalLink, ID<PhysicalPort>?> & Sendable
    ) -> Attribute<ColocationLogicalLink> {
        .computed(name, "The port on which its cable ends.") { (it, reader) throws(CloudError) in
            .string(try reader.get(it.link).value[keyPath: path]?.text ?? "")
        }
    }

    /// ECL's command sends a list of objects here, where it sends one object for networks.
    private static let tagAttribute = Attribute<ColocationLogicalLink>(
        "tags", type: .json(max: 8192), rights: [.read, .create, .update], "Names and values of the owner's own.",
        read: { (it, _) throws(CloudError) in it.value.tags.json },
        write: { (value, json) throws(CloudError) in
            var tags: [String: String] = [:]
            for item in json.array ?? [json] where !item.isNull {
                tags.merge(try [String: String](json: item)) { $1 }
            }
            try TagBounds.check(tags)
            value.tags = tags
        })

    static let routes = [
        face.list(), face.show(),
        face.create(
            example: [
                "colocation_logical_link": [
                    "colocation_physical_link_id": "{colocation_physical_link}", "network_id": "{network}",
                    "vlan_id": "{vlan}", "name": "cage",
                ]
            ]),
        face.update(example: ["colocation_logical_link": ["description": "ours"]]), face.delete(),
    ]
}
