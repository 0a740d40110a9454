import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A way out of this region that tenants' gateways use: the Internet, or a closed network.
public struct ConnectionService: Lifecycle {
    public var type = GatewayType.internet
    public var name = "", description = "", zone = ""
    /// The external network that its gateways are on; for the Internet alone.
    public var network: ID<LogicalNetwork>?
    /// The operator's name of the physical network that its gateways' segments are on; empty for the Internet.
    public var physical = ""
    /// What its line carries in each direction, in Mbit/s: guarantees never exceed it.
    public var bandwidth = 1000
    /// The shortest prefix of a public block.
    public var shortest = 26
    /// The blocks from which tenants get public ones.
    public var blocks: [CIDR] = []
    public var fault = ""

    public enum Label: String, CaseIterable, Sendable { case guide, destroy }

    public init() {}

    /// The name of the physical network at whose other end the edge is.
    public static let edgeName = "internet"

    public static let kind = Kind("connection_service", "connection_services", service: "network")
    public static let access = Access.system
    public static let fields: [Field<ConnectionService>] = [
        .choice("type", \.type, [.read, .indexed], "Where it leads."),
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .text("zone", \.zone, [.read, .create, .update], "The zone that it is in."),
        .reference("network_id", \.network, [.read, .create, .indexed], "The external network of its gateways."),
        .text("physical_network", \.physical, [.read, .create], max: 12, "The physical network of its segments."),
        .integer("bandwidth", \.bandwidth, [.read, .create, .update], 1...1_000_000, "What its line carries: Mbit/s."),
        .integer(
            "minimal_submask_length", \.shortest, [.read, .create, .update], 8...32, "The shortest public prefix."),
        .value("blocks", \.blocks, [.read, .create, .update], max: 4096, "Blocks that public ones are cut from."),
        .text("fault", \.fault, [], max: 1024, "Why the edge is not as it should be."),
    ]

    public static func step(
        _ label: Label, _ turn: inout Turn<ConnectionService>, in edge: any Edge
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        switch label {
        case .guide:
            let it = turn.it
            if it.type != .internet {
                try await edge.ensure(turn.store.read { (reader) throws(CloudError) in try it.line(in: reader) })
            } else if let spec = try await turn.store.read({ (reader) throws(CloudError) in try it.edge(in: reader) }) {
                try await edge.ensure(spec)
            }
            turn.it.fault = ""
            return .rest
        case .destroy:
            // Its gateways are gone already, and the edge lets nothing through for them.
            if turn.it.type != .internet {
                let it = turn.it
                try await edge.ensure(turn.store.read { (reader) throws(CloudError) in try it.line(in: reader) })
            }
            return .gone
        }
    }

    public static func failed(
        _ label: Label, _ turn: inout Turn<ConnectionService>, _ error: CloudError
    ) -> Next<Label> {
        turn.it.fault = "The edge could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }

    /// Has the edge in front of an external network look again at who is behind it.
    static func refresh(_ network: ID<LogicalNetwork>, in writer: any Writer) throws(CloudError) {
        for it in try writer.list(ConnectionService.self, where: "network_id", .string(network.text)) {
            try writer.raise(.refresh, Reference(it.id))
        }
    }
}

extension ConnectionService: Governed {
    public static func admit(
        _ draft: inout Stored<ConnectionService>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try draft.value.check(in: writer)
    }

    public static func admitChange(
        of it: inout Stored<ConnectionService>, from old: Stored<ConnectionService>, for caller: Caller,
        in writer: any Writer
    ) throws(CloudError) {
        try it.value.check(in: writer)
        let promised = try it.guaranteed(in: writer)
        guard it.bandwidth >= promised else {
            throw .conflict("\(promised) Mbit/s of it are guaranteed to gateways.")
        }
        for taken in try it.publicBlocks(in: writer)
        where !it.blocks.contains(where: { $0.prefix <= taken.prefix && $0.contains(taken.first) }) {
            throw .conflict("The block \(taken) is a tenant's.")
        }
    }

