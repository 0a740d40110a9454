import CloudCore
import CloudStore
import CloudWire

/// Lets a further project, or every project, see and use something. Whatever else says that something is shared is
/// read from these.
public struct RBACPolicy: Resource {
    public var type = ObjectType.network
    public var object = ""
    public var action = Action.shared
    /// The project; `*` for all.
    public var target = ""

    /// What may be shared.
    public enum ObjectType: String, CaseIterable, Sendable {
        case network, subnetpool
        case securityGroup = "security_group", addressGroup = "address_group", addressScope = "address_scope"
        case qosPolicy = "qos_policy"
    }
    /// What the project may: use it as its own, or, of a network, lead its routers out by it.
    public enum Action: String, CaseIterable, Sendable {
        case shared = "access_as_shared", external = "access_as_external"
    }

    public init() {}

    public static let kind = Kind("rbac_policy", "rbac_policies", service: "network")
    public static let access = Access.project
    public static let fields: [Field<RBACPolicy>] = [
        .choice("object_type", \.type, [.read, .create, .required], "The sort of thing that is shared."),
        .text("object_id", \.object, [.read, .create, .required, .indexed], max: 64, "What is shared."),
        .choice("action", \.action, [.read, .create, .required], "What the project may."),
        .text(
            "target_tenant", \.target, [.read, .create, .update, .required, .indexed], max: 64,
            "The project; * for all."),
    ]

    /// How those of a type let projects see a resource of that type, or a part of one.
    static func shares(_ type: ObjectType, _ action: Action? = nil, by column: String = "id") -> Shares {
        var conditions: [(column: String, value: JSON)] = [("object_type", .string(type.rawValue))]
        if let action { conditions.append(("action", .string(action.rawValue))) }
        return Shares(kind, object: "object_id", target: "target_tenant", conditions: conditions, column: column)
    }
}

extension RBACPolicy: Metered {
    public static let quota = 100
    /// How many things may be shared with one project.
    static let mostForOne = 1000

    public static func admit(
        _ draft: inout Stored<RBACPolicy>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let it = draft.value
        guard it.action == .shared || it.type == .network else {
            throw .invalid("Only networks have \(it.action.rawValue).", field: "action")
        }
        let owner = try it.type.owner(of: it.object, for: caller, in: writer)
        guard owner == draft.project || caller.isOperator else { throw .missing("Resource", it.object) }
        try draft.check(caller, in: writer)
        guard it.action == .external, var network = try writer.find(ID<LogicalNetwork>(it.object)) else { return }
        if !network.isExternal {
            network.isExternal = true
            try writer.change(&network)
        }
    }

    public static func admitChange(
        of it: inout Stored<RBACPolicy>, from old: Stored<RBACPolicy>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.target != old.target else { return }
        try it.check(caller, in: writer)
        try old.requireUnused(but: it.target, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<RBACPolicy>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.requireAllowed(caller)
        try it.requireUnused(in: writer)
        guard it.action == .external, var network = try writer.find(ID<LogicalNetwork>(it.object)),
            network.isExternal, network.deletingSince == nil
        else { return }
        let left = Query(kind).with("object_id", .string(it.object)).with("action", .string(it.action.rawValue))
        guard try writer.count(left) == 1 else { return }
        // Nobody's way out any more.
        try LogicalNetwork.requireNoGateways(on: network.id, in: writer)
        network.isExternal = false
        try writer.change(&network)
    }
}

extension Stored where R == RBACPolicy {
    fileprivate func check(_ caller: Caller, in reader: any Reader) throws(CloudError) {
        try requireAllowed(caller)
        guard value.target == Shares.everyone || ID<RBACPolicy>(value.target).isPlain else {
            throw .invalid("Invalid input for target_tenant: the id of a project, or *.", field: "target_tenant")
        }
        let same = Query(R.kind).with("object_id", .string(value.object)).with("target_tenant", .string(value.target))
            .with("action", .string(value.action.rawValue))
        guard try reader.count(same) == 0 else {
            throw .conflict("An RBAC policy already exists with those values.")
        }
        let all = Query(R.kind).with("target_tenant", .string(value.target))
        guard try reader.count(all) < RBACPolicy.mostForOne else {
            throw .conflict("At most \(RBACPolicy.mostForOne) things are shared with one project.")
        }
    }

    /// What concerns every project, or what leads out of the cloud, is the operator's matter.
    fileprivate func requireAllowed(_ caller: Caller) throws(CloudError) {
        guard value.target == Shares.everyone || value.action == .external, !caller.isOperator else { return }
        throw CloudError(
            .forbidden, "Only an operator shares with every project, or gives \(RBACPolicy.Action.external.rawValue).",
            field: "target_tenant")
    }
}

extension RBACPolicy {
    static let face = Face<RBACPolicy>(
        .network, "/v2.0/rbac-policies", "rbac_policy", "rbac_policies",
        [
            .id(), .field("object_type"), .field("object_id"), .field("action"), .field("target_tenant"),
            .owner("tenant_id"), .owner("project_id"),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(
            example: [
                "rbac_policy": [
                    "object_type": "network", "object_id": "{network}", "action": "access_as_shared",
                    "target_tenant": "{partner}",
                ]
            ]),
        face.update(example: ["rbac_policy": ["target_tenant": "7d0b7d0b"]]), face.delete(),
    ]
}
