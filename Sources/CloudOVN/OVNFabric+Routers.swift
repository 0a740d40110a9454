import CloudCore
import CloudNetwork

extension OVNFabric {
    public func ensureRouter(_ router: RouterSpec) async throws(CloudError) {
        let id = try Self.safe(router.id)
        for leg in router.legs { _ = try Self.safe(leg.port) }
        try await repeating { () throws(CloudError) in
            let found = try await central.transact(
                .north,
                [
                    Operation.select("Logical_Router", [Where.name(id)], ["_uuid", "enabled"]),
                    Operation.select(
                        "Logical_Router_Port", [Where.mark(Mark.router, id)],
                        ["_uuid", "name", "mac", "networks", "ipv6_ra_configs"]),
                    Operation.select(
                        "Logical_Router_Static_Route", [Where.mark(Mark.router, id)], ["ip_prefix", "nexthop"]),
                    Operation.select("NAT", [Where.mark(Mark.router, id)], ["type", "external_ip", "logical_ip"]),
                    Operation.select(
                        "Logical_Router_Policy", [Where.mark(Mark.router, id)], ["priority", "action", "match"]),
                    Operation.select("Load_Balancer", [Where.mark(Mark.router, id)], ["name", "protocol", "vips"]),
                    Operation.select("QoS", [Where.mark(Mark.router, id)], Shaping.columns + ["_uuid"]),
                ])
            let row = found[0]["rows"]?[0]
            var columns: [String: JSON] = [:]
            var changes = legs(router, id, found[1]["rows"]?.array ?? [], &columns)
            changes += Self.replacing(
                "Logical_Router_Static_Route", Self.routeRows(router), found[2], id, "static_routes", &columns)
            changes += Self.replacing("NAT", Self.translationRows(router), found[3], id, "nat", &columns)
            changes += Self.replacing(
                "Logical_Router_Policy", Forwards.policies(router), found[4], id, "policies", &columns)
            let balancers = Self.replacing(
                "Load_Balancer", Forwards.balancers(router), found[5], id, "load_balancer", &columns)
            // Others live only as long as something names them; these would stay.
            if columns["load_balancer"] != nil {
                changes.append(Operation.delete("Load_Balancer", [Where.mark(Mark.router, id)]))
            }
            changes += balancers
            changes += try Shaping.changes(router, found[6]["rows"]?.array ?? [])
            if Value.items(row?["enabled"]).first != .bool(router.adminUp) {
                columns["enabled"] = .bool(router.adminUp)
            }
            guard row == nil || !columns.isEmpty || !changes.isEmpty else { return }
            if row == nil {
                columns["name"] = .string(id)
                columns["external_ids"] = Value.map([Mark.router: id])
                changes.insert(Operation.expectNone("Logical_Router", [Where.name(id)]), at: 0)
                changes.append(Operation.insert("Logical_Router", columns))
            } else {
                changes.append(Operation.expectSome("Logical_Router", [Where.name(id)]))
                if !columns.isEmpty { changes.append(Operation.update("Logical_Router", [Where.name(id)], columns)) }
            }
            try await central.transact(.north, changes)
        }
    }

    public func removeRouter(_ router: ID<Router>) async throws(CloudError) {
        let id = try Self.safe(router)
        let shaping = try await central.transact(
            .north, [Operation.select("QoS", [Where.mark(Mark.router, id)], ["_uuid"])])
        // Its ports, routes and translations live only as long as it does.
        try await central.transact(
            .north,
            [
                Operation.delete("Logical_Router", [Where.name(id), Where.mark(Mark.router, id)]),
                Operation.delete("Load_Balancer", [Where.mark(Mark.router, id)]),
            ] + Shaping.removal(shaping[0]["rows"]?.array ?? []))
    }

    public func routers() async throws(CloudError) -> Set<ID<Router>> {
        let found = try await central.transact(
            .north, [Operation.select("Logical_Router", [], ["external_ids"])], repeatable: true)
        return Set(
            (found[0]["rows"]?.array ?? []).compactMap { Value.pairs($0["external_ids"])[Mark.router] }.map(ID.init))
    }

    /// The name of a router's end of a port.
    static func leg(of port: ID<Port>) -> String { "lrp-\(port)" }

