import CloudCore
import CloudStore
import CloudWire

extension Stored where R == Router {
    /// Makes, keeps or removes the port on the gateway's network, as the wish says.
    mutating func moveGateway(from old: Stored<Router>?, _ caller: Caller, in writer: any Writer) throws(CloudError) {
        if !caller.isOperator, value.gatewayNetwork != nil,
            !value.gatewayWishes.isEmpty || value.snat != (old?.snat ?? true)
        {
            throw CloudError(
                .forbidden, "Only an operator chooses a gateway's addresses, or does without SNAT.",
                field: "external_gateway_info")
        }
        let isKept = old?.gatewayNetwork == value.gatewayNetwork && value.gatewayWishes.isEmpty
        if isKept { return }
        if let old, !old.gatewayPort.isEmpty {
            let users = try writer.list(FloatingIP.self, where: "router_id", .string(id.text))
            guard users.isEmpty || old.gatewayNetwork == value.gatewayNetwork else {
                throw .conflict(
                    "Gateway cannot be updated for router \(id), since a gateway to external network \(old.gatewayNetwork?.text ?? "") is required by one or more floating IPs."
                )
            }
            if old.gatewayNetwork != value.gatewayNetwork { try refuseGatewayChange(in: writer) }
            if var port = try writer.find(ID<Port>(old.gatewayPort)) { try port.giveBack(in: writer) }
            if let left = old.gatewayNetwork { try ConnectionService.refresh(left, in: writer) }
            value.gatewayPort = ""
        }
        guard let wanted = value.gatewayNetwork else { return value.snat = true }
        let network = try writer.get(wanted, for: caller)
        try network.requireExternal(for: project, caller, in: writer)
        guard network.isExternal else {
            throw .invalid(
                "Bad router request: Network \(wanted) is not an external network.", field: "external_gateway_info")
        }
        var draft = Port()
        (draft.network, draft.deviceID, draft.deviceOwner, draft.isOwned) = (wanted, id.text, Router.gatewayOwner, true)
        draft.addresses = value.gatewayWishes
        draft.addressesAreOpen = value.gatewayWishes.isEmpty
        let port: ID<Port> = Derived.id("gateway of \(id), version \(version), on \(wanted)")
        try draft.takeCard(for: port, in: writer)
        try draft.takeAddresses(for: Reference(port), in: writer)
        // It is the cloud's own: the tenant sees its address on the router.
        try writer.insert(draft, id: port, project: ID(""))
        value.gatewayPort = port.text
    }

    func checkRoutes(in writer: any Writer) throws(CloudError) {
        guard value.routes.count <= 30, Set(value.routes).count == value.routes.count else {
            throw .invalid("A router has at most 30 routes, each once.", field: "routes")
        }
        var near: [CIDR] = []
        var own: [IPAddress] = []
        for port in try ports(in: writer) {
            for address in port.addresses {
                if let cidr = try writer.find(address.subnet)?.cidr { near.append(cidr) }
                if let own_ = address.address { own.append(own_) }
            }
        }
        for route in value.routes {
            guard near.contains(where: { $0.contains(route.nextHop) }) else {
                throw .invalid(
                    "Invalid format for routes: the nexthop \(route.nextHop) is not connected with router.",
                    field: "routes")
            }
            guard !own.contains(route.nextHop) else {
                throw .invalid(
                    "Invalid format for routes: the nexthop \(route.nextHop) is used by router.", field: "routes")
            }
        }
    }
}

extension Stored where R == Port {
    /// Deletes a port that the cloud made, and frees its addresses at once.
    mutating func giveBack(in writer: any Writer) throws(CloudError) {
        for own in value.addresses {
            if let address = own.address { try writer.release(Subnet.space(own.subnet), address.description) }
        }
        value.addresses = []
        try writer.delete(&self)
    }
}

extension Router {
    // The types are said: inferred, each would need the other first, in whichever file the compiler begins with.
    static let face: Face<Router> = Face(
        .network, "/v2.0/routers", "router", "routers",
        [
            .id(), .field("name"), .field("description"), .field("admin_state_up"), .field("status"), gatewayAttribute,
            routeAttribute, .eclTags(), .openstackTags(), .owner("tenant_id"), .owner("project_id"), .created(),
            .updated(), .revision(), .fixed("distributed", false, "Whether each host routes for itself."),
            .fixed("ha", false, "Whether it has a stand-in."), .fixed("flavor_id", .null, "Flavors are not offered."),
            .fixed("availability_zone_hints", [], "Where it was asked for."),
            .computed("availability_zones", "Where it is.") { (_, _) in ["default"] },
        ])

    private static let gatewayAttribute = Attribute<Router>(
        "external_gateway_info", type: .json(max: 4096), rights: [.read, .create, .update],
        "How it leads out; null for not at all.",
        read: { (it, reader) throws(CloudError) in
            guard let network = it.gatewayNetwork else { return .null }
            let addresses = try reader.find(ID<Port>(it.gatewayPort))?.addresses ?? []
            return [
                "network_id": .string(network.text), "enable_snat": .bool(it.snat),
                "external_fixed_ips": addresses.json,
            ]
        },
        write: { (router, json) throws(CloudError) in
            router.gatewayIsOpen = false
            guard !json.isNull, json != [:] else { return router.gatewayNetwork = nil }
            guard let network = json["network_id"]?.string, !network.isEmpty, network.utf8.count <= 64 else {
                throw .invalid(
                    "Invalid input for external_gateway_info: network_id is missing.", field: "external_gateway_info")
            }
            for name in json.object?.keys.sorted() ?? []
            where !["network_id", "enable_snat", "external_fixed_ips"].contains(name) {
                throw .invalid(
                    "Invalid input for external_gateway_info: unknown key '\(name.prefix(64))'.",
                    field: "external_gateway_info")
            }
            router.gatewayNetwork = ID(network)
            router.snat = json["enable_snat"]?.bool ?? true
            router.gatewayWishes = try [Port.FixedAddress](json: json["external_fixed_ips"] ?? [])
        })

    private static let routeAttribute: Attribute<Router> = Attribute(
        "routes", type: .json(max: 8192), rights: [.read, .update], "Further routes.",
        read: { (it, _) throws(CloudError) in it.routes.json },
        write: { (router, json) throws(CloudError) in
            router.routes = json.isNull ? [] : try [Subnet.Route](json: json)
        })

    static let routes: [Route] =
        [
            face.list(), face.show(), face.create(example: ["router": ["name": "edge"]]),
            face.update(example: ["router": ["description": "ours"]]), face.delete(),
        ] + interfaceRoutes
}
