import CloudCore
import CloudStore
import CloudWire

/// Users who are granted roles together.
public struct Group: Resource {
    public var name = ""
    public var description = ""
    public var domain = Domain.default
    public var extras = Extras()

    public init() {}

    public static let kind = Kind("group", "groups", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Group>] = [
        .text(
            "name", \.name, [.read, .create, .update, .required, .indexed], max: 64, "Its name, once in its domain."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .reference("domain_id", \.domain, [.read, .create, .indexed], "The domain it belongs to."),
        .extras,
    ]
}

extension Group: Extensible {
    public static func newID(_ dice: any Dice) -> ID<Group> { ID(dice.hex32()) }

    public static func admit(_ draft: inout Stored<Group>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        _ = try writer.get(draft.domain)
        try writer.claimName(draft.value.name, of: Reference(draft.id), in: draft.domain)
    }

    public static func admitChange(
        of it: inout Stored<Group>, from old: Stored<Group>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try writer.moveName(from: old.value.name, to: it.value.name, of: Reference(it.id), in: it.domain)
    }

    public static func admitRemoval(of it: Stored<Group>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        try writer.removeGrants("group_id", it.id.text)
        for membership in try writer.list(
            Membership.self, Query.everything(Membership.kind).with("group_id", .string(it.id.text)))
        {
            try writer.remove(Reference(membership.id))
        }
    }
}

extension Group {
    static let face = Face<Group>(
        .identity, "/v3/groups", "group", "groups",
        [.id(), .field("name"), .field("description"), .field("domain_id")])

    static let routes = [
        face.lister(.operator), face.shower(.operator), face.creator(example: ["group": ["name": "night shift"]]),
        face.changer(example: ["group": ["description": "after six"]]), face.deleter(),
        Route(
            .get, .identity, "/v3/users/{user_id}/groups", action: "list", kind: kind, rule: .signedIn,
            "Lists the groups a user is in: one's own, or anyone's for an operator.",
            schema: face.schema("groups", list: true)
        ) { (call) throws(CloudError) in
            let user = try call.ownUser()
            let ids = try await call.store.read { (reader) throws(CloudError) in
                _ = try reader.get(user)
                return try reader.list(
                    Membership.self, .everything(Membership.kind).with("user_id", .string(user.text))
                ).map(\.group)
            }
            return try await face.answerList(call) { (query) throws(CloudError) in
                query = query.with("id", among: ids.map { .string($0.text) })
            }
        },
    ]
}
