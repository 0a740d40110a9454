import CloudCore
import CloudStore
import CloudWire

/// Someone, or some program, that can log in.
public struct User: Resource {
    public var name = ""
    public var description = ""
    public var email = ""
    public var domain = Domain.default
    public var defaultProject = ""
    public var enabled = true
    /// A salted scrypt hash; never the password.
    public var password = ""
    /// Tokens issued before are void: it moves when the password changes or the user is disabled.
    public var tokensFrom: Instant?

    public init() {}

    public static let kind = Kind("user", "users", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<User>] = [
        .text("name", \.name, [.read, .create, .update, .required, .indexed], "The login name, once in its domain."),
        .text("description", \.description, [.read, .create, .update], "For people."),
        .text("email", \.email, [.read, .create, .update], "Where to write to."),
        .reference("domain_id", \.domain, [.read, .create, .indexed], "The domain it belongs to."),
        .text(
            "default_project_id", \.defaultProject, [.read, .create, .update], max: 64, "Where it works unless it says."
        ),
        .boolean("enabled", \.enabled, [.read, .create, .update], "Whether it may log in."),
        .text("password_hash", \.password, [.secret], "A salted hash of the password."),
        .time("tokens_from", \.tokensFrom, [.secret], "Tokens issued before are void."),
    ]
}

extension User: Governed {
    public static func newID(_ dice: any Dice) -> ID<User> { ID(dice.hex32()) }

    public static func admit(_ draft: inout Stored<User>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        try writer.claimName(draft.value.name, of: Reference(draft.id), in: draft.domain)
    }

    public static func admitChange(
        of it: inout Stored<User>, from old: Stored<User>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try writer.moveName(from: old.value.name, to: it.value.name, of: Reference(it.id), in: it.domain)
        if it.password != old.password || !it.enabled { it.tokensFrom = writer.now }
    }

    public static func admitRemoval(of it: Stored<User>, for caller: Caller, in writer: any Writer) throws(CloudError) {
        for assignment in try writer.list(Assignment.self, where: "user_id", .string(it.id.text)) {
            try writer.remove(Reference(assignment.id))
        }
    }
}

extension User {
    static let face = Face<User>(
        .identity, "/v3/users", "user", "users",
        [
            .id(), .field("name"), .field("description"), .field("email"), .field("domain_id"),
            .field("default_project_id"), .field("enabled"),
            .computed("password_expires_at", "When the password lapses.") { (_, _) in .null },
            .computed("options", "Options of the account.") { (_, _) in [:] },
        ])

    static func routes(_ vault: any Vault) -> [Route] {
        [
            face.list(.operator), showRoute, face.delete(.operator), createRoute(vault), updateRoute(vault),
            passwordRoute(vault),
        ]
    }

    /// A user may see itself; an operator sees all.
    private static let showRoute = Route(
        .get, .identity, "/v3/users/{user_id}", action: "show", kind: kind, rule: .signedIn, "Shows one user.",
        schema: nil
    ) { (call) throws(CloudError) in
        let id = ID<User>(call.parameter("user_id"))
        guard call.caller.isOperator || call.caller.user?.text == id.text else { throw .missing(kind.title, id.text) }
        return .bytes(
            200,
            try await call.store.read { (reader) throws(CloudError) in
                try face.body(try reader.get(id), reader)
            })
    }

    private static func createRoute(_ vault: any Vault) -> Route {
        Route(
            .post, .identity, face.path, action: "create", kind: kind, rule: .operator, intake: .json(), status: 201,
            "Creates a user.", example: ["user": ["name": "hana", "password": "correct horse"]]
        ) { (call) throws(CloudError) in
            var object = try call.object("user")
            let password = try takePassword(&object)
            var draft = User()
            try face.apply(object, to: &draft, right: .create)
            if let password { draft.password = try await vault.hash(password) }
            let (value, id) = (draft, newID(call.dice))
            return .bytes(
                201,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    try face.body(try writer.create(value, id: id, project: call.project, for: call.caller), writer)
                })
        }
    }

    private static func updateRoute(_ vault: any Vault) -> Route {
        Route(
            .patch, .identity, "/v3/users/{user_id}", action: "update", kind: kind, rule: .operator, intake: .json(),
            "Changes a user.", example: ["user": ["description": "on leave"]]
        ) { (call) throws(CloudError) in
            var object = try call.object("user")
            var hash: String?
            if let password = try takePassword(&object) { hash = try await vault.hash(password) }
            let (rest, newHash, id) = (object, hash, ID<User>(call.parameter("user_id")))
            return .bytes(
                200,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                        try face.apply(rest, to: &it.value, right: .update)
                        if let newHash { it.password = newHash }
                    }
                    return try face.body(it, writer)
                })
        }
    }

    /// Changes one's own password, which the caller must know.
    private static func passwordRoute(_ vault: any Vault) -> Route {
        Route(
            .post, .identity, "/v3/users/{user_id}/password", action: "change_password", kind: kind, rule: .signedIn,
            intake: .json(), status: 204, "Changes one's own password; tokens issued before end.",
            example: ["user": ["original_password": "correct horse", "password": "battery staple"]]
        ) { (call) throws(CloudError) in
            let id = ID<User>(call.parameter("user_id"))
            guard call.caller.user?.text == id.text else { throw .missing(kind.title, id.text) }
            var object = try call.object("user")
            guard let new = try takePassword(&object), let old = object["original_password"]?.string else {
                throw .invalid("original_password and password are needed.", field: "password")
            }
            let it = try await call.store.read { (reader) throws(CloudError) in try reader.get(id) }
            guard await vault.verify(old, it.password) else {
                throw CloudError(.unauthenticated, "The original password is wrong.")
            }
            let hash = try await vault.hash(new)
            try await call.write(id.text) { (writer) throws(CloudError) in
                _ = try writer.revise(id, for: call.caller) { $0.password = hash }
            }
            return Response(204)
        }
    }

    /// Takes the password out of a body, so that nothing else sees it.
    private static func takePassword(_ object: inout [String: JSON]) throws(CloudError) -> String? {
        guard let value = object.removeValue(forKey: "password"), !value.isNull else { return nil }
        guard let password = value.string, (1...128).contains(password.utf8.count) else {
            throw .invalid("A password has 1 to 128 bytes.", field: "password")
        }
        return password
    }
}
