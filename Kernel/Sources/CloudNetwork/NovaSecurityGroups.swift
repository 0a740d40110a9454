import CloudCore
import CloudStore
import CloudWire

/// Security groups as Nova's older clients know them (API Reference: `os-security-groups`, up to 2.35): the same
/// groups and rules as the network service's, in another dialect that knows only what comes in.
enum NovaSecurityGroups {
    private static let groups = "/v2.1/{project_id}/os-security-groups"
    private static let rules = "/v2.1/{project_id}/os-security-group-rules"

    static let routes = [list, show, create, update, delete, addRule, removeRule]

    /// The last microversion that has these paths.
    private static let last = 35

    private static func require(_ call: Call) throws(CloudError) {
        guard call.microversion <= last else { throw CloudError(.missing, "There is nothing at this path.") }
    }

    private static let list = Route(
        .get, .compute, groups, action: "list", kind: SecurityGroup.kind, rule: .role(.reader),
        "Lists the security groups."
    ) { (call) throws(CloudError) in
        try require(call)
        try await SecurityGroup.ensureOwn(call)
        var query = Query(SecurityGroup.kind, limit: 1000)
        if !call.caller.isOperator || call.request[query: "all_tenants"] == nil {
            query = query.with("project_id", .string(call.project.text))
        }
        let mine = query
        return try await call.store.read { (reader) throws(CloudError) in
            var out: [JSON] = []
            for it in try reader.list(SecurityGroup.self, mine) { out.append(try json(it, reader)) }
            return .json(200, ["security_groups": .array(out)])
        }
    }

    private static let show = Route(
        .get, .compute, groups + "/{security_group_id}", action: "show", kind: SecurityGroup.kind,
        rule: .role(.reader), "Shows a security group."
    ) { (call) throws(CloudError) in
        try require(call)
        let id = ID<SecurityGroup>(call.parameter("security_group_id"))
        return try await call.store.read { (reader) throws(CloudError) in
            .json(200, ["security_group": try json(try reader.get(id, for: call.caller), reader)])
        }
    }

    private static let create = Route(
        .post, .compute, groups, action: "create", kind: SecurityGroup.kind, rule: .role(.member), intake: .json(),
        "Creates a security group.", example: ["security_group": ["name": "web", "description": "from everywhere"]]
    ) { (call) throws(CloudError) in
        try require(call)
        let (draft, id) = (try named(call, SecurityGroup()), SecurityGroup.newID(call.dice))
        return try await call.write(id.text) { (writer) throws(CloudError) in
            let it = try writer.create(draft, id: id, project: call.project, for: call.caller)
            try DefaultRule.apply(to: it.id, isDefault: false, it.project, in: writer)
            return .json(200, ["security_group": try json(it, writer)])
        }
    }

