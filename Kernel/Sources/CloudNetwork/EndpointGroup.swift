import CloudCore
import CloudStore
import CloudWire

/// What lies behind one end of a tunnel: subnets of ours, or blocks of addresses of the peer's.
public struct EndpointGroup: Resource {
    public var name = "", description = "", type = Sort.cidr
    public var endpoints: [String] = []

    public enum Sort: String, CaseIterable, Sendable { case subnet, cidr }

    public init() {}

    public static let kind = Kind("endpoint_group", "endpoint_groups", service: "network")
    public static let access = Access.project
    public static let fields: [Field<EndpointGroup>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .choice("type", \.type, [.read, .create, .required], "Whether it lists subnets or CIDRs."),
        .value("endpoints", \.endpoints, [.read, .create, .required], max: 4096, "The subnets' ids, or the CIDRs."),
    ]
}

extension EndpointGroup: Metered {
    public static let quota = 100

    public static func admit(
        _ draft: inout Stored<EndpointGroup>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard (1...VPNRules.mostBlocks).contains(draft.endpoints.count),
            Set(draft.endpoints).count == draft.endpoints.count
        else {
            throw .invalid("A group has 1 to \(VPNRules.mostBlocks) endpoints, each once.", field: "endpoints")
        }
        for endpoint in draft.endpoints {
            switch draft.type {
            case .cidr: _ = try VPNRules.block(endpoint, field: "endpoints")
            case .subnet:
                let subnet = try writer.get(ID<Subnet>(endpoint), for: caller)
                guard subnet.project == draft.project else { throw .missing(Subnet.kind.title, endpoint) }
            }
        }
    }

    public static func admitRemoval(
        of it: Stored<EndpointGroup>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        for column in ["local_ep_group_id", "peer_ep_group_id"] {
            try IPsecSiteConnection.refuseUsed(it, by: column, in: writer)
        }
    }
}

extension EndpointGroup {
    static let face = Face<EndpointGroup>(
        .network, "/v2.0/vpn/endpoint-groups", "endpoint_group", "endpoint_groups",
        [
            .id(), .field("name"), .field("description"), .field("type"), .field("endpoints"),
            .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(example: ["endpoint_group": ["name": "ours", "type": "subnet", "endpoints": ["{subnet}"]]]),
        face.update(example: ["endpoint_group": ["description": "the branch"]]), face.delete(),
    ]
}
