@testable import CloudNetwork
import CloudCore
import CloudSim
import CloudStore
import CloudWire

/// What a simulated cloud has around it: the Internet, a closed line, cables to each tenant's space.
extension SimulatedCloud {
    static let internet: ID<LogicalNetwork> = Derived.id("internet")
    static let pool: ID<CommonFunctionPool> = Derived.id("common functions")
    static func service(_ name: String) -> ID<ConnectionService> {
        name == "internet" ? Derived.id("internet service") : ID("line")
    }
    static func cables(_ tenant: Int) -> ID<ColocationPhysicalLink> { ID("cables-\(tenant)") }

    /// What an operator made before tenants came.
    func surround() async throws(CloudError) {
        let (closed, projects) = (closed, tenants.map(\.project))
        try await world.store.write(AuditRecord(.system("test"), service: "network", action: "create")) {
            (writer) throws(CloudError) in
            var line = ConnectionService()
            (line.type, line.name, line.physical, line.bandwidth) = (closed, "line", "backbone", 100)
            try writer.insert(line, id: Self.service("line"))
            for (bandwidth, sort) in Self.plans {
                var option = QoSOption()
                (option.type, option.service, option.bandwidth) = (sort, Self.service("line"), bandwidth)
                try writer.insert(option, id: Derived.id(Self.plan(bandwidth, sort, of: "the line")))
            }
            for (tenant, project) in projects.enumerated() {
                let space: ID<ColocationSpace> = ID("space-\(tenant)")
                try writer.insert(ColocationSpace(), id: space, project: ID(project))
                var cables = ColocationPhysicalLink()
                // Both end on one network of the operator's, and carry the same VLANs.
                (cables.space, cables.physical, cables.ranges) = (space, "colo", [try SegmentRange(json: "1-4094")])
                try writer.insert(cables, id: Self.cables(tenant), project: ID(project))
            }
        }
    }

    /// What tenants begin with beside networks and servers: most of one subject.
    func furnishWays() async {
        for tenant in tenants.indices {
            await createSubnet(tenant, of: "10.0.\(tenant).0/29")
            for order in orders where order.theme == theme && chance.chance(900) {
                await create(order, tenant)
                if order.name == "router" { await join(tenant) }
            }
        }
    }

    /// One of them orders something, changes it, or does without it from now on.
    func orderSomething(_ tenant: Int) async {
        let any = orders[chance.below(orders.count)]
        // Mostly what they have to do with.
        let known = orders.filter { $0.theme == theme }
        let owned = orders.filter { has($0.name, tenant) }
        let isSensible = chance.chance(850)
        switch chance.below(100) {
        case 0..<30: await create(isSensible ? chance.pick(known) ?? any : any, tenant)
        case 30..<55: await change(isSensible ? chance.pick(owned) ?? any : any, tenant)
        case 55..<84:
            let order = isSensible ? chance.pick(owned) ?? any : any
            await cancel(order, tenant)
            // What one had may be the other's at once.
            if chance.chance(300) { await create(order, 1 - tenant) }
        // One moves out.
        case 84..<90: for order in owned.reversed() { await cancel(order, tenant) }
        default: has("router", tenant) ? await join(tenant) : await create(any, tenant)
        }
    }

    private func has(_ kind: String, _ tenant: Int) -> Bool {
        (promises.ids[kind] ?? []).contains { promises.facts[$0].map { $0.tenant == tenant && !$0.isDeleted } ?? false }
    }

    private func create(_ order: Order, _ tenant: Int) async {
        var wish = order.wish(self, tenant)
        let text = freshName()
        // Not every one of them has a name.
        wish["description"] = .string(text)
        let answer = await send(
            tenant, .post, order.path, .object([order.key: .object(wish)]), asRoot: order.isOperators)
        guard let answer, answer.status == 201, let id = answer.body[order.key]?["id"]?.string else { return }
        promises.created(order.name, id, tenant, name: text)
    }

    private func change(_ order: Order, _ tenant: Int) async {
        let (id, text) = (some(order.name, tenant), freshName())
        let wish = order.change(self, tenant).merging(["description": .string(text)]) { $1 }
        let answer = await send(
            tenant, .put, order.path + "/" + id, .object([order.key: .object(wish)]), asRoot: order.isOperators)
        guard let answer else { return promises.unsure(id) }
        if answer.status == 200 { promises.facts[id]?.name = text }
    }

    private func cancel(_ order: Order, _ tenant: Int) async {
        let id = some(order.name, tenant)
        let answer = await send(tenant, .delete, order.path + "/" + id, [], asRoot: order.isOperators)
        guard let answer else { return promises.unsure(id) }
        if answer.status == 204 { promises.deleted(id) }
    }

    /// Joins a router to a subnet, or takes it off.
    private func join(_ tenant: Int) async {
        let verb = isQuiet || chance.chance(650) ? "add" : "remove"
        let path = "/network/v2.0/routers/\(some("router", tenant))/\(verb)_router_interface"
        _ = await send(tenant, .put, path, ["subnet_id": one("subnet", tenant)])
    }
}

/// What they wish for: mostly what is possible.
extension SimulatedCloud {
    func one(_ kind: String, _ tenant: Int) -> JSON { .string(some(kind, tenant)) }

    var outside: JSON { ["network_id": .string(Self.internet.text)] }

    fileprivate static let plans: [(Int, QoSOption.Sort)] = [10, 50, 100].flatMap { bandwidth in
        QoSOption.Sort.allCases.map { (bandwidth, $0) }
    }
    fileprivate static func plan(_ bandwidth: Int, _ sort: QoSOption.Sort, of service: String) -> String {
        "plan \(bandwidth)M-\(sort == .guarantee ? "GA" : "BE") of \(service)"
    }

    /// A plan of a service, or none.
    func plan(_ service: String) -> JSON {
        guard !chance.chance(150) else { return .null }
        let (bandwidth, sort) = Self.plans[chance.below(Self.plans.count)]
        let id: ID<QoSOption> = Derived.id(Self.plan(bandwidth, chance.chance(700) ? .guarantee : sort, of: service))
        return .string(id.text)
    }

    /// A gateway of a tenant, by its type.
    func named(_ closed: GatewayType, _ tenant: Int) -> [String: JSON] {
        let isInternet = chance.chance(600), type = isInternet ? .internet : closed
        return [
            "service_type": .string(type.rawValue),
            type.gatewayKey: one(isInternet ? "internet_gateway" : "closed_gateway", tenant),
        ]
    }

    /// Where a pair of routers stands, with one of two addresses for both.
    func place(_ block: String) -> [String: JSON] {
        [
            "gw_vipv4": .string("\(block).\(chance.chance(500) ? 1 : 4)"), "primary_ipv4": .string(block + ".5"),
            "secondary_ipv4": .string(block + ".6"), "netmask": 29, "vrid": .integer(1 + chance.below(2)),
        ]
    }

    /// Blocks for the operator alone: some overlap, or hold what tenants have.
    var reservation: JSON {
        let blocks: [JSON] = ["10.0.0.0/29", "10.5.0.0/16", "10.5.6.0/24", "203.0.113.20/30", "198.51.100.0/24"]
        return .array([blocks[chance.below(5)]] + (chance.chance(200) ? [blocks[chance.below(5)]] : []))
    }

    /// A block behind a peer.
    var remote: JSON { .string(["10.9.0.0/24", "10.9.1.0/24", "10.9.0.0/16", "10.0.1.0/29"][chance.below(4)]) }
    /// A gateway outside: perhaps the other tenant's.
    var peer: JSON { .string("203.0.113.\(2 + chance.below(6))") }
}
