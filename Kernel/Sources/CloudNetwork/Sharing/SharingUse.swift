import CloudCore
import CloudStore

extension RBACPolicy.ObjectType {
    /// Whose a thing is: `missing` where the caller may not know of it, `forbidden` where it is another's.
    func owner(of id: String, for caller: Caller, in writer: any Writer) throws(CloudError) -> ProjectID {
        switch self {
        case .network: try writer.own(ID<LogicalNetwork>(id), for: caller).project
        case .subnetpool: try writer.own(ID<SubnetPool>(id), for: caller).project
        case .securityGroup: try writer.own(ID<SecurityGroup>(id), for: caller).project
        case .addressGroup: try writer.own(ID<AddressGroup>(id), for: caller).project
        case .addressScope: try writer.own(ID<AddressScope>(id), for: caller).project
        case .qosPolicy: try writer.own(ID<QoSPolicy>(id), for: caller).project
        }
    }

    fileprivate func project(of id: String, in reader: any Reader) throws(CloudError) -> ProjectID? {
        switch self {
        case .network: try reader.find(ID<LogicalNetwork>(id))?.project
        case .subnetpool: try reader.find(ID<SubnetPool>(id))?.project
        case .securityGroup: try reader.find(ID<SecurityGroup>(id))?.project
        case .addressGroup: try reader.find(ID<AddressGroup>(id))?.project
        case .addressScope: try reader.find(ID<AddressScope>(id))?.project
        case .qosPolicy: try reader.find(ID<QoSPolicy>(id))?.project
        }
    }

    /// The kinds that use it, and the column of each that names it.
    fileprivate func users(_ action: RBACPolicy.Action) -> [(kind: Kind, column: String)] {
        switch (self, action) {
        case (.network, .shared): [(Port.kind, "network_id")]
        case (.network, .external): [(Router.kind, "gateway_network"), (FloatingIP.kind, "floating_network_id")]
        case (.subnetpool, _): [(Subnet.kind, "subnetpool_id")]
        case (.securityGroup, _): [(SecurityGroupRule.kind, "remote_group_id")]
        case (.addressGroup, _): [(SecurityGroupRule.kind, "remote_address_group_id")]
        case (.addressScope, _): [(SubnetPool.kind, "address_scope_id")]
        case (.qosPolicy, _): [Port.kind, LogicalNetwork.kind, FloatingIP.kind].map { ($0, "qos_policy_id") }
        }
    }
}

extension Stored where R == RBACPolicy {
    /// Throws `conflict` where something of a project hangs by this policy alone.
    ///
    /// - Parameter heir: the project, or `*`, that takes its target's place.
    func requireUnused(but heir: String = "", in reader: any Reader) throws(CloudError) {
        guard heir != Shares.everyone, let owner = try value.type.project(of: value.object, in: reader) else { return }
        for user in try users(in: reader) where user != owner && !user.text.isEmpty && user.text != heir {
            let others = Query(R.kind).with("object_id", .string(value.object))
                .with("action", .string(value.action.rawValue))
                .with("target_tenant", among: [.string(user.text), .string(Shares.everyone)])
            guard try reader.list(RBACPolicy.self, others).contains(where: { $0.id != id }) else {
                throw .conflict(
                    "RBAC policy on object \(value.object) cannot be removed because other objects depend on it.")
            }
        }
    }

    /// The projects with something that uses its object; its target alone, if it is for one.
    private func users(in reader: any Reader) throws(CloudError) -> Set<ProjectID> {
        var out: Set<ProjectID> = []
        for (kind, column) in value.type.users(value.action) {
            var query = Query(kind, limit: .max).with(column, .string(value.object))
            if value.target != Shares.everyone {
                query = query.with("project_id", .string(value.target))
                query.limit = 1
            }
            out.formUnion(try reader.rows(query).map { ProjectID($0.project) })
        }
        guard value.type == .securityGroup else { return out }
        for id in try reader.claims(SecurityGroup.space(ID(value.object))) {
            guard let port = try reader.find(ID<Port>(id)), port.deletingSince == nil else { continue }
            if value.target == Shares.everyone || port.project.text == value.target { out.insert(port.project) }
        }
        return out
    }
}
