import CloudCore
import CloudStore
import CloudWire

/// A block of addresses of the Internet that is a tenant's, and is routed to its gateway.
public struct PublicIP: Resource {
    public var type = GatewayType.internet
    public var gateway = ID<Gateway>("")
    /// The gateway's service, whose blocks it is cut from.
    public var service = ID<ConnectionService>("")
    public var name = "", description = ""
    public var length = 32
    public var cidr: CIDR?
    var namedBy: GatewayType?
    public var status = GatewayStatus.pendingCreate

    public init() {}

    public static let kind = Kind("public_ip", "public_ips", service: "network")
    public static let access = Access.project
    public static let fields: [Field<PublicIP>] = [
        .reference("gateway_id", \.gateway, [.create, .required, .indexed], "The gateway it is routed to."),
        .reference("service_id", \.service, [.indexed], "The service whose block it is cut from."),
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .integer("submask_length", \.length, [.read, .create, .required], 8...32, "The length of its prefix."),
        .parsed("block", \.cidr, [.unique], "Its addresses."),
        .choice("status", \.status, [.read], "Whether it is routed."),
    ]
}

extension PublicIP: OfGateway, Metered {
    public static let quota = 50

    public static func admit(_ draft: inout Stored<PublicIP>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        draft.value.namedBy = .internet
        let gateway = try draft.ownGateway(caller, in: writer)
        let service = try writer.get(gateway.service)
        guard draft.length >= service.shortest else {
            throw .invalid(
                "submask_length must be \(service.shortest) to 32 for this service.", field: "submask_length")
        }
        var pool = SubnetPool()
        pool.prefixes = service.blocks.map(\.description)
        (pool.shortest, pool.longest) = (0, 32)
        do throws(CloudError) {
            draft.value.cidr = try pool.cut(draft.length, taken: try everyBlock(in: writer))
        } catch  where error.code == .conflict {
            throw .conflict("No block of length \(draft.length) is left of service \(service.id).")
        }
        draft.value.service = service.id
        try Gateway.refresh(gateway.id, in: writer)
    }

    /// What is given out, of whichever service: an address is somebody's once.
    private static func everyBlock(in reader: any Reader) throws(CloudError) -> [CIDR] {
        try reader.list(PublicIP.self, .everything(kind)).compactMap(\.cidr)
    }

    public static func admitRemoval(of it: Stored<PublicIP>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        for route in try writer.list(StaticRoute.self, where: "gateway_id", .string(it.gateway.text)) {
            if let destination = route.destination, it.cidr?.overlaps(destination) ?? false {
                throw .conflict("Public IP \(it.id) is in use by static route \(route.id).")
            }
        }
        try Gateway.refresh(it.gateway, in: writer)
    }
}

extension PublicIP {
    static let face = Face<PublicIP>(
        .network, "/v2.0/public_ips", "public_ip", "public_ips",
        [
            .id(), .field("gateway_id", as: "internet_gw_id", rights: [.read, .create, .required]), .field("name"),
            .field("description"), .field("submask_length"), .field("status"), .owner("tenant_id"),
            .owner("project_id"), .created(), .updated(),
            Attribute(
                "cidr", type: .text(max: 64, lines: false), rights: .read, "Its first address.",
                read: { (it, _) throws(CloudError) in .string(it.cidr?.first.description ?? "") }, write: nil),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(
            example: ["public_ip": ["internet_gw_id": "{internet_gateway}", "submask_length": 32, "name": "web"]]),
        face.update(example: ["public_ip": ["description": "ours"]]), face.delete(),
    ]
}
