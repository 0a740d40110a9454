import CloudCore
import CloudStore
import CloudWire

/// An address of an external network that stands for a port's own, in both directions.
public struct FloatingIP: Resource {
    public var network = ID<LogicalNetwork>("")
    public var subnet = ID<Subnet>("")
    public var address: IPv4?
    /// The port that it stands for; empty for none.
    public var port = ""
    public var fixed: IPv4?
    public var router: ID<Router>?
    public var description = ""
    /// How fast, and marked how, its packets are.
    public var policy: ID<QoSPolicy>?
    public var tags: [String: String] = [:]

    public init() {}

    public static let kind = Kind("floating_ip", "floating_ips", service: "network")
    public static let access = Access.project
    public static let fields: [Field<FloatingIP>] = [
        .reference("floating_network_id", \.network, [.read, .create, .required, .indexed], "The external network."),
        .reference("subnet_id", \.subnet, [.create, .indexed], "The external network's subnet."),
        .parsed("floating_ip_address", \.address, [.read, .create, .indexed], "The address outside."),
        .text("port_id", \.port, [.read, .create, .update, .indexed], max: 64, "The port that it stands for."),
        .parsed("fixed_ip_address", \.fixed, [.read, .create, .update], "The port's address."),
        .reference("router_id", \.router, [.read, .indexed], "The router that translates."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
        .reference("qos_policy_id", \.policy, [.read, .create, .update, .indexed], "The policy of its packets."),
    ]

    /// The space in which ports' addresses are claimed by what stands for them.
    static let space = "floating-ip"
}

extension FloatingIP: Metered {
    public static let quota = 50

    public static func admit(_ draft: inout Stored<FloatingIP>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        let network = try writer.get(draft.network, for: caller)
        try network.requireExternal(for: draft.project, caller, in: writer)
        guard network.isExternal else {
            throw .invalid(
                "Bad floatingip request: Network \(network.id) is not a valid external network.",
                field: "floating_network_id")
        }
        guard draft.address == nil || caller.isOperator else {
            throw CloudError(.forbidden, "Only an operator chooses the address.", field: "floating_ip_address")
        }
        var place = Port()
        place.network = network.id
        if draft.address != nil || !draft.subnet.text.isEmpty {
            place.addresses = [Port.FixedAddress(subnet: draft.subnet, address: draft.address.map(IPAddress.v4))]
            place.addressesAreOpen = false
        }
        try place.takeAddresses(for: Reference(draft.id), only: false, in: writer)
        guard let taken = place.addresses.first, let address = taken.address?.v4 else {
            throw .invalid(
                "Bad floatingip request: Network \(network.id) does not contain any IPv4 subnet.",
                field: "floating_network_id")
        }
        (draft.value.subnet, draft.value.address) = (taken.subnet, address)
        if let policy = draft.policy { _ = try writer.get(policy, for: caller) }
        try draft.associate(was: nil, caller, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<FloatingIP>, from old: Stored<FloatingIP>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        if it.policy != old.policy {
            if let policy = it.policy { _ = try writer.get(policy, for: caller) }
            if let router = it.router { try Router.refresh(router, in: writer) }
        }
        guard it.port != old.port || it.fixed != old.fixed else { return }
        // A fixed address without a port would stand for nothing; another port begins with its own first address.
        if it.port != old.port, it.fixed == old.fixed { it.value.fixed = nil }
        try it.associate(was: old, caller, in: writer)
    }

    public static func admitRemoval(of it: Stored<FloatingIP>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        for forwarding in try writer.list(PortForwarding.self, where: "floating_ip", .string(it.id.text)) {
            try writer.remove(Reference(forwarding.id))
        }
        if let router = it.router { try Router.refresh(router, in: writer) }
    }

    /// Takes those that stand for a port's addresses off it, but for the addresses to keep.
    static func letGo(of port: Stored<Port>, keeping: Set<IPv4> = [], in writer: any Writer) throws(CloudError) {
        try PortForwarding.letGo(of: port, keeping: keeping, in: writer)
        for var it in try writer.list(FloatingIP.self, where: "port_id", .string(port.id.text))
        where it.fixed.map({ !keeping.contains($0) }) ?? true {
            let router = it.router
            if let fixed = it.fixed { try writer.release(space, "\(port.id)/\(fixed)") }
            (it.value.port, it.value.fixed, it.value.router) = ("", nil, nil)
            try writer.update(&it)
            if let router { try Router.refresh(router, in: writer) }
        }
    }
}

extension Stored where R == FloatingIP {
    /// Finds the router between its network and the port's, and takes its place there.
    mutating func associate(was old: Stored<FloatingIP>?, _ caller: Caller, in writer: any Writer) throws(CloudError) {
        guard try writer.first(PortForwarding.self, where: "floating_ip", .string(id.text)) == nil else {
            throw .conflict("Floating IP \(id) forwards single ports, so it does not stand for a whole one.")
        }
        if let old, let fixed = old.fixed { try writer.release(FloatingIP.space, "\(old.port)/\(fixed)") }
        value.router = nil
        if value.port.isEmpty {
            guard value.fixed == nil else {
                throw .invalid("Bad floatingip request: a fixed_ip_address needs a port_id.", field: "fixed_ip_address")
            }
        } else {
            let port = try writer.get(ID<Port>(value.port), for: caller)
            guard port.project == project || caller.isOperator else { throw .missing(Port.kind.title, value.port) }
            // The way out is the network's owner's, who opened the network and nothing beyond.
            if let connection = try TenantConnection.of(port.id, in: writer) {
                throw .conflict(
                    "Port \(port.id) is of tenant connection \(connection.id), on another tenant's network.")
            }
            let own = port.addresses.first { it in
                it.address?.v4.map { value.fixed == nil || $0 == value.fixed } ?? false
            }
            guard let own, let fixed = own.address?.v4 else {
                throw .invalid(
                    "Bad floatingip request: Port \(port.id) does not have fixed ip \(value.fixed?.description ?? "").",
                    field: "fixed_ip_address")
            }
            value.fixed = fixed
            value.router = try router(to: own.subnet, of: port, in: writer)
            do throws(CloudError) {
                try writer.claim(FloatingIP.space, "\(port.id)/\(fixed)", for: Reference(id))
            } catch {
                throw .conflict(
                    "Cannot associate floating IP \(value.address?.description ?? "") with port \(port.id) using fixed IP \(fixed), as that fixed IP already has a floating IP on external network \(value.network)."
                )
            }
        }
        for router in Set([old?.router, value.router].compactMap { $0 }).sorted() {
            try Router.refresh(router, in: writer)
        }
    }

