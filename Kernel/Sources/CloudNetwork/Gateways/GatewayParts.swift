import CloudCore
import CloudStore
import CloudWire

extension Stored where R == Gateway {
    private func parts<P: Resource>(_ type: P.Type, in reader: any Reader) throws(CloudError) -> [Stored<P>] {
        try reader.list(type, where: "gateway_id", .string(id.text))
    }

    /// How much it may carry; nil for what others leave.
    func plan(in reader: any Reader) throws(CloudError) -> BandwidthPlan? {
        try value.qos.flatMap { (option) throws(CloudError) in try reader.find(option)?.value.plan }
    }

    /// Has whoever shares out its service's line look again.
    func refreshLine(in writer: any Writer) throws(CloudError) {
        guard value.type != .internet else {
            if let network = value.network { try ConnectionService.refresh(network, in: writer) }
            return
        }
        try writer.raise(.refresh, Reference(value.service))
        // What comes by the line is bounded where it enters the cloud.
        try writer.raise(.refresh, Reference(ID<Port>(value.port)))
    }

    /// What the fabric is told of it: a router that translates nothing.
    func spec(in reader: any Reader) throws(CloudError) -> RouterSpec {
        var spec = RouterSpec(id: ID(id.text), adminUp: true, legs: [], routes: [], translations: [])
        for it in try parts(GatewayInterface.self, in: reader) {
            if let port = try reader.find(ID<Port>(it.port)), let mac = port.mac {
                spec.legs.insert(
                    .init(port: port.id, mac: mac, addresses: it.place.routerAddresses, isGateway: false))
            }
        }
        try addWayOut(to: &spec, in: reader)
        for route in try parts(StaticRoute.self, in: reader) {
            guard let destination = route.destination, let hop = route.nextHop else { continue }
            spec.routes.insert(HostRoute(destination: destination, nextHop: .v4(hop)))
        }
        return spec
    }

    private func addWayOut(to spec: inout RouterSpec, in reader: any Reader) throws(CloudError) {
        guard let port = try reader.find(ID<Port>(value.port)), let mac = port.mac else { return }
        var addresses: [String] = []
        if value.type == .internet {
            for own in port.addresses {
                guard let address = own.address, let subnet = try reader.find(own.subnet), let cidr = subnet.cidr else {
                    continue
                }
                addresses.append("\(address)/\(cidr.prefix)")
                spec.routes.formUnion(try subnet.waysOut(in: reader))
            }
        } else {
            for it in try parts(OuterInterface.self, in: reader) { addresses += it.place.routerAddresses }
        }
        guard !addresses.isEmpty else { return }
        spec.legs.insert(.init(port: port.id, mac: mac, addresses: addresses, isGateway: true))
    }

    /// Marks what the fabric has now, and has the edge look.
    func settleParts(in writer: any Writer) throws(CloudError) {
        try settle(GatewayInterface.self, in: writer)
        try settle(OuterInterface.self, in: writer)
        try settle(StaticRoute.self, in: writer)
        try settle(PublicIP.self, in: writer)
        try refreshLine(in: writer)
    }

    private func settle<P: OfGateway>(_ type: P.Type, in writer: any Writer) throws(CloudError) {
        for var it in try parts(type, in: writer) where it.value.status != .active {
            it.value.status = .active
            try writer.update(&it)
        }
    }
}

extension Gateway {
    /// The bound of what comes to a gateway by a closed line: who sends there knows nothing of its plan. What leaves,
    /// and the Internet, the edge shares out.
    static func shaping(of port: Stored<Port>, in reader: any Reader) throws(CloudError) -> Set<ShapingSpec> {
        guard let it = try reader.find(ID<Gateway>(port.deviceID)), it.type != .internet,
            it.port == port.id.text, let plan = try it.plan(in: reader)
        else { return [] }
        let kbps = plan.ceiling * 1000
        // A fifth of a second's at once.
        return [.limit(fromPort: false, kbps: kbps, burst: kbps / 5)]
    }

    /// Has a gateway look again at its parts.
    static func refresh(_ id: ID<Gateway>, in writer: any Writer) throws(CloudError) {
        guard var gateway = try writer.find(id), gateway.deletingSince == nil else { return }
        try writer.change(&gateway)
    }

    private static func face(_ type: GatewayType) -> Face<Gateway> {
        let name = "\(type.rawValue)_gateway"
        return Face(
            .network, "/v2.0/\(name)s", name, name + "s", only: ("type", .string(type.rawValue)),
            [
                .id(), .field("service_id", as: type.serviceKey), qosAttribute, .field("name"), .field("description"),
                .field("status"), .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
            ] + (type == .internet ? [addressAttribute] : [.field("segmentation_id")]))
    }

    private static let qosAttribute = Attribute<Gateway>(
        "qos_option_id", column: "qos_option_id", type: .text(max: 64, lines: false),
        rights: [.read, .create, .update], "How much it may carry; empty for what others leave.",
        read: { (it, _) throws(CloudError) in .string(it.qos?.text ?? "") },
        write: { (it, json) throws(CloudError) in
            guard !json.isNull, json != "" else { return it.qos = nil }
            try FieldType.text(max: 64, lines: false).check(json, name: "qos_option_id")
            it.qos = json.string.map(ID.init)
        })

    private static let addressAttribute = Attribute<Gateway>.computed("address", "Its address on the Internet's side.")
    {
        (it, reader) throws(CloudError) in
        .string(try reader.find(ID<Port>(it.port))?.addresses.first?.address?.description ?? "")
    }

    static let routes: [Route] = GatewayType.allCases.flatMap { type in
        let (face, isInternet) = (face(type), type == .internet)
        var example: [String: JSON] = [
            "name": .string(type.rawValue), type.serviceKey: .string("{\(type.rawValue)_service}"),
        ]
        // Closed lines are laid by the operator, for a tenant.
        if !isInternet { (example["segmentation_id"], example["tenant_id"]) = ("{vlan}", "{tenant}") }
        return [
            face.list(), face.show(),
            face.create(isInternet ? .role(.member) : .operator, example: [face.singular: .object(example)]),
            face.update(example: [face.singular: ["description": "ours"]]),
            face.delete(isInternet ? .role(.member) : .operator),
        ]
    }
}
