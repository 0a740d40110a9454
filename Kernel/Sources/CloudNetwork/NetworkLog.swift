import CloudCore
import CloudStore
import CloudWire

/// What a project wants written down of its packets (Neutron's logging API): those that its security groups drop, or
/// those that they let pass. It has no lifecycle: the groups and ports that it speaks of are woven accordingly.
public struct NetworkLog: Resource {
    public var name = "", description = "", isEnabled = true, event = Event.all
    /// The security group; empty for all of the project.
    public var group = ""
    /// The port; empty for all that are in the group.
    public var port = ""

    public enum Event: String, CaseIterable, Sendable { case all = "ALL", accept = "ACCEPT", drop = "DROP" }

    public init() {}

    public static let kind = Kind("log", "logs", service: "network")
    public static let access = Access.project
    public static let fields: [Field<NetworkLog>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .boolean("enabled", \.isEnabled, [.read, .create, .update], "Whether it writes at the moment."),
        .choice("event", \.event, [.read, .create], "Which packets: those dropped, those let pass, or all."),
        .text("resource_id", \.group, [.read, .create, .indexed], max: 64, "The security group."),
        .text("target_id", \.port, [.read, .create, .indexed], max: 64, "The port."),
    ]
    public static func goesWithProject(_ it: NetworkLog) -> Bool { true }
}

extension NetworkLog {
    func wants(_ verdict: FlowRecord.Verdict) -> Bool {
        isEnabled && (event == .all || event == (verdict == .drop ? .drop : .accept))
    }

    /// Whether it speaks of a port that is in these groups.
    func covers(_ id: ID<Port>, in groups: [ID<SecurityGroup>]) -> Bool {
        (port.isEmpty || port == id.text) && (group.isEmpty || groups.contains(ID(group)))
    }

    /// Those of a project.
    static func all(of project: ProjectID, in reader: any Reader) throws(CloudError) -> [Stored<NetworkLog>] {
        try reader.list(NetworkLog.self, where: "project_id", .string(project.text))
    }

    /// Whether what is dropped, or let pass, at a port is to be written down.
    static func wants(
        _ verdict: FlowRecord.Verdict, of port: Stored<Port>, in reader: any Reader
    ) throws(CloudError) -> Bool {
        guard port.isGuarded, !port.value.isRouters else { return false }
        return try all(of: port.project, in: reader).contains { log in
            log.value.wants(verdict) && log.value.covers(port.id, in: port.groups)
        }
    }

    /// Whether what a group's rules let pass is to be written down, of whichever of its ports.
    static func wantsAccepted(
        by group: Stored<SecurityGroup>, in reader: any Reader
    ) throws(CloudError) -> Bool {
        for log in try all(of: group.project, in: reader) where log.value.wants(.accept) {
            guard log.value.group.isEmpty else {
                if log.value.group == group.id.text { return true }
                continue
            }
            guard !log.port.isEmpty else { return true }
            if try reader.find(ID<Port>(log.port))?.groups.contains(group.id) ?? false { return true }
        }
        return false
    }

    /// Has the ports and groups that it speaks of look again.
    func refresh(_ project: ProjectID, in writer: any Writer) throws(CloudError) {
        var ports: [ID<Port>] = []
        var groups: [ID<SecurityGroup>] = []
        if !port.isEmpty {
            ports = [ID(port)]
            groups = try writer.find(ports[0])?.groups ?? []
        }
        if !group.isEmpty {
            groups = [ID(group)]
            if port.isEmpty { ports = try writer.claims(SecurityGroup.space(groups[0])).sorted().map { ID($0) } }
        }
        if port.isEmpty, group.isEmpty {
            var mine = Query(Port.kind, limit: .max).with("project_id", .string(project.text))
            ports = try writer.rows(mine).map { ID($0.id) }
            mine.kind = SecurityGroup.kind
            groups = try writer.rows(mine).map { ID($0.id) }
        }
        for id in ports where try writer.find(id) != nil { try writer.raise(.refresh, Reference(id)) }
        for id in groups where try writer.find(id) != nil { try writer.raise(.refresh, Reference(id)) }
    }

    /// Forgets those that speak of a port or group that is gone.
    static func forget(_ column: String, _ id: String, in writer: any Writer) throws(CloudError) {
        for log in try writer.list(NetworkLog.self, where: column, .string(id)) {
            try writer.remove(Reference(log.id))
            try log.value.refresh(log.project, in: writer)
        }
    }
}

extension NetworkLog: Governed {
    public static let quota = 50

    public static func admit(_ draft: inout Stored<NetworkLog>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        let project = draft.project
        if !draft.group.isEmpty {
            let group = try? writer.get(ID<SecurityGroup>(draft.group), for: caller)
            guard let group, group.project == project else {
                throw .missing("Resource", draft.group)
            }
        }
        if !draft.port.isEmpty {
            let port = try? writer.get(ID<Port>(draft.port), for: caller)
            guard let port, port.project == project else { throw .missing("Target", draft.port) }
            guard draft.group.isEmpty || port.groups.contains(ID(draft.group)) else {
                throw .conflict("Port \(port.id) is not in security group \(draft.group).")
            }
        }
        try draft.value.refresh(project, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<NetworkLog>, from old: Stored<NetworkLog>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        if it.isEnabled != old.isEnabled { try it.value.refresh(it.project, in: writer) }
    }

    public static func admitRemoval(of it: Stored<NetworkLog>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    { try it.value.refresh(it.project, in: writer) }
}

extension NetworkLog {
    static let face = Face<NetworkLog>(
        .network, "/v2.0/log/logs", "log", "logs",
        [
            .id(), .field("name"), .field("description"), .field("enabled"), .field("event"),
            .fixed("resource_type", "security_group", "What it is about: security groups."),
            named("resource_id", \.group, "The security group; null for all of the project."),
            named("target_id", \.port, "The port; null for all that are in the group."),
            .owner("project_id"), .owner("tenant_id"), .created(), .updated(), .revision(),
        ])

    /// Null for none.
    private static func named(
        _ name: String, _ path: WritableKeyPath<NetworkLog, String> & Sendable, _ help: String
    ) -> Attribute<NetworkLog> {
        let type = FieldType.text(max: 64, lines: false)
        return Attribute(
            name, column: name, type: type, rights: [.read, .create], help,
            read: { (it, _) throws(CloudError) in
                let id = it.value[keyPath: path]
                return id.isEmpty ? .null : .string(id)
            },
            write: { (it, json) throws(CloudError) in
                if json.isNull { return it[keyPath: path] = "" }
                try type.check(json, name: name)
                it[keyPath: path] = json.string ?? ""
            })
    }

    static let routes = [
        face.list(), face.show(),
        face.create(
            example: [
                "log": [
                    "name": "dropped", "resource_type": "security_group", "event": "DROP",
                    "resource_id": "{security_group}",
                ]
            ]), face.update(example: ["log": ["enabled": false]]), face.delete(),
        Route(
            .get, .network, "/v2.0/log/loggable-resources", action: "list", rule: .signedIn,
            "Lists what can be logged."
        ) { (_) throws(CloudError) in .json(200, ["loggable_resources": [["type": "security_group"]]]) },
    ]
}
