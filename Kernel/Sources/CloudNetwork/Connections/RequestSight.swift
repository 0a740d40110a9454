import CloudCore
import CloudStore
import CloudWire

/// What both tenants see of the network that a request opens, though only one of them owns it.
extension TenantConnectionRequest {
    private static let onePath = path + "/{tenant_connection_request_id}"

    static let sightRoutes = [
        sight("/network", "show_network", "Shows the network that is opened.") { (it, _, reader) throws(CloudError) in
            ["network": try network(try reader.get(it.network), reader)]
        },
        sight("/subnets", "list_subnets", "Lists the subnets of the network that is opened.") {
            (it, _, reader) throws(CloudError) in
            let subnets = try reader.list(Subnet.self, where: "network_id", .string(it.network.text))
            let status = try reader.get(it.network).value.shownStatus
            return ["subnets": .array(subnets.map { subnet($0, status) })]
        },
        sight("/subnets/{offered_subnet}", "show_subnet", "Shows a subnet of the network that is opened.") {
            (it, call, reader) throws(CloudError) in
            let id = call.parameter("offered_subnet")
            guard let found = try reader.find(ID<Subnet>(id)), found.value.network == it.network else {
                throw .missing(Subnet.kind.title, id)
            }
            return ["subnet": subnet(found, try reader.get(it.network).value.shownStatus)]
        },
        sight("/address_assignments", "list_addresses", "Lists what the other tenant has on the network.") {
            (it, _, reader) throws(CloudError) in
            var out: [JSON] = []
            let column = "tenant_connection_request_id"
            for connection in try reader.list(TenantConnection.self, where: column, .string(it.id.text)) {
                if let port = try reader.find(ID<Port>(connection.port)) { out.append(assignment(connection, port)) }
            }
            return ["address_assignments": .array(out)]
        },
    ]

    private static func sight(
        _ suffix: String, _ action: String, _ help: String,
        _ body: @escaping @Sendable (Stored<TenantConnectionRequest>, Call, any Reader) throws(CloudError) -> JSON
    ) -> Route {
        Route(
            .get, .connectivity, onePath + suffix, action: action, kind: kind, rule: .role(.reader), help
        ) { (call) throws(CloudError) in
            let id = ID<TenantConnectionRequest>(call.parameter("tenant_connection_request_id"))
            return .json(
                200,
                try await call.store.read { (reader) throws(CloudError) in
                    let it = try reader.get(id, for: call.caller)
                    guard it.belongs(to: call.caller) || it.status == .registering || it.status == .registered else {
                        throw CloudError(
                            .missing, "Tenant connection request \(id) opens no network: it is \(it.status.rawValue).")
                    }
                    return try body(it, call, reader)
                })
        }
    }

    private static func network(_ it: Stored<LogicalNetwork>, _ reader: any Reader) throws(CloudError) -> JSON {
        let subnets = try reader.list(Subnet.self, where: "network_id", .string(it.id.text))
        return [
            "id": .string(it.id.text), "name": .string(it.name), "description": .string(it.description),
            "plane": .string(it.plane.rawValue), "admin_state_up": .bool(it.adminUp), "shared": false,
            "status": .string(it.value.shownStatus), "subnets": .array(subnets.map { .string($0.id.text) }),
            "tags": it.tags.json, "tenant_id": .string(it.project.text),
        ]
    }

    private static func subnet(_ it: Stored<Subnet>, _ status: String) -> JSON {
        [
            "id": .string(it.id.text), "name": .string(it.name), "description": .string(it.description),
            "network_id": .string(it.network.text), "cidr": .string(it.cidr?.description ?? ""),
            "gateway_ip": it.gateway.map { .string($0.description) } ?? .null,
            "dhcp_server_address": it.value.answersDHCP && !it.value.isIPv6
                ? it.gateway.map { .string($0.description) } ?? .null : .null,
            "allocation_pools": it.pools.json, "host_routes": it.hostRoutes.json,
            "dns_nameservers": it.nameServers.json, "ntp_servers": it.ntpServers.json, "enable_dhcp": .bool(it.dhcp),
            "ip_version": it.value.isIPv6 ? 6 : 4,
            "ipv6_address_mode": it.addressMode.map { .string($0.rawValue) } ?? .null,
            "ipv6_ra_mode": it.routerMode.map { .string($0.rawValue) } ?? .null, "status": .string(status),
            "tags": it.tags.json, "tenant_id": .string(it.project.text),
        ]
    }

    /// Named by the port, so that its owner finds what a refusal names as being in use.
    private static func assignment(_ it: Stored<TenantConnection>, _ port: Stored<Port>) -> JSON {
        [
            "id": .string(port.id.text), "name": .string(it.labels.name),
            "request_id": .string(it.request.text), "tenant_connection_id": .string(it.id.text),
            "network_id": .string(port.network.text), "mac_address": .string(port.mac?.text ?? ""),
            "fixed_ips": port.addresses.json, "allowed_address_pairs": port.pairs.json,
        ]
    }
}

extension LogicalNetwork {
    /// It may be used from the first moment.
    fileprivate var shownStatus: String { (status == .build ? .active : status).rawValue }
}
