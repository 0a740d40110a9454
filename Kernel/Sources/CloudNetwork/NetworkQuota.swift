import CloudCore
import CloudStore
import CloudWire

/// What an operator allows a project beyond or below the usual. Its id is the project's.
public struct NetworkQuota: Resource {
    /// How many of each kind; -1 for as many as they like. Kinds that are not named have the usual limit.
    public var limits: [String: Int] = [:]

    public init() {}

    public static let kind = Kind("network_quota", "network_quotas", service: "network")
    public static let access = Access.project
    public static func goesWithProject(_ it: NetworkQuota) -> Bool { true }
    public static let fields: [Field<NetworkQuota>] = [
        Field(
            "limits", .json(max: 4096), [], "How many of each kind the project may have.",
            get: { .object($0.limits.mapValues { .integer($0) }) },
            set: { $0.limits = ($1.object ?? [:]).compactMapValues(\.integer) })
    ]
}

/// A kind of which an operator may limit the number a project has.
protocol Metered: Governed {}

extension Metered {
    public static func limit(of project: ProjectID, in reader: any Reader) throws(CloudError) -> Int {
        let own = try reader.find(ID<NetworkQuota>(project.text))?.limits[Meter(Self.self).name] ?? quota
        return own < 0 ? .max : own
    }
}

/// What is counted under a name of the quota API, and how many of it there usually may be.
struct Meter: Sendable {
    let name: String
    let kind: Kind
    let usual: Int
    /// The part of the kind that is meant; nil for all.
    let part: (column: String, value: JSON)?

    init<R: Metered>(_ type: R.Type) {
        (name, kind, usual) = (R.kind.name.replacing("floating_ip", with: "floatingip"), R.kind, R.quota)
        part = nil
    }

    private init(gateways type: GatewayType) {
        (name, kind, usual) = ("\(type.rawValue)_gateway", Gateway.kind, 20)
        part = ("type", .string(type.rawValue))
    }

    static func gateways(_ type: GatewayType) -> Meter { Meter(gateways: type) }

    static let all =
        [
            Meter(LogicalNetwork.self), Meter(Subnet.self), Meter(Port.self), Meter(Router.self),
            Meter(FloatingIP.self), Meter(SecurityGroup.self), Meter(SecurityGroupRule.self), Meter(SubnetPool.self),
            Meter(AddressGroup.self), Meter(AddressScope.self), Meter(QoSPolicy.self), Meter(PortForwarding.self),
            Meter(RBACPolicy.self),
            Meter(IKEPolicy.self), Meter(IPsecPolicy.self), Meter(EndpointGroup.self), Meter(VPNService.self),
            Meter(IPsecSiteConnection.self), Meter(PublicIP.self), Meter(ColocationLogicalLink.self),
            Meter(CommonFunctionGateway.self),
        ] + GatewayType.allCases.map(Meter.gateways)

    /// How many a project has.
    func used(by project: String, in reader: any Reader) throws(CloudError) -> Int {
        var query = Query(kind).with("project_id", .string(project))
        if let part { query = query.with(part.column, part.value) }
        return try reader.count(query)
    }

    /// Throws `overQuota` where a project has as many as it may.
    func check(_ project: ProjectID, in reader: any Reader) throws(CloudError) {
        let limit = try reader.find(ID<NetworkQuota>(project.text))?.limits[name] ?? usual
        guard limit >= 0 else { return }
        guard try used(by: project.text, in: reader) < limit else {
            throw CloudError(.overQuota, "Quota exceeded for \(name)s: \(limit) at most.")
        }
    }
}

extension NetworkQuota {
    private static func limits(of project: String, in reader: any Reader) throws(CloudError) -> [String: Int] {
        let own = try reader.find(ID<NetworkQuota>(project))?.limits ?? [:]
        return Dictionary(uniqueKeysWithValues: Meter.all.map { ($0.name, own[$0.name] ?? $0.usual) })
    }

    private static func answer(_ limits: [String: Int]) -> Response {
        .json(200, ["quota": .object(limits.mapValues { .integer($0) })])
    }

    private static func show(
        _ path: String, _ help: String, _ body: @escaping @Sendable (Call, any Reader) throws(CloudError) -> JSON
    ) -> Route {
        Route(.get, .network, path, action: "show", rule: .role(.reader), help) { (call) throws(CloudError) in
            .json(200, ["quota": try await call.store.read { (reader) throws(CloudError) in try body(call, reader) }])
        }
    }

