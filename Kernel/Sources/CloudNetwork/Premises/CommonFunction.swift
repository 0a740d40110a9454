import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// Services of the cloud's own that tenants reach without the Internet, on a network that they share.
public struct CommonFunctionPool: Lifecycle {
    public var name = "", description = ""
    /// The network behind tenants' gateways, on which the functions are.
    public var network = ID<LogicalNetwork>("")
    /// The port there of the machine that serves them.
    public var port = ""
    public var status = GatewayStatus.pendingCreate, fault = ""

    public enum Label: String, CaseIterable, Sendable { case serve, destroy }

    public init() {}

    public static let kind = Kind("common_function_pool", "common_function_pools", service: "network")
    public static let access = Access.system
    public static let fields: [Field<CommonFunctionPool>] = [
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it holds."),
        .reference("network_id", \.network, [.indexed], "The network on which its functions are."),
        .text("port_id", \.port, [], "The port of the machine that serves them."),
        .choice("status", \.status, [.read], "Whether they are served."),
        .text("fault", \.fault, [], max: 1024, "Why they are not served."),
    ]

    /// Where guests find functions, whatever their network: a half of IPv4's link-local block, the other of which is
    /// their own.
    static let addresses = CIDR("169.254.128.0/17")!
    /// The block of the network that tenants join.
    static let guests = CIDR("169.254.0.0/17")!
    /// The block of the shared network, where each gateway has an address of its own (RFC 6598).
    public static let shared = CIDR("100.64.0.0/16")!
}

/// One of a pool's services.
public struct CommonFunction: Resource {
    public var pool = ID<CommonFunctionPool>("")
    public var name = "", description = ""
    public var service = Service.time
    public var address: IPv4?

    /// What it serves.
    public enum Service: String, CaseIterable, Sendable {
        /// NTP (RFC 5905).
        case time = "ntp"
    }
    public init() {}

    public static let kind = Kind("common_function", "common_functions", service: "network")
    public static let access = Access.system
    public static let fields: [Field<CommonFunction>] = [
        .reference("common_function_pool_id", \.pool, [.read, .create, .required, .indexed], "Its pool."),
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it serves."),
        .choice("service", \.service, [.read, .create, .required], "What it serves."),
        .parsed("link_local_ip_address", \.address, [.read, .create], "Where guests find it."),
    ]
}

extension CommonFunctionPool {
    public static func step(
        _ label: Label, _ turn: inout Turn<CommonFunctionPool>, in world: FunctionWorld
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        let it = turn.it
        switch label {
        case .serve:
            guard let spec = try await turn.store.read({ (reader) throws(CloudError) in try it.spec(in: reader) })
            else {
                // The port's network comes first; whoever makes it does not know of us.
                return .nap(.milliseconds(500))
            }
            let functions = world.functions
            try await world.fabric.ensureJack(spec.jack(functions.namespace(of: it.id)), on: functions.host)
            try await functions.ensureFunctions(spec)
            (turn.it.status, turn.it.fault) = (.active, "")
            return .rest
        case .destroy:
            try await world.functions.removeFunctions(it.id)
            return .gone
        }
    }

    public static func failed(
        _ label: Label, _ turn: inout Turn<CommonFunctionPool>, _ error: CloudError
    ) -> Next<Label> {
        if label != .destroy { turn.it.status = .error }
        turn.it.fault = "The functions could not be served; it will be tried again."
        return .nap(.seconds(30))
    }
}

extension Stored where R == CommonFunctionPool {
    /// What serves it is told; nil while its network is not there.
    func spec(in reader: any Reader) throws(CloudError) -> FunctionSpec? {
        guard try reader.get(value.network).status != .build, let port = try reader.find(ID<Port>(value.port)),
            let mac = port.mac, let address = port.addresses.first?.address
        else { return nil }
        var spec = FunctionSpec(
            pool: id, port: port.id, mac: mac, address: "\(address)/\(CommonFunctionPool.shared.prefix)",
            mtu: LogicalNetwork.mtu, services: [:])
        for it in try reader.list(CommonFunction.self, where: "common_function_pool_id", .string(id.text)) {
            if let address = it.address { spec.services[address] = it.service }
        }
        return spec
    }
}

