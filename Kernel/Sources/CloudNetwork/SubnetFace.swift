import CloudCore
import CloudStore
import CloudWire

extension Subnet {
    static let face = Face<Subnet>(
        .network, "/v2.0/subnets", "subnet", "subnets",
        [
            .id(), .field("network_id"), .field("name"), .field("description"), .field("cidr"), gatewayAttribute,
            .field("enable_dhcp"), .field("dns_nameservers"), .field("ntp_servers"), .field("host_routes"),
            .field("allocation_pools"), .field("subnetpool_id"), lengthAttribute, .revision(), .eclTags(),
            .openstackTags(), .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
            versionAttribute,
            .computed("service_types", "What its addresses are for: anything.") { (_, _) in [] },
            .computed("segment_id", "Segments are not offered.") { (_, _) in .null },
            .computed("dns_publish_fixed_ip", "Whether DNS outside of its network tells its addresses.") { (_, _) in
                false
            },
            .computed("router:external", "Whether its network leads out.") { (it, reader) throws(CloudError) in
                .bool(try reader.get(it.network).isExternal)
            }.only(for: .openstack),
            modeAttribute("ipv6_address_mode", \.addressMode), modeAttribute("ipv6_ra_mode", \.routerMode),
            .computed("status", "Its network's.") { (it, reader) throws(CloudError) in
                .string(try reader.get(it.network).status.rawValue)
            },
        ])

    /// Null where there is no gateway; where nobody says, it is the first address.
    private static let gatewayAttribute = Attribute<Subnet>(
        "gateway_ip", column: "gateway_ip", type: .text(max: 64, lines: false), rights: [.read, .create, .update],
        "The way out; the first address unless said otherwise; null for none.",
        read: { (it, _) throws(CloudError) in it.gateway.map { .string($0.description) } ?? .null },
        write: { (subnet, json) throws(CloudError) in
            subnet.gatewayIsOpen = false
            guard !json.isNull else { return subnet.gateway = nil }
            guard let address = json.string.flatMap({ IPAddress($0) }) else {
                throw .invalid("Invalid input for gateway_ip: not an IP address.", field: "gateway_ip")
            }
            subnet.gateway = address
        })

    private static let lengthAttribute = Attribute<Subnet>(
        "prefixlen", type: .integer(1...128), rights: .create, "The length of the prefix to cut from the pool.",
        read: { (_, _) throws(CloudError) in .null },
        write: { (subnet, json) throws(CloudError) in
            guard !json.isNull else { return }
            guard let length = json.integer ?? json.string.flatMap({ Int($0) }), (1...128).contains(length) else {
                throw .invalid("Invalid input for prefixlen: 1 to 128.", field: "prefixlen")
            }
            subnet.length = length
        })

    private static let versionAttribute = Attribute<Subnet>(
        "ip_version", column: "ip_version", type: .integer(4...6), rights: [.read, .create],
        "4 or 6; what the addresses are where nobody says.",
        read: { (it, _) throws(CloudError) in it.value.isIPv6 ? 6 : 4 },
        write: { (subnet, json) throws(CloudError) in
            guard json == 4 || json == 6 else {
                throw .invalid("Invalid input for ip_version: only 4 and 6 are offered.", field: "ip_version")
            }
            subnet.family = json.integer
        })

    /// Null where nothing is said.
    private static func modeAttribute(
        _ name: String, _ path: WritableKeyPath<Subnet, IPv6Mode?> & Sendable
    ) -> Attribute<Subnet> {
        let field = Attribute<Subnet>.field(name)
        return Attribute(
            name, column: name, type: field.type, rights: [.read, .create], field.help,
            read: { (it, _) throws(CloudError) in it.value[keyPath: path].map { .string($0.rawValue) } ?? .null },
            write: { (subnet, json) throws(CloudError) in
                guard !json.isNull else { return subnet[keyPath: path] = nil }
                guard let mode = json.string.flatMap(IPv6Mode.init(rawValue:)) else {
                    throw .invalid(
                        "Invalid input for \(name): must be one of "
                            + IPv6Mode.allCases.map(\.rawValue).joined(separator: ", ") + ".", field: name)
                }
                subnet[keyPath: path] = mode
            })
    }

    static let routes = [
        face.list(), face.show(),
        face.create(example: ["subnet": ["network_id": "{network}", "cidr": "10.0.0.0/24", "ip_version": 4]]),
        face.update(example: ["subnet": ["name": "front"]]), face.delete(),
    ]
}
