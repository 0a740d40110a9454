@testable import CloudNetwork
import CloudCore
import CloudSim
import CloudWire

/// One sort of thing that tenants order around their networks: where it is asked for, and with what wishes.
struct Order: Sendable {
    typealias Wish = @Sendable (SimulatedCloud, Int) -> [String: JSON]
    /// What promises call it; its key in a body, unless that is said.
    var name: String, key: String
    var path: String
    /// The subject that it belongs to; a seed begins with one of them.
    var theme: Theme
    /// Whether the operator orders it for a tenant.
    var isOperators: Bool
    var wish: Wish, change: Wish

    enum Theme: Int, CaseIterable { case internet, closed, tunnels }

    init(
        _ name: String, _ path: String, key: String? = nil, _ theme: Theme, isOperators: Bool = false,
        change: @escaping Wish = { (_, _) in [:] }, wish: @escaping Wish
    ) {
        (self.name, self.key, self.path) = (name, key ?? name, "/network/v2.0/" + path)
        (self.theme, self.isOperators, self.wish, self.change) = (theme, isOperators, wish, change)
    }
}

extension Order {
    /// What there is to order, in an order in which each comes after what it needs. `closed` is a type of gateway.
    static func all(_ closed: GatewayType) -> [Order] { routers + gateways(closed) + premises(closed) + tunnels }

    private static let routers = [
        Order(
            "router", "routers", .tunnels,
            change: { (it, _) in
                it.chance.chance(500)
                    ? ["admin_state_up": .bool(it.chance.chance(500))]
                    : ["external_gateway_info": it.chance.chance(500) ? .null : it.outside]
            }, wish: { (it, _) in ["external_gateway_info": it.outside] }),
        Order(
            "floatingip", "floatingips", .tunnels,
            change: { (it, tenant) in ["port_id": it.chance.chance(600) ? it.one("port", tenant) : .null] },
            wish: { (it, tenant) in
                var wish: [String: JSON] = ["floating_network_id": .string(SimulatedCloud.internet.text)]
                if it.chance.chance(400) { wish["port_id"] = it.one("port", tenant) }
                return wish
            }),
    ]

    private static func gateways(_ closed: GatewayType) -> [Order] {
        [
            Order(
                "internet_gateway", "internet_gateways", .internet,
                change: { (it, _) in ["qos_option_id": it.plan("the internet")] },
                wish: { (it, _) in
                    [
                        "internet_service_id": .string(SimulatedCloud.service("internet").text),
                        "qos_option_id": it.plan("the internet"),
                    ]
                }),
            Order(
                "closed_gateway", "\(closed)_gateways", key: "\(closed)_gateway", .closed, isOperators: true,
                change: { (it, _) in ["qos_option_id": it.plan("the line")] },
                wish: { (it, tenant) in
                    [
                        closed.serviceKey: .string(SimulatedCloud.service("line").text),
                        "segmentation_id": .integer(100 + it.chance.below(4)),
                        "tenant_id": .string(it.tenants[tenant].project), "qos_option_id": it.plan("the line"),
                    ]
                }),
            Order("gw_interface", "gw_interfaces", .internet) { (it, tenant) in
                let wish = it.named(closed, tenant).merging(it.place("10.0.\(tenant)")) { $1 }
                return wish.merging(["network_id": it.one("network", tenant)]) { $1 }
            },
            Order(
                "line", "\(closed)_interfaces", key: "\(closed)_interface", .closed, isOperators: closed != .interdc
            ) { (it, tenant) in
                var wish = it.place("10.255.0")
                wish[closed.gatewayKey] = it.one("closed_gateway", tenant)
                if closed != .interdc { wish["tenant_id"] = .string(it.tenants[tenant].project) }
                return wish
            },
            Order("public_ip", "public_ips", .internet) { (it, tenant) in
                [
                    "internet_gw_id": it.one("internet_gateway", tenant),
                    "submask_length": .integer(28 + it.chance.below(5)),
                ]
            },
            Order("static_route", "static_routes", .internet) { (it, tenant) in
                var wish = it.named(closed, tenant)
                let isPublic = wish["service_type"] == "internet"
                wish["destination"] = .string(
                    isPublic ? "203.0.113.\(16 + it.chance.below(4))/32" : "10.8.\(it.chance.below(2)).0/24")
                wish["nexthop"] = .string(it.chance.chance(500) || isPublic ? "10.0.\(tenant).2" : "10.255.0.2")
                return wish
            },
        ]
    }

