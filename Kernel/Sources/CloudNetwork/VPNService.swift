import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A VPN gateway beside a router: an address outside, at which peers' gateways meet it (Neutron's VPN service).
public struct VPNService: Lifecycle {
    public var name = "", description = "", adminUp = true
    public var router = ID<Router>("")
    /// The subnet that tunnels lead to, unless they name groups of endpoints.
    public var subnet: ID<Subnet>?
    /// The network between router and gateway, and the gateway's ports outside and on that network.
    public var link = "", outerPort = "", innerPort = ""
    public var status = Status.pending, fault = ""

    public enum Status: String, CaseIterable, Sendable {
        case active = "ACTIVE", down = "DOWN", error = "ERROR", pending = "PENDING_CREATE"
    }
    public enum Label: String, CaseIterable, Sendable { case open, close }

    public init() {}

    public static let kind = Kind("vpnservice", "vpnservices", service: "network")
    public static let access = Access.project
    public static let fields: [Field<VPNService>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .boolean("admin_state_up", \.adminUp, [.read, .create, .update], "Whether its tunnels are wanted."),
        .reference("router_id", \.router, [.read, .create, .required, .indexed], "The router that it is beside."),
        .link("subnet_id", \.subnet, [.read, .create], "The subnet that tunnels lead to."),
        .text("link", \.link, [], max: 64, "The network between it and the router."),
        .text("outer_port", \.outerPort, [], max: 64, "Its port outside."),
        .text("inner_port", \.innerPort, [], max: 64, "Its port towards the router."),
        .choice("status", \.status, [.read], "Whether it runs."),
        .text("fault", \.fault, [.read], max: 1024, "Why it does not."),
    ]

    public static func step(
        _ label: Label, _ turn: inout Turn<VPNService>, in world: VPNWorld
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .close { return .hop(.close) }
        switch label {
        case .open:
            let it = turn.it
            guard it.adminUp else {
                try await world.tunnels.removeGateway(it.id)
                turn.it.status = .down
                return .rest
            }
            let host = world.tunnels.host
            try await it.join(world, turn.store)
            let gateway = try await turn.store.read { (reader) throws(CloudError) in try it.gateway(in: reader) }
            try await world.tunnels.ensureGateway(gateway)
            let isNew = it.status != .active
            turn.also { (writer) throws(CloudError) in
                try it.bind(to: host, in: writer)
                // They waited for it.
                if isNew { try IPsecSiteConnection.refresh(where: "vpnservice_id", it.id.text, in: writer) }
            }
            (turn.it.status, turn.it.fault) = (.active, "")
            return .rest
        case .close:
            let it = turn.it
            let left = try await turn.store.read { (reader) throws(CloudError) in
                var query = Query(IPsecSiteConnection.kind).with("vpnservice_id", .string(it.id.text))
                query.includesDeleting = true
                return try reader.count(query)
            }
            guard left == 0 else { return .nap(.milliseconds(200)) }
            try await world.tunnels.removeGateway(it.id)
            for port in [it.outerPort, it.innerPort] {
                try await world.fabric.removePlug(ID(port), on: world.tunnels.host)
            }
            turn.also { (writer) throws(CloudError) in try it.giveBack(in: writer) }
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<VPNService>, _ error: CloudError) -> Next<Label> {
        if label != .close { turn.it.status = .error }
        turn.it.fault = "The gateway could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }

    static let portOwner = "network:vpn"
    /// The link between router and gateway; each router has but one.
    static let linkBlock = CIDR("169.254.100.0/30")!
    static let routerAddress = IPv4("169.254.100.1")!, innerAddress = IPv4("169.254.100.2")!
}

extension VPNService: Metered {
    public static let quota = 20

    public static func admit(
        _ draft: inout Stored<VPNService>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let router = try writer.get(draft.router, for: caller)
        guard router.project == draft.project else { throw .missing(Router.kind.title, router.id.text) }
        guard let outside = router.gatewayNetwork else {
            throw .invalid("Router \(router.id) has no external network gateway set.", field: "router_id")
        }
        if let subnet = draft.subnet {
            let found = try writer.get(subnet, for: caller)
            guard found.project == draft.project else { throw .missing(Subnet.kind.title, subnet.text) }
            guard try router.address(on: subnet, in: writer) != nil else {
                throw .invalid("Subnet \(subnet) is not connected to router \(router.id).", field: "subnet_id")
            }
        }
        do throws(CloudError) {
            try writer.claim("vpn-router", router.id.text, for: Reference(draft.id))
        } catch  where error.code == .conflict {
            throw .conflict("Router \(router.id) has a VPN service already.")
        }
        try draft.takePorts(outside, in: writer)
        try Router.refresh(router.id, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<VPNService>, from old: Stored<VPNService>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.adminUp != old.adminUp else { return }
        try Router.refresh(it.router, in: writer)
        try IPsecSiteConnection.refresh(where: "vpnservice_id", it.id.text, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<VPNService>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let users = try writer.list(
            IPsecSiteConnection.self,
            Query(IPsecSiteConnection.kind, limit: 4).with("vpnservice_id", .string(it.id.text)))
        guard users.isEmpty else { throw .conflict("VPNService \(it.id) is still in use.") }
    }
}

extension VPNService {
    static let face = Face<VPNService>(
        .network, "/v2.0/vpn/vpnservices", "vpnservice", "vpnservices",
        [
            .id(), .field("name"), .field("description"), .field("admin_state_up"), .field("router_id"),
            .link("subnet_id"), .field("status"), .field("fault", as: "status_reason"),
            .computed("external_v4_ip", "Its address outside.") { (it, reader) throws(CloudError) in
                let address = try reader.find(ID<Port>(it.outerPort))?.addresses.first?.address
                return address.map { .string($0.description) } ?? .null
            },
            .fixed("external_v6_ip", .null, "Gateways meet over IPv4."),
            .fixed("flavor_id", .null, "Flavors are not offered."),
            .owner("tenant_id"), .owner("project_id"), .created(), .updated(), .revision(),
        ])

    /// The example's router is one with a gateway.
    static let routes = [
        face.list(), face.show(),
        face.create(example: ["vpnservice": ["name": "branch", "router_id": "{edge_router}"]]),
        face.update(example: ["vpnservice": ["description": "to the branch"]]), face.delete(),
    ]
}
