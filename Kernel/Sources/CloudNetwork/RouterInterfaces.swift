import CloudCore
import CloudStore
import CloudWire

extension Router {
    static let interfaceRoutes = [
        Route(
            .put, .network, "/v2.0/routers/{router_id}/add_router_interface", action: "add-interface", kind: kind,
            rule: .role(.member), intake: .json(), "Joins a router to a subnet.", example: ["subnet_id": "{subnet}"]
        ) { (call) throws(CloudError) in
            try await answer(call) { (router, wish, writer) throws(CloudError) in
                try router.join(wish, call.caller, call.dice, in: writer)
            }
        },
        Route(
            .put, .network, "/v2.0/routers/{router_id}/remove_router_interface", action: "remove-interface", kind: kind,
            rule: .role(.member), intake: .json(), "Takes a router off a subnet.", example: ["subnet_id": "{subnet}"]
        ) { (call) throws(CloudError) in
            try await answer(call) { (router, wish, writer) throws(CloudError) in
                try router.leave(wish, in: writer)
            }
        },
    ]

    /// What a router is to be joined to, or taken off.
    struct InterfaceWish: Sendable {
        var subnet: ID<Subnet>?
        var port: ID<Port>?

        init(subnet: ID<Subnet>? = nil, port: ID<Port>? = nil) { (self.subnet, self.port) = (subnet, port) }

        init(_ body: JSON) throws(CloudError) {
            for name in body.object?.keys.sorted() ?? [] where name != "subnet_id" && name != "port_id" {
                throw .invalid("Unrecognized attribute(s) '\(name.prefix(64))'.")
            }
            func id<R>(_ name: String) throws(CloudError) -> ID<R>? {
                guard let value = body[name], !value.isNull else { return nil }
                guard let text = value.string, (1...64).contains(text.utf8.count) else {
                    throw .invalid("Invalid input for \(name): not an id.", field: name)
                }
                return ID(text)
            }
            (subnet, port) = (try id("subnet_id"), try id("port_id"))
            guard subnet != nil || port != nil else {
                throw .invalid("Bad router request: Either subnet_id or port_id must be specified.")
            }
        }
    }

    private static func answer(
        _ call: Call,
        _ act: @escaping @Sendable (inout Stored<Router>, InterfaceWish, any Writer) throws(CloudError) -> Stored<Port>
    ) async throws(CloudError) -> Response {
        let id = ID<Router>(call.parameter("router_id"))
        let body = call.body
        return .json(
            200,
            try await call.write(id.text) { (writer) throws(CloudError) in
                var router = try writer.own(id, for: call.caller)
                let port = try act(&router, try InterfaceWish(body), writer)
                try writer.change(&router)
                var network = try writer.get(port.network)
                try writer.change(&network)
                let subnets = port.addresses.map { JSON.string($0.subnet.text) }
                return [
                    "id": .string(id.text), "tenant_id": .string(router.project.text),
                    "project_id": .string(router.project.text), "port_id": .string(port.id.text),
                    "network_id": .string(port.network.text), "subnet_id": subnets.first ?? .null,
                    "subnet_ids": .array(subnets),
                ]
            })
    }
}

