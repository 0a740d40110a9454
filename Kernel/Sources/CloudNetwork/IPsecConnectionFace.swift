import CloudCore
import CloudStore
import CloudWire

extension IPsecSiteConnection {
    static let face = Face<IPsecSiteConnection>(
        .network, "/v2.0/vpn/ipsec-site-connections", "ipsec_site_connection", "ipsec_site_connections",
        [
            .id(), .field("name"), .field("description"), .field("admin_state_up"), .field("vpnservice_id"),
            .field("ikepolicy_id"), .field("ipsecpolicy_id"), .link("local_ep_group_id"), .link("peer_ep_group_id"),
            .field("peer_address"), .field("peer_id"), .field("local_id"), blocks, .field("auth_mode"),
            .secret("psk"), .secret("private_key"), .field("certificate"), .field("peer_ca_certificate"),
            .field("dpd"), mtuAttribute, .field("initiator"), .fixed("route_mode", "static", "How routes are found."),
            .field("status"), .field("fault", as: "status_reason"),
            .computed("statistics", "What passed, as of some minutes ago; its own path tells of now.") { (it, _) in
                it.meter.statistics
            },
            .owner("tenant_id"), .owner("project_id"), .created(), .updated(), .revision(),
        ])

    /// A list; the openstack client sends one as a text.
    private static let blocks = Attribute<IPsecSiteConnection>(
        "peer_cidrs", type: .json(max: 2048), rights: [.read, .create, .update], "The blocks at the peer's end.",
        read: { (it, _) throws(CloudError) in it.peerBlocks.json },
        write: { (it, json) throws(CloudError) in
            guard let items = json.isNull ? [] : json.array ?? (json.string.map { [.string($0)] }),
                Set(items).count == items.count
            else { throw .invalid("Invalid input for peer_cidrs: it lists CIDRs, each once.", field: "peer_cidrs") }
            it.peerBlocks = []
            for item in items.prefix(VPNRules.mostBlocks + 1) {
                it.peerBlocks.append(try VPNRules.block(item.string ?? item.kindName, field: "peer_cidrs").description)
            }
        })

    /// The openstack client sends it as a text.
    private static let mtuAttribute = Attribute<IPsecSiteConnection>(
        "mtu", column: "mtu", type: .integer(576...9000), rights: [.read, .create, .update],
        "Bytes in the largest packet inside.",
        read: { (it, _) throws(CloudError) in .integer(it.mtu) },
        write: { (it, json) throws(CloudError) in
            let number = json.wholeNumber.map { JSON.integer($0) } ?? json
            try FieldType.integer(576...9000).check(number, name: "mtu")
            it.mtu = number.integer ?? it.mtu
        })

    /// The example's gateway has a subnet that tunnels lead to.
    static let routes: [Route] = [
        face.list(), face.show(), face.create(example: ["ipsec_site_connection": example]),
        face.update(example: ["ipsec_site_connection": ["description": "ours"]]), face.delete(),
    ]

    private static let example: JSON = [
        "name": "branch", "vpnservice_id": "{vpnservice}", "ikepolicy_id": "{ike_policy}",
        "ipsecpolicy_id": "{ipsec_policy}", "peer_address": "203.0.113.9", "peer_id": "203.0.113.9",
        "peer_cidrs": ["10.99.0.0/24"], "psk": "correct horse battery",
    ]

    /// What passes now, asked of the gateway.
    static func statistics(_ tunnels: any Tunnels) -> Route {
        Route(
            .get, .network, "/v2.0/vpn/ipsec-site-connections/{ipsec_site_connection_id}/statistics",
            action: "show-statistics", kind: kind, rule: .role(.reader), "Shows what passed a tunnel until now."
        ) { (call) throws(CloudError) in
            let id = ID<IPsecSiteConnection>(call.parameter("ipsec_site_connection_id"))
            let (it, now) = try await call.store.read { (reader) throws(CloudError) in
                (try reader.get(id, for: call.caller), reader.now)
            }
            var meter = it.meter
            meter.take(try await tunnels.state(of: id, of: it.service), at: now)
            return .json(200, ["statistics": meter.statistics])
        }
    }
}
