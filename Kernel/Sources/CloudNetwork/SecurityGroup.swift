import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// What may reach the ports that are in it, and what they may reach: its rules allow, and nothing else does.
public struct SecurityGroup: Lifecycle {
    public var name = "", description = "", stateful = true
    public var tags: [String: String] = [:]
    /// Whether the fabric has it.
    public var isWoven = false
    /// Whether every project may use it, where somebody says so.
    var opens: Bool?
    public var fault = ""

    public enum Label: String, CaseIterable, Sendable { case weave, destroy }

    public init() {}

    public static let kind = Kind("security_group", "security_groups", service: "network")
    public static let access = Access.project
    public static let shares: Shares? = RBACPolicy.shares(.securityGroup)
    public static let fields: [Field<SecurityGroup>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .boolean(
            "stateful", \.stateful, [.read, .create, .update], "Whether answers to what is allowed are allowed too."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
        .boolean("is_woven", \.isWoven, [], "Whether the fabric has it."),
        .text("fault", \.fault, [], max: 1024, "Why the fabric does not have it."),
    ]

    public static func goesWithProject(_ it: SecurityGroup) -> Bool { it.name == defaultName }

    /// The ids of those that a caller names, each by id or name; `invalid` for what is none, or several.
    static func named(_ names: [String], by caller: Caller, in writer: any Writer) throws(CloudError)
        -> [ID<SecurityGroup>]
    {
        var out: [ID<SecurityGroup>] = []
        for name in names {
            var found = try named(name, by: caller, in: writer)
            if found.isEmpty, name == defaultName {
                found = [try ensureDefault(of: caller.project ?? ID(""), in: writer)]
            }
            guard let id = found.first else {
                throw .invalid("Security group \(name.prefix(64)) could not be found.", field: "security_groups")
            }
            guard found.count == 1 else {
                throw .conflict("Multiple security groups are named '\(name.prefix(64))': use the id.")
            }
            if !out.contains(id) { out.append(id) }
        }
        return out
    }

    private static func named(_ name: String, by caller: Caller, in reader: any Reader) throws(CloudError)
        -> [ID<SecurityGroup>]
    {
        if let it = try reader.find(ID<SecurityGroup>(name)), it.deletingSince == nil,
            try it.isFor(caller.project ?? ID(""), in: reader)
        {
            return [it.id]
        }
        let mine = Query(kind).with("project_id", .string(caller.project?.text ?? "")).with("name", .string(name))
        return try reader.list(SecurityGroup.self, mine).map(\.id)
    }

    /// The name of the group that every project has, and that ports are in unless told otherwise.
    static let defaultName = "default"

    public static func step(
        _ label: Label, _ turn: inout Turn<SecurityGroup>, in fabric: any Fabric
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        let id = turn.it.id
        switch label {
        case .weave:
            let spec = try await turn.store.read { (reader) throws(CloudError) in
                try reader.get(id).spec(in: reader)
            }
            try await fabric.ensureGroup(spec)
            if !turn.it.isWoven {
                turn.also { (writer) throws(CloudError) in
                    for port in try writer.claims(space(id)).sorted() {
                        try writer.raise(.refresh, Reference(ID<Port>(port)))
                    }
                }
            }
            (turn.it.isWoven, turn.it.fault) = (true, "")
            return .rest
        case .destroy:
            try await fabric.removeGroup(id)
            turn.also { (writer) throws(CloudError) in
                try NetworkLog.forget("resource_id", id.text, in: writer)
            }
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<SecurityGroup>, _ error: CloudError) -> Next<Label> {
        turn.it.fault = "The group could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }

    /// The space in which the ports that are in it are claimed.
    static func space(_ id: ID<SecurityGroup>) -> String { "security-group:" + id.text }
}

extension SecurityGroup: Metered {
    public static let quota = 100

    public static func admit(
        _ draft: inout Stored<SecurityGroup>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard draft.name != defaultName else {
            throw .conflict("Default security group already exists.")
        }
        _ = try ensureDefault(of: draft.project, in: writer)
        try Sharing.settle(draft.opens, .securityGroup, draft.id.text, of: draft.project, caller, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<SecurityGroup>, from old: Stored<SecurityGroup>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        if it.stateful != old.stateful, !(try users(of: it.id, in: writer)).isEmpty {
            // What is under way would be cut off, or be let in unasked.
            throw .conflict(
                "Security Group \(it.id) in use: whether it is stateful changes only while no port is in it.")
        }
        try Sharing.settle(it.opens, .securityGroup, it.id.text, of: it.project, caller, in: writer)
        guard it.name != old.name else { return }
        guard old.name != defaultName, it.name != defaultName else {
            throw .conflict("The default security group keeps its name, and no other has it.")
        }
    }

    public static func admitRemoval(
        of it: Stored<SecurityGroup>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.name != defaultName || caller.isOperator else {
            throw .conflict("Removing the default security group is not allowed.")
        }
        let users = try users(of: it.id, in: writer)
        guard users.isEmpty else { throw .conflict("Security Group \(it.id) in use by \(Port.describe(users)).") }
        try Sharing.forget(it.id.text, in: writer)
        for rule in try writer.list(SecurityGroupRule.self, where: "security_group_id", .string(it.id.text)) {
            try writer.remove(Reference(rule.id))
        }
        // Rules of other groups that name this one go with it.
        for rule in try writer.list(SecurityGroupRule.self, where: "remote_group_id", .string(it.id.text)) {
            try writer.remove(Reference(rule.id))
            var group = try writer.get(rule.group)
            try writer.change(&group)
        }
    }

    /// Some of the ports that are in it, at most four.
    private static func users(of id: ID<SecurityGroup>, in reader: any Reader) throws(CloudError) -> [Stored<Port>] {
        var users: [Stored<Port>] = []
        for id in try reader.claims(space(id)).sorted() where users.count < 4 {
            if let port = try reader.find(ID<Port>(id)), port.deletingSince == nil { users.append(port) }
        }
        return users
    }

    /// The project's default group, which is made when it is first needed, with the rules that such groups begin with.
    static func ensureDefault(of project: ProjectID, in writer: any Writer) throws(CloudError) -> ID<SecurityGroup> {
        let id: ID<SecurityGroup> = Derived.id("default security group of \(project.text)")
        if let found = try writer.find(id) {
            guard found.deletingSince == nil else { throw .conflict("The default security group is being deleted.") }
            return id
        }
        var group = SecurityGroup()
        (group.name, group.description) = (defaultName, "Default security group")
        try writer.insert(group, id: id, project: project)
        try DefaultRule.apply(to: id, isDefault: true, project, in: writer)
        return id
    }
}

extension Stored where R == SecurityGroup {
    /// Whether ports of a project may be in it.
    func isFor(_ project: ProjectID, in reader: any Reader) throws(CloudError) -> Bool {
        if self.project == project { return true }
        return try Sharing.lets(project, use: id.text, in: reader)
    }

    /// What the fabric is told of it.
    func spec(in reader: any Reader) throws(CloudError) -> GroupSpec {
        let rules = try reader.list(SecurityGroupRule.self, where: "security_group_id", .string(id.text))
        var spec = GroupSpec(id: id, rules: Set(rules.map(\.value.spec)))
        spec.isStateful = value.stateful
        if try NetworkLog.wantsAccepted(by: self, in: reader) { spec.logsPassedFor = project }
        for id in Set(rules.compactMap(\.remoteAddresses)) {
            spec.addressGroups[id] = try reader.get(id).value.prefixes
        }
        return spec
    }
}

extension SecurityGroup {
    static let face = Face<SecurityGroup>(
        .network, "/v2.0/security-groups", "security_group", "security_groups",
        [
            .id(), .field("name"), .field("description"), .field("stateful"), .eclTags(), .openstackTags(),
            .owner("tenant_id"), .owner("project_id"), .created(), .updated(), .revision(),
            Sharing.attribute(\.opens),
            .computed("security_group_rules", "What it allows.") { (it, reader) throws(CloudError) in
                var writer = JSONWriter()
                let rules = try reader.list(SecurityGroupRule.self, where: "security_group_id", .string(it.id.text))
                try writer.array(rules) { (rule, writer) throws(CloudError) in
                    try writer.object { (writer) throws(CloudError) in
                        try SecurityGroupRule.face.write(rule, reader, into: &writer)
                    }
                }
                return try JSON.parse(writer.bytes)
            },
        ])

    static let routes = [
        face.list().after(ensureOwn), face.show(), create, face.update(example: ["security_group": ["name": "web"]]),
        face.delete(),
    ]

    /// Makes the default group of whoever looks for groups and may make one.
    static func ensureOwn(_ call: Call) async throws(CloudError) {
        let (project, caller) = (call.project, call.caller)
        guard let role = caller.role, role >= .member, !project.text.isEmpty else { return }
        let id: ID<SecurityGroup> = Derived.id("default security group of \(project.text)")
        guard try await call.store.read({ (reader) throws(CloudError) in try reader.find(id) == nil }) else { return }
        var record = call.record(id.text)
        record.action = "create"
        try await call.store.write(record) { (writer) throws(CloudError) in
            _ = try ensureDefault(of: project, in: writer)
        }
    }

    /// A new group begins with the rules that an operator chose: those that let whatever is in it send anywhere.
    private static let create = face.create(
        example: ["security_group": ["name": "web", "description": "from everywhere to port 80"]],
        then: { (it, writer) throws(CloudError) in
            try DefaultRule.apply(to: it.id, isDefault: false, it.project, in: writer)
        })
}

extension Route {
    /// The same route, with something done first.
    func after(_ first: @escaping @Sendable (Call) async throws(CloudError) -> Void) -> Route {
        let own = self
        return Route(
            method, service, path, action: action, kind: kind, rule: rule, intake: intake, status: status, help,
            example: example, schema: schema
        ) { (call) throws(CloudError) in
            try await first(call)
            return try await own.handle(call)
        }
    }
}
