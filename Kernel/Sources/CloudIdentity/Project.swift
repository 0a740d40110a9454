import CloudCore
import CloudStore
import CloudWire

/// A tenant: what owns resources and what a token is scoped to.
public struct Project: Resource {
    public var name = ""
    public var description = ""
    public var domain = Domain.default
    public var enabled = true
    /// The project it stands under; nil directly under its domain. A role on that is none here, unless it is granted as inherited.
    public var parent: ID<Project>?
    public var tags: [String] = []
    public var extras = Extras()

    public init() {}

    public static let kind = Kind("project", "projects", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Project>] = [
        .text(
            "name", \.name, [.read, .create, .update, .required, .indexed], max: 64, "Its name, once in its domain."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .reference("domain_id", \.domain, [.read, .create, .indexed], "The domain it belongs to."),
        .boolean("enabled", \.enabled, [.read, .create, .update], "Whether tokens for it are valid."),
        .reference("parent_project_id", \.parent, [.read, .create], "The project it stands under."),
        .value("tags", \.tags, [.read, .create, .update], max: 32_768, "Labels, each once."),
        .extras,
    ]
}

extension Project: Extensible {
    public static func newID(_ dice: any Dice) -> ID<Project> { ID(dice.hex32()) }

    /// How deep projects may stand under each other.
    static let depth = 5

    public static func admit(_ draft: inout Stored<Project>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try place(&draft.value, in: writer)
        _ = try writer.get(draft.domain)
        try checkTags(draft.tags)
        try writer.claimName(draft.value.name, of: Reference(draft.id), in: draft.domain)
    }

    /// A parent may be named that is the domain itself.
    private static func place(_ value: inout Project, in writer: any Writer) throws(CloudError) {
        guard let named = value.parent else { return }
        if try writer.find(ID<Domain>(named.text)) != nil {
            value.parent = nil
            guard value.domain.text == named.text || value.domain == Domain.default else {
                throw .invalid("The parent is another domain than domain_id.", field: "parent_id")
            }
            value.domain = ID(named.text)
            return
        }
        var above = try writer.get(named)
        guard value.domain == above.domain || value.domain == Domain.default else {
            throw .invalid("The parent project is in another domain.", field: "parent_id")
        }
        value.domain = above.domain
        var height = 1
        while let next = above.parent {
            height += 1
            guard height < depth else {
                throw CloudError(.forbidden, "Projects stand at most \(depth) deep under each other.")
            }
            above = try writer.get(next)
        }
    }

    public static func admitChange(
        of it: inout Stored<Project>, from old: Stored<Project>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.domain == old.domain, it.parent == old.parent else {
            throw CloudError(.forbidden, "A project stays in its place.")
        }
        try checkTags(it.tags)
        try writer.moveName(from: old.value.name, to: it.value.name, of: Reference(it.id), in: it.domain)
    }

    public static func admitRemoval(of it: Stored<Project>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        guard try writer.first(Project.self, where: "parent_project_id", .string(it.id.text)) == nil else {
            throw CloudError(.forbidden, "The project has projects under it.")
        }
        try writer.clearOut(it.id)
        try writer.removeGrants("target_id", it.id.text)
        let credentials = Query.everything(ApplicationCredential.kind).with("for_project_id", .string(it.id.text))
        for credential in try writer.list(ApplicationCredential.self, credentials) {
            try writer.remove(Reference(credential.id))
        }
    }

    private static func checkTags(_ tags: [String]) throws(CloudError) {
        guard tags.count <= 80 else { throw .invalid("A project has at most 80 tags.", field: "tags") }
        guard Set(tags).count == tags.count else { throw .invalid("Each tag stands once.", field: "tags") }
        for tag in tags {
            try FieldType.text(max: 255, lines: false).check(.string(tag), name: "tags")
            guard !tag.isEmpty, !tag.holds("/"), !tag.holds(",") else {
                throw .invalid("A tag is not empty and has no comma or slash.", field: "tags")
            }
        }
    }
}

extension Project {
    static let face = Face<Project>(
        .identity, "/v3/projects", "project", "projects",
        [
            .id(), .field("name"), .field("description"), .field("domain_id"), .field("enabled"), .field("tags"),
            Attribute(
                "parent_id", type: .text(max: 64, lines: false), rights: [.read, .create],
                "The project it stands under, or its domain.",
                read: { (it, _) throws(CloudError) in .string(it.parent?.text ?? it.domain.text) },
                write: { (value, json) throws(CloudError) in
                    try FieldType.reference(kind, optional: true).check(json, name: "parent_id")
                    value.parent = json.string.map(ID.init)
                }),
            Attribute(
                "is_domain", type: .boolean, rights: [.read, .create], "Whether it acts as a domain: never.",
                read: { (_, _) throws(CloudError) in false },
                write: { (_, json) throws(CloudError) in
                    guard json == false else { throw .invalid("Domains are made at /v3/domains.", field: "is_domain") }
                }),
            .noOptions(),
        ])