    private static func premises(_ closed: GatewayType) -> [Order] {
        [
            Order("common_function_gateway", "common_function_gateways", .closed) { (_, _) in
                ["common_function_pool_id": .string(SimulatedCloud.pool.text)]
            },
            Order("common_function", "common_functions", .closed, isOperators: true) { (it, _) in
                var wish: [String: JSON] = ["service": "ntp", "name": "time"]
                wish["common_function_pool_id"] = .string(SimulatedCloud.pool.text)
                return wish
            },
            Order(
                "reserve_address", "reserve_addresses", .internet, isOperators: true,
                change: { (it, _) in ["subnets": it.reservation] },
                wish: { (it, _) in ["subnets": it.reservation, "name": "kept"] }),
            Order("colocation_logical_link", "colocation_logical_links", .closed) { (it, tenant) in
                [
                    "colocation_physical_link_id": .string(SimulatedCloud.cables(tenant).text),
                    "network_id": it.one("network", tenant), "vlan_id": .integer(it.chance.chance(800) ? 7 : 8),
                ]
            },
        ]
    }

    private static let groups = ["group14", "group19", "group20"]
    private static let policy: Wish = { (it, _) in ["pfs": .string(groups[it.chance.below(3)])] }

    private static let tunnels = [
        Order("ikepolicy", "vpn/ikepolicies", .tunnels, change: policy) { (_, _) in [:] },
        Order("ipsecpolicy", "vpn/ipsecpolicies", .tunnels, change: policy) { (_, _) in [:] },
        Order(
            "vpnservice", "vpn/vpnservices", .tunnels,
            change: { (it, _) in ["admin_state_up": .bool(it.chance.chance(600))] },
            wish: { (it, tenant) in
                var wish = ["router_id": it.one("router", tenant)]
                if it.chance.chance(800) { wish["subnet_id"] = it.one("subnet", tenant) }
                return wish
            }),
        Order("near_group", "vpn/endpoint-groups", key: "endpoint_group", .tunnels) { (it, tenant) in
            ["type": "subnet", "endpoints": [it.one("subnet", tenant)]]
        },
        Order("far_group", "vpn/endpoint-groups", key: "endpoint_group", .tunnels) { (it, _) in
            ["type": "cidr", "endpoints": [it.remote]]
        },
        Order(
            "ipsec_site_connection", "vpn/ipsec-site-connections", .tunnels,
            change: { (it, _) in
                switch it.chance.below(4) {
                case 0: ["admin_state_up": .bool(it.chance.chance(500))]
                case 1: ["peer_cidrs": [it.remote]]
                case 2: ["peer_id": it.peer]
                default: ["peer_address": it.peer]
                }
            },
            wish: { (it, tenant) in
                let peer = it.peer
                var wish = [
                    "vpnservice_id": it.one("vpnservice", tenant), "ikepolicy_id": it.one("ikepolicy", tenant),
                    "ipsecpolicy_id": it.one("ipsecpolicy", tenant), "peer_address": peer, "peer_id": peer,
                    "psk": "correct horse battery",
                ]
                if it.chance.chance(300) {
                    wish["local_ep_group_id"] = it.one("near_group", tenant)
                    wish["peer_ep_group_id"] = it.one("far_group", tenant)
                } else {
                    wish["peer_cidrs"] = [it.remote]
                }
                return wish
            }),
    ]
}
