import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A tenant's way to a pool's functions: a network of its own, and a router that leads from there to the functions and
/// nowhere else. The functions see the gateway's address, so tenants' networks may all be alike.
public struct CommonFunctionGateway: Lifecycle {
    public var pool = ID<CommonFunctionPool>("")
    public var name = "", description = ""
    /// The network that the tenant's servers join, and its subnet.
    public var network = ID<LogicalNetwork>(""), subnet = ID<Subnet>("")
    /// Its ports there and on the pool's network.
    public var inner = "", outer = ""
    public var status = GatewayStatus.pendingCreate, fault = ""

    public enum Label: String, CaseIterable, Sendable { case weave, destroy }

    public init() {}

    public static let kind = Kind("common_function_gateway", "common_function_gateways", service: "network")
    public static let access = Access.project
    public static let fields: [Field<CommonFunctionGateway>] = [
        .reference(
            "common_function_pool_id", \.pool, [.read, .create, .required, .indexed], "The pool it leads to."),
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .reference("network_id", \.network, [.read, .indexed], "The network that servers join."),
        .reference("subnet_id", \.subnet, [.read, .indexed], "That network's subnet."),
        .text("inner_port", \.inner, [], "Its port on that network."),
        .text("outer_port", \.outer, [], "Its port on the pool's network."),
        .choice("status", \.status, [.read], "Whether the fabric has it."),
        .text("fault", \.fault, [], max: 1024, "Why it is in error."),
    ]

    public static func step(
        _ label: Label, _ turn: inout Turn<CommonFunctionGateway>, in fabric: any Fabric
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        let it = turn.it
        switch label {
        case .weave:
            let spec = try await turn.store.read { (reader) throws(CloudError) in try it.spec(in: reader) }
            try await fabric.ensureRouter(spec)
            (turn.it.status, turn.it.fault) = (.active, "")
            return .rest
        case .destroy:
            try await fabric.removeRouter(ID(it.id.text))
            return .gone
        }
    }

    public static func failed(
        _ label: Label, _ turn: inout Turn<CommonFunctionGateway>, _ error: CloudError
    ) -> Next<Label> {
        if label != .destroy { turn.it.status = .error }
        turn.it.fault = "The gateway could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }
}

extension Stored where R == CommonFunctionGateway {
    /// What the fabric is told of it: a router by which what is behind it looks like one.
    func spec(in reader: any Reader) throws(CloudError) -> RouterSpec {
        var spec = RouterSpec(id: ID(id.text), adminUp: true, legs: [], routes: [], translations: [])
        for (name, isGateway) in [(value.inner, false), (value.outer, true)] {
            guard let port = try reader.find(ID<Port>(name)), let mac = port.mac, let own = port.addresses.first,
                let address = own.address, let cidr = try reader.find(own.subnet)?.cidr
            else { continue }
            spec.legs.insert(
                .init(port: port.id, mac: mac, addresses: ["\(address)/\(cidr.prefix)"], isGateway: isGateway))
            guard isGateway, let outside = address.v4 else { continue }
            spec.translations.insert(
                .init(external: outside, inside: CommonFunctionPool.guests.description, isFloating: false))
        }
        let pool = try reader.get(value.pool)
        if let machine = try reader.find(ID<Port>(pool.port))?.addresses.first?.address {
            spec.routes.insert(HostRoute(destination: CommonFunctionPool.addresses, nextHop: machine))
        }
        return spec
    }
}

extension CommonFunctionGateway: Metered {
    public static let quota = 20

    public static func admit(
        _ draft: inout Stored<CommonFunctionGateway>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let pool = try writer.get(draft.pool, for: caller)
        let network: ID<LogicalNetwork> = Derived.id("network of function gateway \(draft.id)")
        var segment = LogicalNetwork()
        segment.name = "common_function_gw_access"
        try writer.insert(segment, id: network, project: draft.project)
        let guests = CommonFunctionPool.guests
        let router = IPAddress(number: guests.first.number + 1, isIPv6: false)
        var block = Subnet.plain(guests, on: network)
        (block.name, block.dhcp) = ("common_function_gw_access", true)
        // No way out but this one: what a guest has by another card stays so.
        block.hostRoutes = [Subnet.Route(destination: CommonFunctionPool.addresses, nextHop: router)]
        let subnet: ID<Subnet> = Derived.id("subnet of function gateway \(draft.id)")
        try writer.insert(block, id: subnet, project: draft.project)
        let ports: [ID<Port>] = ["inner", "outer"].map { Derived.id("\($0) port of function gateway \(draft.id)") }
        let inner = try Port.ofCloud(
            ports[0], on: network, subnet, at: router, device: draft.id.text, owner: Router.interfaceOwner, in: writer)
        try writer.insert(inner, id: ports[0], project: draft.project)
        let outer = try Port.ofCloud(
            ports[1], on: pool.network, nil, device: draft.id.text, owner: Router.gatewayOwner, in: writer)
        try writer.insert(outer, id: ports[1])
        (draft.value.network, draft.value.subnet) = (network, subnet)
        (draft.value.inner, draft.value.outer) = (ports[0].text, ports[1].text)
    }

    public static func admitRemoval(
        of it: Stored<CommonFunctionGateway>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let users = try writer.list(Port.self, where: "network_id", .string(it.network.text))
            .filter { $0.id.text != it.inner }
        guard users.isEmpty else {
            throw .conflict("Common function gateway \(it.id) is in use by \(Port.describe(users)).")
        }
        for id in [it.inner, it.outer] {
            if var port = try writer.find(ID<Port>(id)) { try port.giveBack(in: writer) }
        }
        try LogicalNetwork.giveBack(it.network, in: writer)
    }
}

extension CommonFunctionGateway {
    static let face = Face<CommonFunctionGateway>(
        .network, "/v2.0/common_function_gateways", "common_function_gateway", "common_function_gateways",
        [
            .id(), .field("common_function_pool_id"), .field("name"), .field("description"), .field("network_id"),
            .field("subnet_id"), .field("status"), .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(
            example: [
                "common_function_gateway": ["common_function_pool_id": "{common_function_pool}", "name": "functions"]
            ]),
        face.update(example: ["common_function_gateway": ["description": "ours"]]), face.delete(),
    ]
}
