import CloudCore
import CloudStore
import CloudWire

/// The addresses of a gateway on its closed segment, where gateways of other sites are its neighbours.
public struct OuterInterface: Resource {
    public var type = GatewayType.interdc
    public var gateway = ID<Gateway>("")
    public var name = "", description = ""
    var place = VirtualRouterPlace()
    var namedBy: GatewayType?
    public var status = GatewayStatus.pendingCreate

    public init() {}

    public static let kind = Kind("outer_interface", "outer_interfaces", service: "network")
    public static let access = Access.project
    public static let fields: [Field<OuterInterface>] =
        [
            .choice("service_type", \.type, [.read, .indexed], "Where its gateway leads."),
            .reference("gateway_id", \.gateway, [.create, .required, .indexed], "Its gateway."),
            .text("name", \.name, [.read, .create, .update], "A name for people."),
            .text("description", \.description, [.read, .create, .update], "What it is for."),
            .choice("status", \.status, [.read], "Whether the fabric has it."),
        ] + Field.place
}

extension OuterInterface: VirtualRouter {
    public static let quota = 100

    public static func admit(
        _ draft: inout Stored<OuterInterface>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        draft.value.namedBy = draft.type
        let gateway = try draft.ownGateway(caller, in: writer)
        try draft.place.check()
        guard try writer.first(OuterInterface.self, where: "gateway_id", .string(gateway.id.text)) == nil else {
            throw .conflict("Gateway \(gateway.id) has its interface already.")
        }
        try Gateway.refresh(gateway.id, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<OuterInterface>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.refuseRouted(in: writer)
        try Gateway.refresh(it.gateway, in: writer)
    }
}

extension OuterInterface {
    /// ECL shows FIC's and VPN's interfaces with the addresses of each router in an object of its own.
    private static func face(_ type: GatewayType) -> Face<OuterInterface> {
        let name = "\(type.rawValue)_interface"
        let gateway = Attribute<OuterInterface>.field(
            "gateway_id", as: type.gatewayKey, rights: [.read, .create, .required])
        return Face(
            .network, "/v2.0/\(name)s", name, name + "s", only: ("service_type", .string(type.rawValue)),
            [
                .id(), gateway, .field("name"), .field("description"), .field("status"), .owner("tenant_id"),
                .owner("project_id"), .created(), .updated(),
            ] + Attribute.place
                + (type == .interdc ? [] : [router("primary", \.primary), router("secondary", \.secondary)]))
    }

    private static func router(
        _ name: String, _ path: KeyPath<VirtualRouterPlace, IPv4?> & Sendable
    ) -> Attribute<OuterInterface> {
        .computed(name, "The \(name) router.") { (it, _) in
            ["ip_address": .string(it.place[keyPath: path]?.description ?? ""), "netmask": .integer(it.place.length)]
        }
    }

    static let routes: [Route] = GatewayType.allCases.filter { $0 != .internet }.flatMap { type in
        let face = face(type)
        // Both sides of VPN and FIC lines are the operator's to number; between data centres tenants do it.
        let rule: Rule = type == .interdc ? .role(.member) : .operator
        let example: JSON = [
            face.singular: [
                "name": "line", type.gatewayKey: .string("{\(type.rawValue)_gateway}"), "primary_ipv4": "10.255.0.2",
                "secondary_ipv4": "10.255.0.3", "gw_vipv4": "10.255.0.1", "netmask": 29, "vrid": 1,
                "tenant_id": "{tenant}",
            ]
        ]
        return [
            face.list(), face.show(), face.create(rule, example: example),
            face.update(.put, rule, example: [face.singular: ["description": "ours"]]), face.delete(rule),
        ]
    }
}