    private func check(in writer: any Writer) throws(CloudError) {
        if type == .internet {
            guard let network, try writer.find(network)?.isExternal == true else {
                throw .invalid("network_id must be the id of an external network.", field: "network_id")
            }
        } else {
            guard network == nil, blocks.isEmpty else {
                throw .invalid("Only an Internet service has a network and public blocks.", field: "network_id")
            }
            guard PhysicalName.isValid(physical), physical != Self.edgeName else {
                throw .invalid(
                    "physical_network must be 1 to 12 of a to z and 0 to 9, as `akashi up --physical` named it; '\(Self.edgeName)' is the edge's.",
                    field: "physical_network")
            }
        }
        let near = try network.map { (id) throws(CloudError) in
            try writer.list(Subnet.self, where: "network_id", .string(id.text)).compactMap(\.cidr)
        }
        for (place, block) in blocks.enumerated() {
            try ReservedAddress.refuse(block, field: "blocks", in: writer)
            guard !(near ?? []).contains(where: { $0.overlaps(block) }) else {
                throw .invalid("The block \(block) overlaps a subnet of the network.", field: "blocks")
            }
            guard !block.isIPv6, !blocks[..<place].contains(where: { $0.overlaps(block) }) else {
                throw .invalid("Blocks are of IPv4 and do not overlap.", field: "blocks")
            }
        }
    }
}

/// Names of physical networks, which become names of bridges.
public enum PhysicalName {
    /// Whether it is 1 to 12 of `a` to `z` and `0` to `9`.
    public static func isValid(_ name: String) -> Bool {
        (1...12).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) }
    }
}

extension CIDR: JSONConvertible {
    public init(json: JSON) throws(CloudError) {
        guard let read = json.string.flatMap({ CIDR($0) }) else { throw .invalid("not a block, as 203.0.113.0/24.") }
        self = read
    }
    public var json: JSON { .string(description) }
}

extension Stored where R == ConnectionService {
    /// What is guaranteed to its gateways, in Mbit/s; one gateway may be left out.
    func guaranteed(but gateway: ID<Gateway>? = nil, in reader: any Reader) throws(CloudError) -> Int {
        var sum = 0
        for it in try reader.list(Gateway.self, where: "service_id", .string(id.text)) where it.id != gateway {
            if let option = it.qos, let found = try reader.find(option), found.type == .guarantee {
                sum += found.bandwidth
            }
        }
        return sum
    }

    /// The blocks that tenants have.
    func publicBlocks(in reader: any Reader) throws(CloudError) -> [CIDR] {
        try reader.list(PublicIP.self, where: "service_id", .string(id.text)).compactMap(\.cidr)
    }
}

extension ConnectionService {
    private static func face(_ type: GatewayType, _ own: [Attribute<ConnectionService>]) -> Face<ConnectionService> {
        Face(
            .network, "/v2.0/\(type.rawValue)_services", "\(type.rawValue)_service", "\(type.rawValue)_services",
            only: ("type", .string(type.rawValue)),
            [
                .id(), .field("name"), .field("description"), .field("zone"), .created(), .updated(),
                .field("bandwidth"), .fixed("status", "ACTIVE", "It is offered."),
                .fixed("tenant_id", "", "It is everyone's."),
            ] + own)
    }

    static let routes: [Route] = GatewayType.allCases.flatMap { type in
        let isInternet = type == .internet
        let own: [Attribute<ConnectionService>] =
            isInternet
            ? [.field("minimal_submask_length"), .field("network_id"), .field("blocks")] : [.field("physical_network")]
        let face = face(type, own)
        let example: JSON =
            isInternet
            ? [
                "name": "Internet-Service", "network_id": "{external_network}", "zone": "jp1-zone1",
                "blocks": ["203.0.113.0/24"],
            ] : ["name": .string(type.rawValue), "physical_network": "backbone"]
        return [
            face.list(), face.show(), face.create(.operator, example: [face.singular: example]),
            face.update(.put, .operator, example: [face.singular: ["description": "ours"]]), face.delete(.operator),
        ]
    }
}
