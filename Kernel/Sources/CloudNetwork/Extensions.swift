import CloudCore
import CloudWire

/// What this API offers beyond Neutron's core, each with its alias.
enum Extensions {
    private static let all: [(alias: String, name: String, description: String)] = [
        ("allowed-address-pairs", "Allowed Address Pairs", "Further addresses that a port may send from."),
        ("agent", "agent", "The daemons that carry packets; for operators."),
        ("address-group", "Address group", "Blocks of addresses that rules of security groups name."),
        ("address-scope", "Address scope", "Addresses that are routed without translation."),
        ("auto-allocated-topology", "Auto Allocated Topology Services", "A network with all it needs at once."),
        ("availability_zone", "Availability Zone", "The zones of networks and routers."),
        ("binding", "Port Binding", "Which host carries a port; for operators."),
        ("dns-integration", "DNS Integration", "Names of ports, which their networks resolve."),
        (
            "expose-port-forwarding-in-fip", "Expose Port Forwarding in FIP",
            "Floating addresses show what they forward."
        ),
        ("external-net", "Neutron external network", "Networks that lead out of the cloud."),
        ("extra_dhcp_opt", "Neutron Extra DHCP options", "Further DHCP options of a port."),
        ("extraroute", "Neutron Extra Route", "Further routes of a router."),
        ("ext-gw-mode", "Neutron L3 Configurable external gateway mode", "Routers with and without SNAT."),
        ("floating-ip-port-forwarding", "Floating IP Port Forwarding", "Single ports of a floating address."),
        ("filter-validation", "Filter parameters validation", "Unknown filters are refused."),
        ("net-mtu", "Network MTU", "How large a network's packets may be."),
        ("pagination", "Pagination support", "Pages by limit and marker."),
        ("logging", "Logging API Extension", "What security groups drop and let pass, written down."),
        ("port-security", "Port Security", "Ports that may send from their own addresses only."),
        ("project-id", "project_id field", "Resources name their project as project_id too."),
        ("qos", "Quality of Service", "Policies of how fast, and marked how, packets are."),
        ("qos-fip", "Floating IP QoS", "Policies of floating addresses."),
        ("qos-bw-limit-direction", "Direction for QoS bandwidth limit rule", "Bounds of what comes, too."),
        ("quotas", "Quota management support", "Limits of a project."),
        ("quota_details", "Quota details management support", "Limits of a project, and what is used."),
        ("rbac-policies", "RBAC Policies", "Networks that further projects may use."),
        ("rbac-address-group", "Add address group type to RBAC", "Address groups that further projects may use."),
        ("rbac-address-scope", "Add address_scope type to RBAC", "Address scopes that further projects may use."),
        ("rbac-security-groups", "Add security_group type to network RBAC", "Security groups that others may use."),
        ("rbac-subnetpool", "Add subnetpool type to RBAC", "Subnet pools that further projects may use."),
        ("revision-if-match", "If-Match constraints based on revision_number", "Changes of one revision only."),
        ("router", "Neutron L3 Router", "Routers and floating addresses."),
        ("security-groups-default-rules", "Default rules for security groups", "What new groups begin with."),
        ("security-groups-remote-address-group", "Remote address group", "Rules that name an address group."),
        ("stateful-security-group", "Stateful security group", "Groups that let no answers in unasked."),
        ("security-group", "security-group", "What may reach a port, and what it may reach."),
        ("sorting", "Sorting support", "Lists in an order."),
        ("standard-attr-description", "standard-attr-description", "Descriptions."),
        ("standard-attr-revisions", "Resource revision numbers", "How often a resource was changed."),
        ("standard-attr-tag", "Tag support for resources with standard attribute", "Tags."),
        ("standard-attr-timestamp", "Resource timestamps", "When a resource was made and changed."),
        ("taas", "Neutron Tap as a Service", "Copies of a port's packets for another."),
        ("vpnaas", "VPN service", "Tunnels between sites."),
        ("vpn-endpoint-groups", "VPN Endpoint Groups", "What lies at the ends of a tunnel."),
        ("subnet_allocation", "Subnet Allocation", "Subnets cut from pools."),
    ]

    private static func json(_ it: (alias: String, name: String, description: String)) -> JSON {
        [
            "alias": .string(it.alias), "name": .string(it.name), "description": .string(it.description),
            "updated": "2026-11-23T00:00:00-00:00", "links": [],
        ]
    }

    static let routes: [Route] = [
        Route(
            .get, .network, "/v2.0/extensions", action: "list", rule: .signedIn,
            "Lists what goes beyond the network API's core."
        ) {
            (_) throws(CloudError) in .json(200, ["extensions": .array(all.map(json))])
        },
        Route(
            .get, .network, "/v2.0/extensions/{extension_alias}", action: "show", rule: .signedIn,
            "Shows something that goes beyond the network API's core."
        ) { (call) throws(CloudError) in
            let alias = call.parameter("extension_alias")
            guard let found = all.first(where: { $0.alias == alias }) else { throw .missing("Extension", alias) }
            return .json(200, ["extension": json(found)])
        },
        Route(
            .get, .network, "/v2.0/availability_zones", action: "list", rule: .signedIn,
            "Lists the zones of networks and routers."
        ) {
            (_) throws(CloudError) in
            .json(
                200,
                [
                    "availability_zones": .array(
                        ["network", "router"].map {
                            ["name": "default", "resource": .string($0), "state": "available"]
                        })
                ])
        },
        Route(.get, .network, "", action: "show", rule: .anyone, "Network's versions.") { (call) throws(CloudError) in
            .json(200, ["versions": [version(call)]])
        },
        Route(.get, .network, "/v2.0", action: "show", rule: .anyone, "What the network API keeps.") {
            (call) throws(CloudError) in
            .json(
                200,
                [
                    "resources": .array(
                        resources.map { name, collection in
                            [
                                "name": .string(name), "collection": .string(collection),
                                "links": [["rel": "self", "href": .string(call.base + "/network/v2.0/" + collection)]],
                            ]
                        })
                ])
        },
    ]

    private static let resources = [
        ("network", "networks"), ("subnet", "subnets"), ("port", "ports"), ("router", "routers"),
        ("floatingip", "floatingips"), ("security_group", "security-groups"),
        ("security_group_rule", "security-group-rules"), ("subnetpool", "subnetpools"), ("quota", "quotas"),
        ("rbac_policy", "rbac-policies"),
        ("ikepolicy", "vpn/ikepolicies"), ("ipsecpolicy", "vpn/ipsecpolicies"), ("vpnservice", "vpn/vpnservices"),
        ("endpoint_group", "vpn/endpoint-groups"), ("ipsec_site_connection", "vpn/ipsec-site-connections"),
        ("extension", "extensions"),
    ]

    private static func version(_ call: Call) -> JSON {
        ["id": "v2.0", "status": "CURRENT", "links": [["rel": "self", "href": .string(call.base + "/network/v2.0/")]]]
    }
}