    static func routes(_ directory: Directory) -> [Route] {
        [
            face.lister(.operator, special: ["parent_id", "is_domain"]) { (query, call) throws(CloudError) in
                if let parent = call.request[query: "parent_id"] {
                    let isDomain = directory.see { $0.domains[ID(parent)] != nil }
                    query =
                        isDomain
                        ? query.with("domain_id", .string(parent)).with("parent_project_id", nil)
                        : query.with("parent_project_id", .string(parent))
                }
                // No project is a domain, so that asking for those finds none.
                if ["true", "1"].contains(call.request[query: "is_domain"]?.lowercased()) {
                    query = query.with("id", "")
                }
            },
            face.creator(example: ["project": ["name": "blue"]]),
            face.changer(example: ["project": ["description": "ours"]]), face.deleter(),
            face.shower(.signedIn) { (id, call) throws(CloudError) in try requireSight(id, call, directory) },
            mineRoute(directory),
        ] + tagRoutes(directory)
    }

    /// The projects that a caller has a role on.
    static func seen(by caller: Caller, _ facts: Facts) -> [ID<Project>] {
        caller.user.map { facts.projects(of: ID($0.text)) } ?? []
    }

    /// Those who have a role on a project may see it.
    static func requireSight(_ id: ID<Project>, _ call: Call, _ directory: Directory) throws(CloudError) {
        guard !call.caller.isOperator, call.caller.project?.text != id.text else { return }
        let sees = directory.see { facts in
            call.caller.user.map { !facts.roles(ID($0.text), .project(id)).isEmpty } ?? false
        }
        guard sees else { throw .missing(kind.title, id.text) }
    }

    private static func mineRoute(_ directory: Directory) -> Route {
        Route(
            .get, .identity, "/v3/users/{user_id}/projects", action: "list", kind: kind, rule: .signedIn,
            "Lists the projects that a user has a role on: one's own, or anyone's for an operator.",
            schema: face.schema("projects", list: true)
        ) { (call) throws(CloudError) in
            let user = try call.ownUser()
            let ids = directory.see { $0.people[user] == nil ? nil : $0.projects(of: user) }
            guard let ids else { throw .missing(User.kind.title, user.text) }
            return try await face.answerList(call) { (query) throws(CloudError) in
                query = query.with("id", among: ids.map { .string($0.text) })
            }
        }
    }
}

extension Writer {
    /// Deletes what goes with a project; throws `conflict`, naming what is left, where it still owns anything else.
    func clearOut(_ project: ID<Project>) throws(CloudError) {
        // Backwards, so that each goes before what it refers to.
        for schema in schemas.all.reversed() where schema.access == .project {
            let query = Query(schema.kind, limit: .max).with("project_id", .string(project.text))
            // What is being deleted goes its way without the project.
            let rows = try rows(query)
            for var row in rows {
                guard try schema.goesWithProject(row.values) else {
                    throw .conflict("Project \(project) still has \(rows.count) \(schema.kind.plural).")
                }
                let target = Reference(schema.kind, row.id)
                guard !schema.labels.isEmpty else {
                    try remove(target)
                    continue
                }
                row.deletingSince = now
                row.version += 1
                try update(schema.kind, row)
                try raise(.destroy, target)
            }
        }
    }

    /// Takes a name within a domain; `conflict` where it is taken.
    func claimName(_ name: String, of owner: Reference, in domain: ID<Domain>?) throws(CloudError) {
        try requireName(name)
        do throws(CloudError) { try claim("\(owner.kind.name):\(domain?.text ?? "")", name, for: owner) } catch {
            throw .conflict("A \(owner.kind.name) named '\(name)' already exists in the domain.")
        }
    }

    func moveName(
        from old: String, to new: String, of owner: Reference, in domain: ID<Domain>?
    ) throws(CloudError) {
        guard old != new else { return }
        try claimName(new, of: owner, in: domain)
        try release("\(owner.kind.name):\(domain?.text ?? "")", old)
    }

    /// Takes away every grant in which a column has a value.
    func removeGrants(_ column: String, _ value: String) throws(CloudError) {
        for grant in try list(Assignment.self, Query.everything(Assignment.kind).with(column, .string(value))) {
            try remove(Reference(grant.id))
        }
    }
}
