import CloudCompute
import CloudCore
import CloudNetwork
import CloudStore

/// Whose things are collected, with what several collectors need, read once.
struct TopologyScope: Sendable {
    let project: ProjectID
    let ports: [Stored<Port>]
    let routers: [Stored<Router>]
    let floating: [Stored<FloatingIP>]
    let groups: [ID<SecurityGroup>: Stored<SecurityGroup>]

    init(_ project: ProjectID, _ map: inout TopologyMap, _ reader: any Reader) throws(CloudError) {
        self.project = project
        routers = try Self.all(Router.self, project, &map, reader)
        // What is told of others does not take their room.
        var aside = TopologyMap(limit: TopologyRoutes.mostTold)
        ports = try Self.all(Port.self, project, &aside, reader)
        floating = try Self.all(FloatingIP.self, project, &aside, reader)
        groups = Dictionary(
            try Self.all(SecurityGroup.self, project, &aside, reader).map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    /// A project's things of a kind, as many as fit; what does not fit is counted.
    static func all<R: Resource>(
        _ type: R.Type, _ project: ProjectID, _ map: inout TopologyMap, _ reader: any Reader
    ) throws(CloudError) -> [Stored<R>] {
        var query = Query(R.kind, limit: map.limit).with("project_id", .string(project.text))
        query.order = [Query.Order("name"), Query.Order("created_at")]
        if !R.fields.contains(where: { $0.name == "name" }) { query.order.removeFirst() }
        let found = try reader.list(R.self, query)
        if found.count == map.limit { map.omit(try reader.count(query) - found.count) }
        return found
    }

    /// The names of a port's groups.
    func groupNames(_ port: Stored<Port>) -> [String] { port.groups.compactMap { groups[$0]?.value.name } }
    func addresses(_ port: Stored<Port>) -> [String] { port.addresses.compactMap { $0.address?.description } }
    func floating(of port: Stored<Port>) -> [String] {
        floating.filter { $0.value.port == port.id.text }.compactMap { $0.address?.description }
    }
}

/// The collectors of a topology, in the order in which things get room. One more is a function more in `all`.
enum TopologyCollectors {
    typealias Collect =
        @Sendable (_ scope: TopologyScope, _ reader: any Reader, _ map: inout TopologyMap) throws(CloudError) -> Void

    static let all: [Collect] = [outside, routers, networks, servers, looseOnes, groups, floatingIPs]

    /// External networks by which the project's routers lead out, or of which it has addresses.
    private static let outside: Collect = { (scope, reader, map) throws(CloudError) in
        let used = Set(scope.routers.compactMap(\.gatewayNetwork) + scope.floating.map { $0.value.network })
        for id in used.sorted() {
            guard let network = try reader.find(id) else { continue }
            let free = scope.floating.filter { $0.value.network == id && $0.value.port.isEmpty }
            var lines: [String] = []
            if !free.isEmpty {
                lines = ["not in use: " + free.compactMap { $0.address?.description }.joined(separator: ", ")]
            }
            map.add(
                .init(
                    id: id.text, kind: "external_network", role: .outside, name: network.value.name,
                    status: network.status.rawValue, lines: lines))
        }
    }

    private static let routers: Collect = { (scope, _, map) throws(CloudError) in
        for router in scope.routers {
            let routes: JSON = .array(router.routes.map(\.json))
            map.add(
                .init(
                    id: router.id.text, kind: "router", role: .hub, name: router.value.name,
                    status: router.status.rawValue, detail: ["routes": routes, "snat": .bool(router.snat)]))
            guard let gateway = router.gatewayNetwork else { continue }
            map.link(.init(from: router.id.text, to: gateway.text, detail: ["kind": "gateway"]))
        }
    }

    /// The project's networks, and others that its ports are on; with their subnets, and routers joined to them.
    private static let networks: Collect = { (scope, reader, map) throws(CloudError) in
        var networks = try TopologyScope.all(LogicalNetwork.self, scope.project, &map, reader)
        for id in Set(scope.ports.map(\.network)).subtracting(networks.map(\.id)).sorted() {
            if let network = try reader.find(id) { networks.append(network) }
        }
        for network in networks where !map.has(network.id.text) {
            let subnets = try reader.list(Subnet.self, where: "network_id", .string(network.id.text))
            map.add(
                .init(
                    id: network.id.text, kind: "network", role: .segment, name: network.value.name,
                    status: network.status.rawValue, lines: subnets.compactMap { $0.cidr?.description },
                    detail: [
                        "subnets": .array(
                            subnets.map {
                                [
                                    "id": .string($0.id.text), "name": .string($0.value.name),
                                    "cidr": .string($0.cidr?.description ?? ""),
                                    "gateway_ip": $0.gateway.map { .string($0.description) } ?? .null,
                                ]
                            })
                    ]))
        }
        for port in scope.ports where port.value.isRouters {
            let addresses = scope.addresses(port)
            map.link(
                .init(
                    from: port.deviceID, to: port.network.text, label: addresses.first ?? "",
                    detail: ["port_id": .string(port.id.text), "addresses": addresses.json]))
        }
    }

    private static let servers: Collect = { (scope, reader, map) throws(CloudError) in
        let ports = Dictionary(grouping: scope.ports.filter { !$0.deviceID.isEmpty }, by: { $0.deviceID })
        for server in try TopologyScope.all(Server.self, scope.project, &map, reader) {
            let own = ports[server.id.text] ?? []
            map.add(
                .init(
                    id: server.id.text, kind: "server", role: .member, name: server.value.name,
                    status: server.status.rawValue, lines: lines(of: own, scope),
                    detail: ["vcpus": .integer(server.vcpus), "memory": .integer(server.memory)]))
            for port in own { place(port, server.id.text, scope, &map) }
        }
    }

    /// Ports that no server and no router has.
    private static let looseOnes: Collect = { (scope, _, map) throws(CloudError) in
        for port in scope.ports where !port.value.isRouters && !map.has(port.deviceID) {
            let name = port.value.name.isEmpty ? port.deviceOwner : port.value.name
            map.add(
                .init(
                    id: port.id.text, kind: "port", role: .member, name: name, status: port.status.rawValue,
                    lines: lines(of: [port], scope)))
            place(port, port.id.text, scope, &map)
        }
    }

    private static let groups: Collect = { (scope, _, map) throws(CloudError) in
        guard map.hasNotes else { return }
        for group in scope.groups.values.sorted(by: { ($0.value.name, $0.id) < ($1.value.name, $1.id) }) {
            map.add(.init(id: group.id.text, kind: "security_group", role: .note, name: group.value.name))
        }
        for port in scope.ports {
            let member = map.has(port.deviceID) ? port.deviceID : port.id.text
            for group in port.groups {
                map.link(.init(from: member, to: group.text, detail: ["port_id": .string(port.id.text)]))
            }
        }
    }

    private static let floatingIPs: Collect = { (scope, _, map) throws(CloudError) in
        guard map.hasNotes else { return }
        for it in scope.floating {
            let address = it.address?.description ?? ""
            map.add(.init(id: it.id.text, kind: "floating_ip", role: .note, name: address))
            map.link(.init(from: it.id.text, to: it.value.network.text))
            guard let port = scope.ports.first(where: { $0.id.text == it.value.port }) else { continue }
            let member = map.has(port.deviceID) ? port.deviceID : port.id.text
            map.link(.init(from: it.id.text, to: member, label: it.fixed?.description ?? ""))
        }
    }

    private static func place(
        _ port: Stored<Port>, _ member: String, _ scope: TopologyScope, _ map: inout TopologyMap
    ) {
        let (addresses, floating) = (scope.addresses(port), scope.floating(of: port))
        map.link(
            .init(
                from: member, to: port.network.text, label: (addresses.prefix(1) + floating).joined(separator: "  ⇄ "),
                detail: [
                    "port_id": .string(port.id.text), "addresses": addresses.json, "floating_ips": floating.json,
                    "mac_address": .string(port.mac?.text ?? ""), "status": .string(port.status.rawValue),
                ]))
    }

    private static func lines(of ports: [Stored<Port>], _ scope: TopologyScope) -> [String] {
        var names: [String] = []
        for name in ports.flatMap({ scope.groupNames($0) }) where !names.contains(name) { names.append(name) }
        return names.isEmpty ? [] : [names.joined(separator: ", ")]
    }
}
