import CloudCore
import CloudStore
import CloudWire

/// Users as ECL's own clients know them (`/users` of service `sssv2`): Keystone's users in flat objects, by its rules.
struct SSSUsers: Sendable {
    let directory: Directory
    let vault: any Vault
    let guardian: LoginGuard

    private static let face = Face<User>(
        .sss, "/users", "", "users",
        [
            .id("user_id"), .field("name", as: "login_id"),
            .field("email", as: "mail_address", rights: [.read, .create, .update, .required]),
            .computed("keystone_name", "The name it logs in with.") { (it, _) in .string(it.value.name) },
            .computed("api_availability", "Whether it may log in.") { (it, _) in .bool(it.enabled) },
            .computed("start_time", "Since when there is this user.") { (it, _) in .string(it.createdAt.sssText) },
        ])

    var routes: [Route] { [list, show, create, update, Self.face.delete(.operator)] }

    private var list: Route {
        Route(
            .get, .sss, "/users", action: "list", kind: User.kind, rule: .operator, "Lists the users.",
            schema: Self.face.schema("users", list: true)
        ) { (call) throws(CloudError) in
            try await Self.face.page(call, strict: true) { (it, reader, writer, _) throws(CloudError) in
                try write(it, reader, call, into: &writer)
            } next: { _, _ in
            }
        }
    }

    private var show: Route {
        Route(
            .get, .sss, "/users/{user_id}", action: "show", kind: User.kind, rule: .signedIn,
            "Shows a user: oneself, or anyone to an operator.", schema: Self.face.schema("")
        ) { (call) throws(CloudError) in
            let id = try call.ownUser()
            return try await call.store.read { (reader) throws(CloudError) in
                let it = try reader.get(id)
                return try .write(200) { (writer) throws(CloudError) in try write(it, reader, call, into: &writer) }
            }
        }
    }

    private var create: Route {
        Route(
            .post, .sss, "/users", action: "create", kind: User.kind, rule: .operator, intake: .json(), status: 201,
            "Creates a user. A password that is not given is made, and is told in this answer and never again.",
            example: ["login_id": "hana", "mail_address": "hana@example.com", "notify_password": false],
            schema: Self.face.schema("")
        ) { (call) throws(CloudError) in
            var object = try call.object("")
            try Self.refuseMail(&object)
            let given = try Passwords.take(&object)
            var draft = User()
            try Self.face.apply(object, to: &draft, right: .create)
            let made = given == nil ? Base64.url(call.dice.bytes(18)) : nil
            draft.password = try await vault.hash(given ?? made!)
            let (value, id) = (draft, User.newID(call.dice))
            return try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.create(value, id: id, project: ID(""), for: call.caller)
                return try .write(201) { (body) throws(CloudError) in
                    try write(it, writer, call, into: &body)
                    if let made { body.field("password", .string(made)) }
                }
            }
        }
    }

    private var update: Route {
        Route(
            .put, .sss, "/users/{user_id}", action: "update", kind: User.kind, rule: .operator, intake: .json(),
            status: 204, "Changes a user.", example: ["mail_address": "mio@example.com"], schema: Self.face.schema("")
        ) { (call) throws(CloudError) in
            var object = try call.object("")
            let password = try Passwords.take(&object, "new_password")
            let rest = object
            try await User.change(call, password, vault, guardian) { (it) throws(CloudError) in
                try Self.face.apply(rest, to: &it, right: .update)
            } answer: { (_, _) in
            }
            return Response(204)
        }
    }

    /// There is no mail here: who asks for one to be sent would wait for it in vain.
    private static func refuseMail(_ object: inout [String: JSON]) throws(CloudError) {
        switch object.removeValue(forKey: "notify_password") {
        case nil, false, "false", "False": break
        default:
            throw .invalid(
                "No mail is sent: notify_password must be false, and the answer tells a password that is made.",
                field: "notify_password")
        }
    }

    private func write(_ it: Stored<User>, _ reader: any Reader, _ call: Call, into writer: inout JSONWriter)
        throws(CloudError)
    {
        try Self.face.write(it, reader, into: &writer)
        let runsTheCloud = directory.see { facts in
            facts.expanded(Set(facts.grants(reaching: it.id).map(\.role))).contains(ID(Role.admin.rawValue))
        }
        writer.field("super_user", .bool(runsTheCloud))
        writer.field("keystone_endpoint", .string(call.base + Service.identity.prefix + "/v3/"))
        writer.field("sss_endpoint", .string(call.base + Service.sss.prefix + "/"))
    }
}

extension Instant {
    /// `2026-11-23 02:53:42`, in UTC, as this API writes times.
    var sssText: String { String(text().prefix(19)).replacing("T", with: " ") }
}