    private static let update = Route(
        .put, .compute, groups + "/{security_group_id}", action: "update", kind: SecurityGroup.kind,
        rule: .role(.member), intake: .json(), "Changes a security group's name and description.",
        example: ["security_group": ["name": "web2", "description": "from everywhere"]]
    ) { (call) throws(CloudError) in
        try require(call)
        let id = ID<SecurityGroup>(call.parameter("security_group_id"))
        return try await call.write(id.text) { (writer) throws(CloudError) in
            let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                it.value = try named(call, it.value)
            }
            return .json(200, ["security_group": try json(it, writer)])
        }
    }

    private static let delete = Route(
        .delete, .compute, groups + "/{security_group_id}", action: "delete", kind: SecurityGroup.kind,
        rule: .role(.member), status: 202, "Deletes a security group that nothing is in."
    ) { (call) throws(CloudError) in
        try require(call)
        let id = ID<SecurityGroup>(call.parameter("security_group_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in
            do throws(CloudError) { try writer.withdraw(id, for: call.caller) } catch  where error.code == .conflict {
                // Nova's word for a group that is in use.
                throw .invalid(error.message)
            }
        }
        return Response(202)
    }

    private static let addRule = Route(
        .post, .compute, rules, action: "create", kind: SecurityGroupRule.kind, rule: .role(.member), intake: .json(),
        "Allows something to come in.",
        example: [
            "security_group_rule": [
                "parent_group_id": "{security_group}", "ip_protocol": "tcp", "from_port": 80, "to_port": 80,
                "cidr": "192.0.2.0/24",
            ]
        ]
    ) { (call) throws(CloudError) in
        try require(call)
        let (draft, id) = (try rule(call), SecurityGroupRule.newID(call.dice))
        return try await call.write(id.text) { (writer) throws(CloudError) in
            do throws(CloudError) {
                let it = try writer.create(draft, id: id, project: call.project, for: call.caller)
                return .json(200, ["security_group_rule": try json(it, writer)])
            } catch  where error.code == .conflict {
                // Nova's word for a rule that is there.
                throw .invalid(error.message)
            }
        }
    }

    private static let removeRule = Route(
        .delete, .compute, rules + "/{security_group_rule_id}", action: "delete", kind: SecurityGroupRule.kind,
        rule: .role(.member), status: 202, "Takes a rule away."
    ) { (call) throws(CloudError) in
        try require(call)
        let id = ID<SecurityGroupRule>(call.parameter("security_group_rule_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in try writer.withdraw(id, for: call.caller) }
        return Response(202)
    }

    // MARK: The dialect

    private static func named(_ call: Call, _ group: SecurityGroup) throws(CloudError) -> SecurityGroup {
        var group = group
        let body = try call.object("security_group")
        for name in ["name", "description"] {
            guard let text = body[name], !text.isNull else { continue }
            try SecurityGroup.fields.first { $0.name == name }!.set(&group, text)
        }
        guard !group.name.isEmpty else { throw .invalid("A security group has a name.", field: "name") }
        return group
    }

    private static func rule(_ call: Call) throws(CloudError) -> SecurityGroupRule {
        let body = try call.object("security_group_rule")
        var rule = SecurityGroupRule()
        let parent = body["parent_group_id"]?.string ?? ""
        guard !parent.isEmpty, parent.allSatisfy({ $0.isHexDigit || $0 == "-" }) else {
            throw .invalid("parent_group_id is the id of a security group.", field: "parent_group_id")
        }
        rule.group = ID(parent)
        rule.transport = body["ip_protocol"]?.string?.lowercased() ?? ""
        rule.low = try port(body, "from_port")
        rule.high = try port(body, "to_port")
        if let other = body["group_id"]?.string { rule.remoteGroup = ID(other) }
        if let text = body["cidr"]?.string {
            guard let prefix = Prefix(text) else {
                throw .invalid("'\(text.prefix(64))' is not a CIDR.", field: "cidr")
            }
            (rule.remotePrefix, rule.etherType) = (prefix, prefix.isIPv6 ? .v6 : .v4)
        }
        return rule
    }

    private static func port(_ body: [String: JSON], _ name: String) throws(CloudError) -> Int {
        guard let given = body[name], !given.isNull else { return -1 }
        guard let number = given.integer ?? given.string.flatMap({ Int($0) }), (-1...65_535).contains(number) else {
            throw .invalid("\(name) is a port, or ICMP's type or code.", field: name)
        }
        return number
    }

    /// A group with what it lets in.
    static func json(_ it: Stored<SecurityGroup>, _ reader: any Reader) throws(CloudError) -> JSON {
        var rules: [JSON] = []
        for rule in try reader.list(SecurityGroupRule.self, where: "security_group_id", .string(it.id.text))
        where rule.direction == .ingress {
            rules.append(try json(rule, reader))
        }
        return [
            "id": .string(it.id.text), "name": .string(it.value.name), "description": .string(it.value.description),
            "tenant_id": .string(it.project.text), "rules": .array(rules),
        ]
    }

    private static func json(_ it: Stored<SecurityGroupRule>, _ reader: any Reader) throws(CloudError) -> JSON {
        var (range, group): (JSON, JSON) = ([:], [:])
        if let id = it.remoteGroup {
            group = ["name": .string(try reader.find(id)?.value.name ?? ""), "tenant_id": .string(it.project.text)]
        } else {
            let anywhere = it.etherType == .v6 ? "::/0" : "0.0.0.0/0"
            range = ["cidr": .string(it.remotePrefix?.description ?? anywhere)]
        }
        return [
            "id": .string(it.id.text), "parent_group_id": .string(it.group.text),
            "ip_protocol": it.transport.isEmpty ? .null : .string(it.transport),
            "from_port": it.low < 0 ? .null : .integer(it.low), "to_port": it.high < 0 ? .null : .integer(it.high),
            "ip_range": range, "group": group,
        ]
    }
}