    static let routes: [Route] = [
        show("/v2.0/quotas/{project_id}", "Shows how many things the project may have.") {
            (call, reader) throws(CloudError) in
            .object(try limits(of: call.parameter("project_id"), in: reader).mapValues { .integer($0) })
        },
        show("/v2.0/quotas/{project_id}/default", "Shows how many things a project may usually have.") { (_, _) in
            .object(Dictionary(uniqueKeysWithValues: Meter.all.map { ($0.name, .integer($0.usual)) }))
        },
        show("/v2.0/quotas/{project_id}/details", "Shows how many things the project may have, and has.") {
            (call, reader) throws(CloudError) in
            .object(try details(call.parameter("project_id"), reader))
        },
        // ECL's client asks for the caller's own, and for the kinds of ECL.
        show("/v2.0/quotas/tenant", "Shows how many things the caller's project may have.") {
            (call, reader) throws(CloudError) in
            var own = try limits(of: call.project.text, in: reader)
            for name in [
                "colocation_logical_link", "common_function_gateway", "fic_gateway", "firewall", "interdc_gateway",
                "internet_gateway", "load_balancer", "public_ip", "vpn_gateway",
            ] { own[name] = own[name] ?? 0 }
            return .object(own.mapValues { .integer($0) })
        },
        Route(
            .get, .network, "/v2.0/quotas", action: "list", rule: .operator,
            "Lists the projects whose limits are not the usual ones."
        ) { (call) throws(CloudError) in
            let all = try await call.store.read { (reader) throws(CloudError) in
                var out: [(String, [String: Int])] = []
                for it in try reader.list(NetworkQuota.self, Query(kind)) {
                    out.append((it.id.text, try limits(of: it.id.text, in: reader)))
                }
                return out
            }
            return .json(
                200,
                [
                    "quotas": .array(
                        all.map { project, limits in
                            .object(
                                limits.mapValues { .integer($0) }.merging(
                                    ["tenant_id": .string(project), "project_id": .string(project)]) { $1 })
                        })
                ])
        },
        Route(
            .put, .network, "/v2.0/quotas/{project_id}", action: "update", rule: .operator, intake: .json(),
            "Says how many things a project may have.", example: ["quota": ["network": 50]]
        ) { (call) throws(CloudError) in
            let (project, wishes) = (call.parameter("project_id"), try wishes(try call.object("quota")))
            return answer(
                try await call.write(project) { (writer) throws(CloudError) in
                    if var it = try writer.find(ID<NetworkQuota>(project)) {
                        it.limits.merge(wishes) { $1 }
                        try writer.update(&it)
                    } else {
                        var new = NetworkQuota()
                        new.limits = wishes
                        try writer.insert(new, id: ID(project), project: ID(project))
                    }
                    return try limits(of: project, in: writer)
                })
        },
        Route(
            .delete, .network, "/v2.0/quotas/{project_id}", action: "delete", rule: .operator, status: 204,
            "Gives a project the usual limits."
        ) { (call) throws(CloudError) in
            let project = call.parameter("project_id")
            try await call.write(project) { (writer) throws(CloudError) in
                guard let it = try writer.find(ID<NetworkQuota>(project)) else { return }
                try writer.remove(Reference(it.id))
            }
            return Response(204)
        },
    ]

    private static func wishes(_ object: [String: JSON]) throws(CloudError) -> [String: Int] {
        var out: [String: Int] = [:]
        for (name, json) in object where name != "tenant_id" && name != "project_id" {
            guard Meter.all.contains(where: { $0.name == name }) else {
                throw .invalid("Unrecognized attribute(s) '\(name)'.", field: name)
            }
            guard let number = json.integer ?? json.string.flatMap({ Int($0) }), (-1...1_000_000).contains(number)
            else {
                throw .invalid("Invalid input for \(name): a limit is a whole number from -1 to 1000000.", field: name)
            }
            out[name] = number
        }
        return out
    }

    private static func details(_ project: String, _ reader: any Reader) throws(CloudError) -> [String: JSON] {
        var out: [String: JSON] = [:]
        let limits = try limits(of: project, in: reader)
        for meter in Meter.all {
            let used = try meter.used(by: project, in: reader)
            out[meter.name] = [
                "limit": .integer(limits[meter.name] ?? meter.usual), "used": .integer(used), "reserved": 0,
            ]
        }
        return out
    }
}
