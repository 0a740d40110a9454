import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// Carries packets between the networks of a project, and out of the cloud where it has a gateway.
public struct Router: Lifecycle {
    public var name = "", description = "", adminUp = true
    public var gatewayNetwork: ID<LogicalNetwork>?
    /// Whether what leaves by the gateway carries the gateway's address.
    public var snat = true
    /// The port on the gateway's network; empty without one.
    public var gatewayPort = ""
    public var routes: [Subnet.Route] = []
    public var tags: [String: String] = [:]
    public var status = Status.build, fault = ""
    /// Whether nobody said anything of the gateway.
    var gatewayIsOpen = true
    /// The addresses that the gateway is to have; any where it is empty.
    var gatewayWishes: [Port.FixedAddress] = []

    public enum Status: String, CaseIterable, Sendable { case active = "ACTIVE", build = "BUILD", error = "ERROR" }
    public enum Label: String, CaseIterable, Sendable { case weave, destroy }

    public init() {}

    public static let kind = Kind("router", "routers", service: "network")
    public static let access = Access.project
    public static let fields: [Field<Router>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .boolean("admin_state_up", \.adminUp, [.read, .create, .update], "Whether it carries packets."),
        .reference("gateway_network", \.gatewayNetwork, [.indexed], "The network by which it leads out."),
        .boolean("snat", \.snat, [], "Whether what leaves carries the gateway's address."),
        .text("gateway_port", \.gatewayPort, [], "The port on the gateway's network."),
        .value("routes", \.routes, [.read, .update], max: 8192, "Further routes."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
        .choice("status", \.status, [.read], "Whether the fabric has it."),
        .text("fault", \.fault, [], max: 1024, "Why it is in error."),
    ]

    public static func step(
        _ label: Label, _ turn: inout Turn<Router>, in fabric: any Fabric
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        let it = turn.it
        switch label {
        case .weave:
            let spec = try await turn.store.read { (reader) throws(CloudError) in try it.spec(in: reader) }
            try await fabric.ensureRouter(spec)
            (turn.it.status, turn.it.fault) = (.active, "")
            turn.also { (writer) throws(CloudError) in try it.value.tellEdge(in: writer) }
            return .rest
        case .destroy:
            let gateways = try await turn.store.read { (reader) throws(CloudError) in
                var query = Query(VPNService.kind).with("router_id", .string(it.id.text))
                query.includesDeleting = true
                return try reader.count(query)
            }
            guard gateways == 0 else { return .nap(.milliseconds(200)) }
            try await fabric.removeRouter(it.id)
            turn.also { (writer) throws(CloudError) in try it.value.tellEdge(in: writer) }
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Router>, _ error: CloudError) -> Next<Label> {
        if label != .destroy { turn.it.status = .error }
        turn.it.fault = "The router could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }

    /// Has the edge look at who is behind it, once the fabric has it so.
    private func tellEdge(in writer: any Writer) throws(CloudError) {
        if let gatewayNetwork { try ConnectionService.refresh(gatewayNetwork, in: writer) }
    }

    /// Has a router look again at what it is joined to.
    static func refresh(_ id: ID<Router>, in writer: any Writer) throws(CloudError) {
        guard var router = try writer.find(id), router.deletingSince == nil else { return }
        try writer.change(&router)
    }

    static let interfaceOwner = "network:router_interface"
    static let gatewayOwner = "network:router_gateway"
}

extension Stored where R == Router {
    /// Its ports; `owner` narrows them.
    func ports(_ owner: String? = nil, in reader: any Reader) throws(CloudError) -> [Stored<Port>] {
        try reader.list(Port.self, where: "device_id", .string(id.text)).filter {
            $0.value.isRouters && (owner == nil || $0.deviceOwner == owner)
        }
    }

    /// What the fabric is told of it.
    func spec(in reader: any Reader) throws(CloudError) -> RouterSpec {
        var spec = RouterSpec(id: id, adminUp: value.adminUp, legs: [], routes: [], translations: [])
        for route in value.routes {
            spec.routes.insert(HostRoute(destination: route.destination, nextHop: route.nextHop))
        }
        spec.routes.formUnion(try tunnelRoutes(in: reader))
        var inside: [CIDR] = []
        var outside: IPv4?
        var places: [Place] = []
        for port in try ports(in: reader) {
            guard let mac = port.mac else { continue }
            let isGateway = port.deviceOwner == Router.gatewayOwner
            var addresses: [String] = []
            var advertisement: RouterSpec.Advertisement?
            for own in port.addresses {
                guard let address = own.address, let subnet = try reader.find(own.subnet), let cidr = subnet.cidr else {
                    continue
                }
                addresses.append("\(address)/\(cidr.prefix)")
                places.append(
                    Place(cidr: cidr, scope: try subnet.value.scope(in: reader), leg: port.id, isGateway: isGateway))
                if !isGateway {
                    inside.append(cidr)
                    advertisement = advertisement ?? subnet.value.advertisement
                    continue
                }
                outside = outside ?? address.v4
                spec.routes.formUnion(try subnet.waysOut(in: reader))
            }
            guard !addresses.isEmpty else { continue }
            var leg = RouterSpec.Leg(port: port.id, mac: mac, addresses: addresses, isGateway: isGateway)
            leg.advertisement = advertisement
            spec.legs.insert(leg)
        }
        if let outside, value.snat {
            // An IPv6 address is its owner's own wherever it goes, and so is any within its scope.
            for cidr in inside where !cidr.isIPv6 && !Place.isWithinScope(cidr, places) {
                spec.translations.insert(.init(external: outside, inside: cidr.description, isFloating: false))
            }
        }
        for floating in try reader.list(FloatingIP.self, where: "router_id", .string(id.text)) {
            guard let address = floating.address, let fixed = floating.fixed else { continue }
            spec.translations.insert(.init(external: address, inside: fixed.description, isFloating: true))
        }
        spec.forwards = try forwards(in: reader)
        spec.bounds = try bounds(in: reader)
        spec.fences = Place.fences(places)
        return spec
    }
}

extension Stored where R == Router {
    /// How packets of floating addresses are shaped on the way through the gateway.
    private func bounds(in reader: any Reader) throws(CloudError) -> Set<RouterSpec.Bound> {
        guard let network = value.gatewayNetwork, !value.gatewayPort.isEmpty else { return [] }
        var out: Set<RouterSpec.Bound> = []
        for floating in try reader.list(FloatingIP.self, where: "router_id", .string(id.text)) {
            guard let address = floating.address else { continue }
            for shaping in try QoSPolicy.shaping(floating.value.policy, in: reader) {
                out.insert(
                    RouterSpec.Bound(
                        leg: ID(value.gatewayPort), network: network, address: address, shaping: shaping))
            }
        }
        return out
    }

    /// What single ports of floating addresses lead to.
    private func forwards(in reader: any Reader) throws(CloudError) -> Set<RouterSpec.Forward> {
        var out: Set<RouterSpec.Forward> = []
        for floating in try reader.list(FloatingIP.self, where: "router_id", .string(id.text)) {
            guard let address = floating.address, floating.port.isEmpty else { continue }
            for it in try reader.list(PortForwarding.self, where: "floating_ip", .string(floating.id.text)) {
                guard let inside = it.inside else { continue }
                for place in 0...(it.last - it.first) {
                    out.insert(
                        RouterSpec.Forward(
                            transport: it.transport.rawValue, external: address, externalPort: it.first + place,
                            inside: inside, insidePort: it.firstInside + place))
                }
            }
        }
        return out
    }
}

/// Where a router is joined to a subnet, and the scope of its addresses.
private struct Place {
    var cidr: CIDR
    var scope: ID<AddressScope>?
    var leg: ID<Port>
    var isGateway: Bool

    /// Whether a block inside is of the same scope as the addresses outside, and needs no translation.
    static func isWithinScope(_ cidr: CIDR, _ places: [Place]) -> Bool {
        guard let scope = places.first(where: { $0.cidr == cidr && !$0.isGateway })?.scope else { return false }
        return places.contains { $0.isGateway && $0.scope == scope }
    }

    /// What keeps scopes apart: between networks inside, and of IPv6 also from outside, where nothing is translated.
    static func fences(_ places: [Place]) -> Set<RouterSpec.Fence> {
        var out: Set<RouterSpec.Fence> = []
        for from in places where !from.isGateway || from.cidr.isIPv6 {
            for to in places
            where to.leg != from.leg && to.cidr.isIPv6 == from.cidr.isIPv6 && to.scope != from.scope
                && (!to.isGateway || to.cidr.isIPv6)
            {
                out.insert(RouterSpec.Fence(source: from.cidr, leg: to.leg))
            }
        }
        return out
    }
}

extension Router: Metered {
    public static let quota = 50

    public static func admit(_ draft: inout Stored<Router>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try draft.moveGateway(from: nil, caller, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<Router>, from old: Stored<Router>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        if !it.value.gatewayIsOpen { try it.moveGateway(from: old, caller, in: writer) }
        if it.routes != old.routes { try it.checkRoutes(in: writer) }
    }

    public static func admitRemoval(of it: Stored<Router>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        guard try it.ports(Router.interfaceOwner, in: writer).isEmpty else {
            throw .conflict("Router \(it.id) still has ports.")
        }
        try writer.requireUnused(Reference(it.id))
        for var port in try it.ports(in: writer) { try port.giveBack(in: writer) }
    }
}
