import CloudCore
import CloudStore
import CloudWire

/// Where a gateway is joined to a network of its tenant.
public struct GatewayInterface: Resource {
    public var type = GatewayType.internet
    public var gateway = ID<Gateway>("")
    public var network = ID<LogicalNetwork>("")
    public var name = "", description = ""
    var place = VirtualRouterPlace()
    /// Its port on the network.
    public var port = ""
    var namedBy: GatewayType?
    public var status = GatewayStatus.pendingCreate

    public init() {}

    public static let kind = Kind("gw_interface", "gw_interfaces", service: "network")
    public static let access = Access.project
    public static let fields: [Field<GatewayInterface>] =
        [
            .choice("service_type", \.type, [.read, .create, .required, .indexed], "Where its gateway leads."),
            .reference("gateway_id", \.gateway, [.indexed], "Its gateway."),
            .reference("network_id", \.network, [.read, .create, .required, .indexed], "The network it is on."),
            .text("name", \.name, [.read, .create, .update], "A name for people."),
            .text("description", \.description, [.read, .create, .update], "What it is for."),
            .text("port_id", \.port, [], "Its port on the network."),
            .choice("status", \.status, [.read], "Whether the fabric has it."),
        ] + Field.place
}

extension GatewayInterface: VirtualRouter {
    public static let quota = 100

    public static func admit(
        _ draft: inout Stored<GatewayInterface>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let gateway = try draft.ownGateway(caller, in: writer)
        let network = try writer.own(draft.network, for: caller)
        guard !network.isExternal else { throw .invalid("The network is not the tenant's own.", field: "network_id") }
        try draft.place.check()
        for other in try writer.list(GatewayInterface.self, where: "gateway_id", .string(gateway.id.text)) {
            if let one = draft.place.cidr, let two = other.place.cidr, one.overlaps(two) {
                throw .conflict("The gateway is on \(two) already, by interface \(other.id).")
            }
        }
        try draft.takePort(in: writer)
        try Gateway.refresh(gateway.id, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<GatewayInterface>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.refuseRouted(in: writer)
        if var port = try writer.find(ID<Port>(it.port)) { try port.giveBack(in: writer) }
        var network = try writer.get(it.network)
        try writer.change(&network)
        try Gateway.refresh(it.gateway, in: writer)
    }
}

extension Stored where R == GatewayInterface {
    /// Takes its addresses and its card on the network.
    fileprivate mutating func takePort(in writer: any Writer) throws(CloudError) {
        var network = try writer.get(value.network)
        let subnets = try writer.list(Subnet.self, where: "network_id", .string(network.id.text))
        guard let subnet = subnets.first(where: { $0.cidr == value.place.cidr }) else {
            throw .invalid(
                "The network has no subnet \(value.place.cidr?.description ?? "").", field: "gw_vipv4")
        }
        var draft = Port()
        (draft.network, draft.deviceID, draft.deviceOwner) = (network.id, value.gateway.text, Router.interfaceOwner)
        (draft.isOwned, draft.addressesAreOpen) = (true, false)
        draft.addresses = [value.place.virtual, value.place.primary, value.place.secondary].map {
            Port.FixedAddress(subnet: subnet.id, address: $0.map(IPAddress.v4))
        }
        let port: ID<Port> = Derived.id("interface \(id)")
        draft.mac = value.place.mac
        do throws(CloudError) {
            try writer.claim(Port.hardware(network.id), value.place.mac.text, for: Reference(port))
        } catch  where error.code == .conflict {
            throw .conflict("vrid \(value.place.vrid) is in use on network \(network.id).")
        }
        try draft.takeAddresses(for: Reference(port), in: writer)
        try writer.insert(draft, id: port, project: project)
        value.port = port.text
        try writer.change(&network)
    }
}

extension GatewayInterface {
    static let face = Face<GatewayInterface>(
        .network, "/v2.0/gw_interfaces", "gw_interface", "gw_interfaces",
        [
            .id(), .field("service_type"), .field("network_id"), .field("name"), .field("description"),
            .field("status"), .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
            .computed("network_name", "Its network's name.") { (it, reader) throws(CloudError) in
                .string(try reader.get(it.network).value.name)
            },
        ] + Attribute.gateways + Attribute.place)

    static let routes = [
        face.list(), face.show(),
        face.create(
            example: [
                "gw_interface": [
                    "service_type": "internet", "internet_gw_id": "{internet_gateway}",
                    "network_id": "{subnet.network_id}",
                    "primary_ipv4": "10.0.0.252", "secondary_ipv4": "10.0.0.253", "gw_vipv4": "10.0.0.1", "netmask": 24,
                    "vrid": 1, "name": "out",
                ]
            ]),
        face.update(example: ["gw_interface": ["description": "ours"]]), face.delete(),
    ]
}
