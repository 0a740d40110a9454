import CloudCore
import CloudStore
import CloudWire

/// Where a gateway sends what is for a block of addresses.
public struct StaticRoute: Resource {
    public var type = GatewayType.internet
    public var gateway = ID<Gateway>("")
    public var name = "", description = ""
    public var destination: CIDR?
    public var nextHop: IPv4?
    var namedBy: GatewayType?
    public var status = GatewayStatus.pendingCreate

    public init() {}

    public static let kind = Kind("static_route", "static_routes", service: "network")
    public static let access = Access.project
    public static let fields: [Field<StaticRoute>] = [
        .choice("service_type", \.type, [.read, .create, .required, .indexed], "Where its gateway leads."),
        .reference("gateway_id", \.gateway, [.indexed], "Its gateway."),
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .parsed("destination", \.destination, [.read, .create, .required], "What it is for: a block of addresses."),
        .parsed("nexthop", \.nextHop, [.read, .create, .required], "Where that is sent."),
        .choice("status", \.status, [.read], "Whether the fabric has it."),
    ]
}

extension StaticRoute: OfGateway {
    public static let quota = 200

    public static func admit(_ draft: inout Stored<StaticRoute>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        let gateway = try draft.ownGateway(caller, in: writer)
        guard let destination = draft.destination, !destination.isIPv6 else {
            throw .invalid("Invalid input for destination: a block of IPv4.", field: "destination")
        }
        guard let hop = draft.nextHop else {
            throw .invalid("Invalid input for nexthop: an address of IPv4.", field: "nexthop")
        }
        let mine = Query(kind).with("gateway_id", .string(gateway.id.text))
        for other in try writer.list(StaticRoute.self, mine) where other.destination == destination {
            throw .conflict("Static route \(other.id) is for \(destination) already.")
        }
        try check(destination, hop, gateway, in: writer)
        try Gateway.refresh(gateway.id, in: writer)
    }

    private static func check(
        _ destination: CIDR, _ hop: IPv4, _ gateway: Stored<Gateway>, in writer: any Writer
    ) throws(CloudError) {
        let own = gateway.id.text
        var places = try writer.list(GatewayInterface.self, where: "gateway_id", .string(own)).map(\.place)
        let near = places.compactMap(\.cidr)
        places += try writer.list(OuterInterface.self, where: "gateway_id", .string(own)).map(\.place)
        guard places.contains(where: { $0.cidr?.contains(.v4(hop)) ?? false }) else {
            throw .invalid("The nexthop \(hop) is on no network of the gateway.", field: "nexthop")
        }
        guard !places.contains(where: { [$0.virtual, $0.primary, $0.secondary].contains(hop) }) else {
            throw .invalid("The nexthop \(hop) is the gateway's own address.", field: "nexthop")
        }
        guard !near.contains(where: { $0.overlaps(destination) }) else {
            throw .invalid("\(destination) is on a network of the gateway.", field: "destination")
        }
        guard gateway.type == .internet else { return }
        let blocks = try writer.list(PublicIP.self, where: "gateway_id", .string(own)).compactMap(\.cidr)
        guard blocks.contains(where: { $0.prefix <= destination.prefix && $0.contains(destination.first) }) else {
            throw .invalid("\(destination) is not of a public IP of the gateway.", field: "destination")
        }
    }

    public static func admitRemoval(of it: Stored<StaticRoute>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try Gateway.refresh(it.gateway, in: writer)
    }
}

extension StaticRoute {
    static let face = Face<StaticRoute>(
        .network, "/v2.0/static_routes", "static_route", "static_routes",
        [
            .id(), .field("service_type"), .field("name"), .field("description"), .field("destination"),
            .field("nexthop"), .field("status"), .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
        ] + Attribute.gateways)

    static let routes = [
        face.list(), face.show(),
        face.create(
            example: [
                "static_route": [
                    "service_type": "interdc", "interdc_gw_id": "{interdc_interface.interdc_gw_id}",
                    "destination": "10.9.0.0/24", "nexthop": "10.255.0.4", "name": "other-site",
                ]
            ]),
        face.update(example: ["static_route": ["description": "ours"]]), face.delete(),
    ]
}
