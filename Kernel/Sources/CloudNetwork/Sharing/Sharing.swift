import CloudCore
import CloudStore
import CloudWire

/// What is shared, and with whom: read from RBAC policies, and written as such.
enum Sharing {
    /// Whether a policy lets a project use something.
    static func lets(
        _ project: ProjectID, use id: String, as action: RBACPolicy.Action = .shared, in reader: any Reader
    ) throws(CloudError) -> Bool {
        try reader.count(
            policies(of: id, action)
                .with("target_tenant", among: [.string(project.text), .string(Shares.everyone)])) > 0
    }

    static func isOpen(
        _ id: String, as action: RBACPolicy.Action = .shared, in reader: any Reader
    ) throws(CloudError) -> Bool {
        try reader.count(policies(of: id, action).with("target_tenant", .string(Shares.everyone))) > 0
    }

    private static func policies(of id: String, _ action: RBACPolicy.Action) -> Query {
        Query(RBACPolicy.kind).with("object_id", .string(id)).with("action", .string(action.rawValue))
    }

    /// Opens something to every project, or closes it again; nil leaves it as it is.
    ///
    /// - Throws: `forbidden` where that would be a change and the caller is no operator, `conflict` where others use it.
    static func settle(
        _ wish: Bool?, _ type: RBACPolicy.ObjectType, _ id: String, as action: RBACPolicy.Action = .shared,
        of owner: ProjectID, _ caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard let wish, try wish != isOpen(id, as: action, in: writer) else { return }
        guard caller.isOperator else {
            throw CloudError(.forbidden, "Only an operator shares with every project.", field: "shared")
        }
        if wish { return try open(type, id, as: action, of: owner, in: writer) }
        let there = policies(of: id, action).with("target_tenant", .string(Shares.everyone))
        for policy in try writer.list(RBACPolicy.self, there) {
            try policy.requireUnused(in: writer)
            try writer.remove(Reference(policy.id))
        }
    }

    /// Opens something that nobody opened before to every project.
    static func open(
        _ type: RBACPolicy.ObjectType, _ id: String, as action: RBACPolicy.Action = .shared, of owner: ProjectID,
        in writer: any Writer
    ) throws(CloudError) {
        var policy = RBACPolicy()
        (policy.type, policy.object, policy.action, policy.target) = (type, id, action, Shares.everyone)
        try writer.insert(policy, id: Derived.id("\(action.rawValue) of \(id)"), project: owner)
    }

    /// Ends all policies of what goes, or those for an action of what stays.
    static func forget(_ id: String, as action: RBACPolicy.Action? = nil, in writer: any Writer) throws(CloudError) {
        for policy in try writer.list(RBACPolicy.self, where: "object_id", .string(id))
        where action == nil || policy.action == action {
            try writer.remove(Reference(policy.id))
        }
    }

    /// Whether every project may use it.
    static func attribute<R: Resource>(
        _ path: WritableKeyPath<R, Bool?> & Sendable, rights: Rights = [.read, .create, .update]
    ) -> Attribute<R> {
        Attribute(
            "shared", type: .boolean, rights: rights, "Whether every project may use it.",
            read: { (it, reader) throws(CloudError) in .bool(try isOpen(it.id.text, in: reader)) },
            write: { (value, json) throws(CloudError) in
                guard !json.isNull else { return }
                try FieldType.boolean.check(json, name: "shared")
                value[keyPath: path] = json.bool
            })
    }
}

extension Stored where R == LogicalNetwork {
    /// Opens and closes it as it says of itself.
    func share(was old: Stored<LogicalNetwork>?, _ caller: Caller, in writer: any Writer) throws(CloudError) {
        try Sharing.settle(value.opens, .network, id.text, of: project, caller, in: writer)
        guard value.isExternal != (old?.isExternal ?? false) else { return }
        if value.isExternal { return try Sharing.open(.network, id.text, as: .external, of: project, in: writer) }
        try Sharing.forget(id.text, as: .external, in: writer)
    }

    /// Throws `missing`, as for a network that is none, where a project may not lead out by it.
    func requireExternal(for project: ProjectID, _ caller: Caller, in reader: any Reader) throws(CloudError) {
        guard !caller.isOperator, self.project != project,
            try !Sharing.lets(project, use: id.text, as: .external, in: reader)
        else { return }
        guard try !Sharing.lets(project, use: id.text, in: reader) else {
            throw .invalid("Network \(id) is not an external network for this project.")
        }
        throw .missing(R.kind.title, id.text)
    }
}

extension Stored where R == Port {
    /// Throws where a project's port on another's network would be more than a guest there: it has addresses that
    /// the network chooses, and speaks as itself.
    func requireGuest(
        was old: Stored<Port>?, on network: Stored<LogicalNetwork>, _ caller: Caller, in reader: any Reader
    ) throws(CloudError) {
        guard network.project != project, !caller.isOperator else { return }
        if old == nil {
            guard try Sharing.lets(project, use: network.id.text, in: reader) else {
                throw .missing(LogicalNetwork.kind.title, network.id.text)
            }
        }
        let own = Set((old?.addresses ?? []).compactMap(\.address))
        let names: [(String, Bool)] = [
            ("mac_address", old == nil && value.mac != nil),
            (
                "fixed_ips",
                !value.addressesAreOpen && value.addresses.contains { $0.address.map { !own.contains($0) } ?? false }
            ),
            ("allowed_address_pairs", value.pairs != old?.pairs ?? []),
            ("port_security_enabled", !value.guardIsOpen && !value.isGuarded && old?.isGuarded ?? true),
        ]
        for (name, isChosen) in names where isChosen {
            throw CloudError(
                .forbidden, "On another project's network, only that project's people choose \(name).", field: name)
        }
    }
}
