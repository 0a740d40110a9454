import CloudCore
import CloudStore
import CloudWire

/// A tenant: what owns resources and what a token is scoped to.
public struct Project: Resource {
    public var name = ""
    public var description = ""
    public var domain = Domain.default
    public var enabled = true

    public init() {}

    public static let kind = Kind("project", "projects", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Project>] = [
        .text(
            "name", \.name, [.read, .create, .update, .required, .indexed], max: 64, "Its name, once in its domain."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .reference("domain_id", \.domain, [.read, .create, .indexed], "The domain it belongs to."),
        .boolean("enabled", \.enabled, [.read, .create, .update], "Whether tokens for it are valid."),
    ]
}

extension Project: Governed {
    public static func newID(_ dice: any Dice) -> ID<Project> { ID(dice.hex32()) }

    public static func admit(_ draft: inout Stored<Project>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try writer.claimName(draft.value.name, of: Reference(draft.id), in: draft.domain)
    }

    public static func admitChange(
        of it: inout Stored<Project>, from old: Stored<Project>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try writer.moveName(from: old.value.name, to: it.value.name, of: Reference(it.id), in: it.domain)
    }

    public static func admitRemoval(of it: Stored<Project>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try writer.requireEmpty(it.id)
        for assignment in try writer.list(Assignment.self, where: "target_id", .string(it.id.text)) {
            try writer.remove(Reference(assignment.id))
        }
    }
}

extension Project {
    static let face = Face<Project>(
        .identity, "/v3/projects", "project", "projects",
        [
            .id(), .field("name"), .field("description"), .field("domain_id"), .field("enabled"),
            .computed("parent_id", "The domain: projects do not nest.") { (it, _) in .string(it.domain.text) },
            .computed("is_domain", "Whether it acts as a domain.") { (_, _) in false },
            .computed("tags", "Labels.") { (_, _) in [] },
        ])

    static let routes = [
        face.list(.operator), face.show(.operator), face.create(.operator, example: ["project": ["name": "blue"]]),
        face.update(.patch, .operator, example: ["project": ["description": "ours"]]), face.delete(.operator),
    ]
}

extension Writer {
    /// Throws `conflict`, naming what is left, where a project still owns anything.
    func requireEmpty(_ project: ID<Project>) throws(CloudError) {
        for schema in schemas.all where schema.access == .project {
            var query = Query(schema.kind, limit: 1).with("project_id", .string(project.text))
            query.includesDeleting = true
            let number = try count(query)
            guard number == 0 else {
                throw .conflict("Project \(project) still has \(number) \(schema.kind.plural).")
            }
        }
    }

    /// Takes a name within a domain; `conflict` where it is taken.
    func claimName(_ name: String, of owner: Reference, in domain: ID<Domain>) throws(CloudError) {
        guard !name.isEmpty else { throw .invalid("The name must not be empty.", field: "name") }
        do throws(CloudError) { try claim("\(owner.kind.name):\(domain.text)", name, for: owner) } catch {
            throw .conflict("A \(owner.kind.name) named '\(name)' already exists in the domain.")
        }
    }

    func moveName(
        from old: String, to new: String, of owner: Reference, in domain: ID<Domain>
    ) throws(CloudError) {
        guard old != new else { return }
        try claimName(new, of: owner, in: domain)
        try release("\(owner.kind.name):\(domain.text)", old)
    }
}