    /// The router between its network and a subnet; `missing` where there is none.
    func router(
        to subnet: ID<Subnet>, of port: Stored<Port>, in writer: any Writer
    ) throws(CloudError) -> ID<Router> {
        // The way out is the network's owner's, who opened the network and nothing beyond.
        guard try writer.get(port.network).project == port.project else {
            throw .conflict("Port \(port.id) is on another project's network, whose way out is that project's alone.")
        }
        for leg in try writer.list(Port.self, where: "network_id", .string(port.network.text))
        where leg.value.isRouters && leg.addresses.contains(where: { $0.subnet == subnet }) {
            if let router = try writer.find(ID<Router>(leg.deviceID)), router.gatewayNetwork == value.network {
                return router.id
            }
        }
        throw CloudError(
            .missing,
            "External network \(value.network) is not reachable from subnet \(subnet). Therefore, cannot associate Port \(port.id) with a Floating IP."
        )
    }
}

extension FloatingIP {
    static let face = Face<FloatingIP>(
        .network, "/v2.0/floatingips", "floatingip", "floatingips",
        [
            .id(), .field("floating_network_id"), .field("subnet_id"),
            address("floating_ip_address", \.address, [.read, .create], "The address outside."),
            address("fixed_ip_address", \.fixed, [.read, .create, .update], "The port's address."), portAttribute,
            .field("router_id", rights: .read), .field("description"), QoSPolicy.attribute(\.policy), .eclTags(),
            .openstackTags(),
            .owner("tenant_id"), .owner("project_id"), .created(), .updated(), .revision(),
            .computed("status", "Whether it stands for a port.") { (it, _) in it.router == nil ? "DOWN" : "ACTIVE" },
            .computed("port_details", "The port that it stands for.") { (it, reader) throws(CloudError) in
                guard let port = try reader.find(ID<Port>(it.port)) else { return .null }
                return [
                    "name": .string(port.name), "network_id": .string(port.network.text),
                    "mac_address": .string(port.mac?.text ?? ""), "admin_state_up": .bool(port.adminUp),
                    "status": .string(port.status.rawValue), "device_id": .string(port.deviceID),
                    "device_owner": .string(port.deviceOwner),
                ]
            },
            .computed("port_forwardings", "What single ports of it lead to.") { (it, reader) throws(CloudError) in
                let all = try reader.list(PortForwarding.self, where: "floating_ip", .string(it.id.text))
                return .array(
                    all.map { it in
                        [
                            "id": .string(it.id.text), "protocol": .string(it.transport.rawValue),
                            "external_port": .integer(it.first), "internal_port": .integer(it.firstInside),
                            "internal_ip_address": .string(it.inside?.description ?? ""),
                        ]
                    })
            },
        ])

    /// Null for none.
    private static func address(
        _ name: String, _ path: WritableKeyPath<FloatingIP, IPv4?> & Sendable, _ rights: Rights, _ help: String
    ) -> Attribute<FloatingIP> {
        Attribute(
            name, column: name, type: .text(max: 64, lines: false), rights: rights, help,
            read: { (it, _) throws(CloudError) in it.value[keyPath: path].map { .string($0.description) } ?? .null },
            write: { (it, json) throws(CloudError) in
                if json.isNull { return it[keyPath: path] = nil }
                guard let read = json.string.flatMap({ IPv4($0) }) else {
                    throw .invalid("Invalid input for \(name): not an IPv4 address.", field: name)
                }
                it[keyPath: path] = read
            })
    }

    private static let portAttribute = Attribute<FloatingIP>(
        "port_id", column: "port_id", type: .text(max: 64, lines: false), rights: [.read, .create, .update],
        "The port that it stands for; null for none.",
        read: { (it, _) throws(CloudError) in it.port.isEmpty ? .null : .string(it.port) },
        write: { (it, json) throws(CloudError) in
            if json.isNull { return (it.port, it.fixed) = ("", nil) }
            try FieldType.text(max: 64, lines: false).check(json, name: "port_id")
            it.port = json.string ?? ""
        })

    /// The example's network is an operator's doing.
    static let routes = [
        face.list(), face.show(), face.create(example: ["floatingip": ["floating_network_id": "{external_network}"]]),
        face.update(example: ["floatingip": ["description": "ours"]]), face.delete(),
    ]
}