extension CommonFunctionPool: Governed {
    public static func admit(
        _ draft: inout Stored<CommonFunctionPool>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let network: ID<LogicalNetwork> = Derived.id("network of pool \(draft.id)")
        var segment = LogicalNetwork()
        segment.name = "common-functions-\(draft.id)"
        try writer.insert(segment, id: network)
        let subnet: ID<Subnet> = Derived.id("subnet of pool \(draft.id)")
        try writer.insert(Subnet.plain(shared, on: network), id: subnet)
        let port: ID<Port> = Derived.id("functions of pool \(draft.id)")
        var machine = try Port.ofCloud(port, on: network, subnet, device: draft.id.text, owner: owner, in: writer)
        // It answers from its functions' addresses, and whoever a gateway lets to it.
        machine.isGuarded = false
        try writer.insert(machine, id: port)
        (draft.value.network, draft.value.port) = (network, port.text)
    }

    public static func admitRemoval(
        of it: Stored<CommonFunctionPool>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try writer.requireUnused(Reference(it.id))
        if var port = try writer.find(ID<Port>(it.port)) { try port.giveBack(in: writer) }
        try LogicalNetwork.giveBack(it.network, in: writer)
    }

    /// What marks the port of the machine that serves a pool.
    static let owner = "network:common_function"

    static let face = Face<CommonFunctionPool>(
        .network, "/v2.0/common_function_pools", "common_function_pool", "common_function_pools",
        [
            .id(), .field("name"), .field("description"), .field("status"),
            .fixed("tenant_id", "", "It is everyone's."), .created(), .updated(),
        ])

    static let routes = [
        face.list(), face.show(), face.create(.operator, example: ["common_function_pool": ["name": "CF_Pool1"]]),
        face.update(.put, .operator, example: ["common_function_pool": ["description": "ours"]]),
        face.delete(.operator),
    ]
}

extension CommonFunction: Governed {
    public static func admit(_ draft: inout Stored<CommonFunction>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        var pool = try writer.get(draft.pool, for: caller)
        let taken = Set(
            try writer.list(CommonFunction.self, where: "common_function_pool_id", .string(pool.id.text))
                .compactMap(\.address))
        let block = CommonFunctionPool.addresses
        if let address = draft.address {
            guard block.contains(.v4(address)), block.isUsable(.v4(address)) else {
                throw .invalid("The address is not of \(block).", field: "link_local_ip_address")
            }
            guard !taken.contains(address) else {
                throw .conflict("Another function of the pool has the address \(address).")
            }
        } else {
            // The lowest that is free: there are fewer functions than addresses.
            var number = UInt32(block.first.number) + 1
            while taken.contains(IPv4(number: number)) { number += 1 }
            draft.value.address = IPv4(number: number)
        }
        try writer.change(&pool)
    }

    public static func admitRemoval(of it: Stored<CommonFunction>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        var pool = try writer.get(it.pool)
        try writer.change(&pool)
    }

    static let face = Face<CommonFunction>(
        .network, "/v2.0/common_functions", "common_function", "common_functions",
        [
            .id(), .field("common_function_pool_id"), .field("name"), .field("description"), .field("service"),
            .field("link_local_ip_address"),
            .computed("status", "Whether it is served.") { (it, reader) throws(CloudError) in
                .string(try reader.get(it.pool).status.rawValue)
            },
            .fixed("tenant_id", "", "It is everyone's."), .created(), .updated(),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(
            .operator,
            example: [
                "common_function": [
                    "name": "ntp", "service": "ntp", "common_function_pool_id": "{common_function_pool}",
                ]
            ]),
        face.update(.put, .operator, example: ["common_function": ["description": "ours"]]), face.delete(.operator),
    ]
}
