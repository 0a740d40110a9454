import CloudCore
import CloudStore
import CloudWire

/// A user's place in a group.
public struct Membership: Resource {
    public var user = ID<User>("")
    public var group = ID<Group>("")

    public init() {}

    public static let kind = Kind("membership", "memberships", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Membership>] = [
        .reference("user_id", \.user, [.read, .create, .indexed], "Who is in the group."),
        .reference("group_id", \.group, [.read, .create, .indexed], "The group."),
    ]

    /// One membership has one id, so that joining twice is joining once.
    static func id(_ user: ID<User>, _ group: ID<Group>) -> ID<Membership> { ID("\(user)\(group)") }
}

extension Membership {
    private static let path = "/v3/groups/{group_id}/users/{user_id}"

    static let routes = [
        Route(
            .put, .identity, path, action: "join", kind: kind, rule: .operator, status: 204, "Puts a user into a group."
        ) { (call) throws(CloudError) in
            let (user, group) = names(call)
            try await call.write(user.text) { (writer) throws(CloudError) in
                _ = (try writer.get(user), try writer.get(group))
                guard try writer.find(id(user, group)) == nil else { return }
                var membership = Membership()
                (membership.user, membership.group) = (user, group)
                try writer.insert(membership, id: id(user, group))
            }
            return Response(204)
        },
        Route(
            .delete, .identity, path, action: "leave", kind: kind, rule: .operator, status: 204,
            "Takes a user out of a group."
        ) { (call) throws(CloudError) in
            let (user, group) = names(call)
            try await call.write(user.text) { (writer) throws(CloudError) in
                guard try writer.find(id(user, group)) != nil else { throw absent }
                try writer.remove(Reference(id(user, group)))
            }
            return Response(204)
        },
        Route(
            .head, .identity, path, action: "check", kind: kind, rule: .operator, status: 204,
            "Tells whether a user is in a group."
        ) { (call) throws(CloudError) in
            let (user, group) = names(call)
            let isThere = try await call.store.read { (reader) throws(CloudError) in
                try reader.find(id(user, group)) != nil
            }
            guard isThere else { throw absent }
            return Response(204)
        },
        Route(
            .get, .identity, "/v3/groups/{group_id}/users", action: "list", kind: User.kind, rule: .operator,
            "Lists the users of a group.", schema: User.face.schema("users", list: true)
        ) { (call) throws(CloudError) in
            let group = ID<Group>(call.parameter("group_id"))
            let ids = try await call.store.read { (reader) throws(CloudError) in
                _ = try reader.get(group)
                return try reader.list(Membership.self, .everything(kind).with("group_id", .string(group.text))).map(
                    \.user)
            }
            return try await User.face.answerList(call) { (query) throws(CloudError) in
                query = query.with("id", among: ids.map { .string($0.text) })
            }
        },
    ]

    private static let absent = CloudError(.missing, "The user is not in the group.")

    private static func names(_ call: Call) -> (ID<User>, ID<Group>) {
        (ID(call.parameter("user_id")), ID(call.parameter("group_id")))
    }
}