    /// Makes and changes the router's ports; those not wanted go as the router lets go of them.
    private func legs(_ router: RouterSpec, _ id: String, _ rows: [JSON], _ columns: inout [String: JSON]) -> [JSON] {
        var changes: [JSON] = []
        var refs: [JSON] = []
        let there = Dictionary(rows.map { ($0["name"]?.string ?? "", $0) }, uniquingKeysWith: { first, _ in first })
        for (place, leg) in router.legs.sorted(by: { $0.port < $1.port }).enumerated() {
            let name = Self.leg(of: leg.port)
            if let row = there[name] {
                refs.append(row["_uuid"] ?? .null)
                let isSame =
                    row["mac"]?.string == leg.mac.text && Set(Value.strings(row["networks"])) == Set(leg.addresses)
                    && Value.pairs(row["ipv6_ra_configs"]) == Self.advertisement(leg)
                if !isSame {
                    changes.append(Operation.update("Logical_Router_Port", [Where.name(name)], Self.columns(leg)))
                }
                continue
            }
            var row = Self.columns(leg)
            row["name"] = .string(name)
            row["external_ids"] = Value.map([Mark.router: id])
            if leg.isGateway {
                // One host answers for the router's addresses outside.
                changes.append(
                    Operation.insert(
                        "Gateway_Chassis",
                        ["name": .string("\(name)-\(host)"), "chassis_name": .string(host.text), "priority": 10],
                        as: "chassis\(place)"))
                row["gateway_chassis"] = Value.set([Value.named("chassis\(place)")])
            }
            changes.append(Operation.insert("Logical_Router_Port", row, as: "leg\(place)"))
            refs.append(Value.named("leg\(place)"))
        }
        let wanted = Set(router.legs.map { Self.leg(of: $0.port) })
        if wanted != Set(there.keys) { columns["ports"] = Value.set(refs) }
        return changes
    }

    private static func columns(_ leg: RouterSpec.Leg) -> [String: JSON] {
        [
            "mac": .string(leg.mac.text), "networks": Value.set(leg.addresses.map { .string($0) }),
            "ipv6_ra_configs": Value.map(advertisement(leg)),
        ]
    }

    /// How OVN spells what a router advertises; nothing where it does not.
    private static func advertisement(_ leg: RouterSpec.Leg) -> [String: String] {
        guard let it = leg.advertisement else { return [:] }
        let modes: [IPv6Mode: String] = [
            .slaac: "slaac", .stateful: "dhcpv6_stateful", .stateless: "dhcpv6_stateless",
        ]
        var configs = ["send_periodic": "true", "mtu": String(it.mtu)]
        configs["address_mode"] = modes[it.mode]
        configs["rdnss"] = it.nameServer?.description
        return configs
    }

    private static func routeRows(_ router: RouterSpec) -> Set<JSON> {
        Set(
            router.routes.map {
                ["ip_prefix": .string($0.destination.description), "nexthop": .string($0.nextHop.description)]
            })
    }

    private static func translationRows(_ router: RouterSpec) -> Set<JSON> {
        Set(
            router.translations.map {
                [
                    "type": $0.isFloating ? "dnat_and_snat" : "snat", "external_ip": .string($0.external.description),
                    "logical_ip": .string($0.inside),
                ]
            })
    }

    /// Replaces all of the router's rows of a table where they are not what they should be.
    private static func replacing(
        _ table: String, _ wanted: Set<JSON>, _ found: JSON, _ id: String, _ column: String,
        _ columns: inout [String: JSON]
    ) -> [JSON] {
        let rows = found["rows"]?.array ?? []
        guard Set(rows) != wanted || rows.count != wanted.count else { return [] }
        let sorted = wanted.sorted { $0.text < $1.text }
        columns[column] = Value.set(sorted.indices.map { Value.named("\(column.filter { $0 != "_" })\($0)") })
        return sorted.enumerated().map { place, row in
            Operation.insert(
                table, (row.object ?? [:]).merging(["external_ids": Value.map([Mark.router: id])]) { $1 },
                as: "\(column.filter { $0 != "_" })\(place)")
        }
    }
}
