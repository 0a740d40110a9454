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
    /// The hashes before, the newest first: those passwords are not taken again soon.
    public var formerPasswords: [String] = []
    /// Tokens of an earlier generation are void: it is raised when the password changes or the user is disabled.
    public var generation = 0
    public var extras = Extras()

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
        .value("former_passwords", \.formerPasswords, [.secret], max: 4096, "Hashes of passwords before."),
        .integer("generation", \.generation, [.secret], 0...Int.max, "Tokens of an earlier generation are void."),
        .extras,
    ]
}

extension User: Extensible {
    public static func newID(_ dice: any Dice) -> ID<User> { ID(dice.hex32()) }

    public static func admit(_ draft: inout Stored<User>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        _ = try writer.get(draft.domain)
        try writer.claimName(draft.value.name, of: Reference(draft.id), in: draft.domain)
    }

    public static func admitChange(
        of it: inout Stored<User>, from old: Stored<User>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.domain == old.domain else { throw CloudError(.forbidden, "A user stays in its domain.") }
        try writer.moveName(from: old.value.name, to: it.value.name, of: Reference(it.id), in: it.domain)
        if it.password != old.password {
            it.formerPasswords = Array(
                ([old.password] + old.formerPasswords).filter { !$0.isEmpty }.prefix(Passwords.remembered - 1))
        }
        if it.password != old.password || it.enabled != old.enabled { it.generation += 1 }
    }

    public static func admitRemoval(of it: Stored<User>, for caller: Caller, in writer: any Writer) throws(CloudError) {
        try writer.removeGrants("user_id", it.id.text)
        for membership in try writer.list(
            Membership.self, Query.everything(Membership.kind).with("user_id", .string(it.id.text)))
        {
            try writer.remove(Reference(membership.id))
        }
        let credentials = Query.everything(ApplicationCredential.kind).with("user_id", .string(it.id.text))
        for credential in try writer.list(ApplicationCredential.self, credentials) {
            try writer.remove(Reference(credential.id))
        }
    }
}

extension User {
    static let face = Face<User>(
        .identity, "/v3/users", "user", "users",
        [
            .id(), .field("name"), .field("description"), .field("email"), .field("domain_id"), .field("enabled"),
            Attribute(
                "default_project_id", column: "default_project_id", type: .text(max: 64, lines: false),
                rights: [.read, .create, .update], "Where it works unless it says.",
                read: { (it, _) throws(CloudError) in it.defaultProject.isEmpty ? .null : .string(it.defaultProject) },
                write: { (value, json) throws(CloudError) in
                    try FieldType.text(max: 64, lines: false).check(json, name: "default_project_id")
                    value.defaultProject = json.string ?? ""
                }),
            .computed("password_expires_at", "When the password lapses.") { (_, _) in .null },
            .noOptions(),
        ])
}

/// What a password must be.
enum Passwords {
    /// How many passwords, the present one included, a user may not choose again.
    static let remembered = 2

    /// Takes the password out of a body, so that nothing else sees it; nil where there is none.
    static func take(_ object: inout [String: JSON], _ name: String = "password") throws(CloudError) -> String? {
        guard let value = object.removeValue(forKey: name), !value.isNull else { return nil }
        guard let password = value.string, (8...128).contains(password.utf8.count) else {
            throw .invalid("A password has 8 to 128 bytes.", field: name)
        }
        guard Set(password).count >= 4 else {
            throw .invalid("A password has at least four different characters.", field: name)
        }
        return password
    }
}