extension Stored where R == Router {
    func join(
        _ wish: Router.InterfaceWish, _ caller: Caller, _ dice: any Dice, in writer: any Writer
    ) throws(CloudError) -> Stored<Port> {
        guard wish.subnet == nil || wish.port == nil else {
            throw .invalid("Bad router request: Cannot specify both subnet-id and port-id.")
        }
        if let id = wish.port {
            var port = try writer.own(id, for: caller)
            guard port.deviceID.isEmpty, port.deviceOwner.isEmpty else {
                throw .conflict(
                    "Unable to complete operation on port \(id). The port is already attached to \(port.deviceID).")
            }
            guard !port.addresses.isEmpty else {
                throw .invalid("Bad router request: Router port must have at least one fixed IP.")
            }
            guard try writer.get(port.network).project == port.project || caller.isOperator else {
                throw .conflict("Port \(id) is on another project's network, which only that project's routers join.")
            }
            for own in port.addresses { try refuseOverlap(try writer.get(own.subnet), in: writer) }
            for group in port.groups { try writer.release(SecurityGroup.space(group), id.text) }
            (port.deviceID, port.deviceOwner, port.isOwned) = (self.id.text, Router.interfaceOwner, true)
            if !port.dnsName.isEmpty { try writer.release(Port.names(port.network), port.dnsName) }
            (port.groups, port.pairs, port.dnsName, port.dhcpOptions) = ([], [], "", [])
            try writer.change(&port)
            return port
        }
        let subnet = try writer.get(wish.subnet ?? ID(""), for: caller)
        guard subnet.project == project || caller.isOperator else { throw .missing(Subnet.kind.title, subnet.id.text) }
        guard let gateway = subnet.gateway else {
            throw .invalid("Bad router request: Subnet for router interface must have a gateway IP.")
        }
        try refuseOverlap(subnet, in: writer)
        var draft = Port()
        (draft.network, draft.deviceID, draft.deviceOwner) = (subnet.network, id.text, Router.interfaceOwner)
        (draft.isOwned, draft.addressesAreOpen) = (true, false)
        draft.addresses = [Port.FixedAddress(subnet: subnet.id, address: gateway)]
        let port = Port.newID(dice)
        try draft.takeCard(for: port, in: writer)
        try draft.takeAddresses(for: Reference(port), in: writer)
        return try writer.insert(draft, id: port, project: project)
    }

    private func refuseOverlap(_ subnet: Stored<Subnet>, in writer: any Writer) throws(CloudError) {
        guard let cidr = subnet.cidr else { return }
        for port in try ports(in: writer) {
            for own in port.addresses {
                guard let other = try writer.find(own.subnet), let taken = other.cidr else { continue }
                if other.id == subnet.id {
                    throw .invalid("Bad router request: Router already has a port on subnet \(subnet.id).")
                }
                guard !taken.overlaps(cidr) else {
                    throw .invalid(
                        "Bad router request: Cidr \(cidr) of subnet \(subnet.id) overlaps with cidr \(taken) of subnet \(other.id)."
                    )
                }
            }
        }
    }

    func leave(_ wish: Router.InterfaceWish, in writer: any Writer) throws(CloudError) -> Stored<Port> {
        let found = try ports(Router.interfaceOwner, in: writer).first { port in
            (wish.port == nil || port.id == wish.port)
                && (wish.subnet == nil || port.addresses.contains { $0.subnet == wish.subnet })
        }
        guard let found else {
            throw CloudError(
                .missing,
                "Router \(id) has no interface on \(wish.subnet.map { "subnet \($0)" } ?? "port \(wish.port?.text ?? "")")."
            )
        }
        for own in found.addresses {
            try refuseLeaving(own.subnet, in: writer)
            guard let cidr = try writer.find(own.subnet)?.cidr else { continue }
            let floating = try writer.list(FloatingIP.self, where: "router_id", .string(id.text))
            var inside = floating.compactMap(\.fixed)
            for it in floating {
                inside += try writer.list(PortForwarding.self, where: "floating_ip", .string(it.id.text))
                    .compactMap(\.inside)
            }
            guard !inside.contains(where: { cidr.contains(.v4($0)) }) else {
                throw .conflict(
                    "Router interface for subnet \(own.subnet) on router \(id) cannot be deleted, as it is required by one or more floating IPs."
                )
            }
            guard !value.routes.contains(where: { cidr.contains($0.nextHop) }) else {
                throw .conflict(
                    "Router interface for subnet \(own.subnet) on router \(id) cannot be deleted, as it is required by one or more routes."
                )
            }
        }
        var port = found
        try port.giveBack(in: writer)
        return found
    }
}
