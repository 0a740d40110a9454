import CloudCore
import CloudStore
import CloudWire

/// A name and secret by which a program acts for its user on one project, with no more than some of its roles.
public struct ApplicationCredential: Resource {
    public var name = ""
    public var description = ""
    public var user = ID<User>("")
    public var project = ID<Project>("")
    /// The ids of the roles; of these it gives what the user still has.
    public var roles: [String] = []
    /// Whether it may make and delete application credentials itself.
    public var unrestricted = false
    public var expiresAt: Instant?
    /// A salted scrypt hash; the secret is shown once.
    public var secret = ""

    public init() {}

    public static let kind = Kind("application_credential", "application_credentials", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<ApplicationCredential>] = [
        .text("name", \.name, [.read, .create, .required, .indexed], "Its name, once for its user."),
        .text("description", \.description, [.read, .create], "What it is for."),
        .reference("user_id", \.user, [.read, .indexed], "Whom it acts for."),
        .reference("for_project_id", \.project, [.read, .indexed], "Where it acts."),
        .value("roles", \.roles, [.read], max: 8192, "The ids of its roles."),
        .boolean("unrestricted", \.unrestricted, [.read, .create], "Whether it may make others."),
        .time("expires_at", \.expiresAt, [.read], "When it ends."),
        .text("secret_hash", \.secret, [.secret], "A salted hash of its secret."),
    ]
}

extension ApplicationCredential: Governed {
    public static func newID(_ dice: any Dice) -> ID<ApplicationCredential> { ID(dice.hex32()) }

    /// How many a user may have.
    private static let most = 100

    public static func admit(
        _ draft: inout Stored<ApplicationCredential>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try requireName(draft.value.name)
        guard draft.expiresAt.map({ $0 > writer.now }) ?? true else {
            throw .invalid("expires_at has passed.", field: "expires_at")
        }
        let user = draft.value.user.text
        guard try writer.count(.everything(kind).with("user_id", .string(user))) < most else {
            throw CloudError(.forbidden, "A user has at most \(most) application credentials.")
        }
        do throws(CloudError) {
            try writer.claim("\(kind.name):\(user)", draft.value.name, for: Reference(draft.id))
        } catch {
            throw .conflict("You have an application credential named '\(draft.value.name)' already.")
        }
    }

    static let face = Face<ApplicationCredential>(
        .identity, "/v3/application_credentials", "application_credential", "application_credentials",
        [
            .id(), .field("name"), .field("description"), .field("user_id"),
            .field("for_project_id", as: "project_id"), .field("unrestricted"),
            Attribute(
                "expires_at", type: .text(max: 64, lines: false), rights: [.read, .create],
                "When it ends, RFC 3339; null for never.",
                read: { (it, _) throws(CloudError) in
                    // Keystone's form has no zone: all is UTC.
                    it.expiresAt.map { .string(String($0.text(fraction: true).dropLast())) } ?? .null
                },
                write: { (value, json) throws(CloudError) in
                    guard let moment = json.string.flatMap({ Instant(rfc3339: $0) }) else {
                        throw .invalid("expires_at must be a time, as 2030-01-31T12:00:00Z.", field: "expires_at")
                    }
                    value.expiresAt = moment
                }),
            .computed("roles", "Its roles.") { (it, reader) throws(CloudError) in
                var out: [JSON] = []
                for id in it.roles {
                    guard let role = try reader.find(ID<RoleType>(id)) else { continue }
                    out.append(["id": .string(id), "name": .string(role.value.name), "domain_id": .null])
                }
                return .array(out)
            },
            .computed("system", "It acts on a project, never on the cloud.") { (_, _) in .null },
        ])
}
