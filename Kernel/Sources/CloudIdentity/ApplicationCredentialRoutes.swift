import CloudCore
import CloudStore
import CloudWire

/// A user's own application credentials; nobody makes one for another.
struct ApplicationCredentialRoutes: Sendable {
    let directory: Directory
    let vault: any Vault

    private let path = "/v3/users/{user_id}/application_credentials"

    var all: [Route] {
        let (kind, face) = (ApplicationCredential.kind, ApplicationCredential.face)
        let item = path + "/{application_credential_id}"
        return [
            Route(
                .get, .identity, path, action: "list", kind: kind, rule: .signedIn,
                "Lists one's application credentials, or anyone's for an operator.",
                schema: face.schema("application_credentials", list: true)
            ) { (call) throws(CloudError) in
                let user = try call.ownUser()
                return try await face.answerList(call) { (query) throws(CloudError) in
                    query = query.with("user_id", .string(user.text))
                }
            },
            Route(
                .get, .identity, item, action: "show", kind: kind, rule: .signedIn, "Shows one application credential.",
                schema: face.schema("application_credential")
            ) { (call) throws(CloudError) in
                let user = try call.ownUser()
                return .bytes(
                    200,
                    try await call.store.read { (reader) throws(CloudError) in
                        try face.envelope(try find(user, call, reader), reader, call)
                    })
            },
            Route(
                .post, .identity, path, action: "create", kind: kind, rule: .signedIn, intake: .json(max: 65_536),
                status: 201,
                "Makes an application credential for oneself, on the token's project; its secret is shown this once.",
                example: ["application_credential": ["name": "backup"]], schema: face.schema("application_credential"),
                handle: { (call) throws(CloudError) in try await create(call) }),
            Route(
                .delete, .identity, item, action: "delete", kind: kind, rule: .signedIn, status: 204,
                "Deletes an application credential; its tokens end."
            ) { (call) throws(CloudError) in
                let user = try call.ownUser()
                try requireUnrestricted(call)
                try await call.write(call.parameter("application_credential_id")) { (writer) throws(CloudError) in
                    try writer.withdraw(try find(user, call, writer).id, for: call.caller)
                }
                return Response(204)
            },
        ]
    }

    /// Only those of the path's user: an id that is another's is as if there were none.
    private func find(
        _ user: ID<User>, _ call: Call, _ reader: any Reader
    ) throws(CloudError) -> Stored<ApplicationCredential> {
        let id = ID<ApplicationCredential>(call.parameter("application_credential_id"))
        guard let it = try reader.find(id), it.user == user else {
            throw .missing(ApplicationCredential.kind.title, id.text)
        }
        return it
    }

    /// What a restricted application credential opened makes and deletes none.
    private func requireUnrestricted(_ call: Call) throws(CloudError) {
        guard let text = call.request.headers["x-auth-token"], let token = Token(text, vault), let id = token.credential
        else { return }
        guard directory.see({ $0.credentials[id]?.unrestricted ?? false }) else {
            throw CloudError(.forbidden, "A restricted application credential does not manage application credentials.")
        }
    }

    private func create(_ call: Call) async throws(CloudError) -> Response {
        let user = ID<User>(call.parameter("user_id"))
        guard call.caller.user?.text == user.text else { throw .missing(User.kind.title, user.text) }
        try requireUnrestricted(call)
        guard let project = call.caller.project else {
            throw CloudError(.forbidden, "An application credential is made with a token for a project.")
        }
        var object = try call.object("application_credential").filter { !$0.value.isNull }
        let secret = try takeSecret(&object, call.dice)
        let wanted = object.removeValue(forKey: "roles")
        guard object.removeValue(forKey: "access_rules").map({ $0 == [] }) ?? true else {
            throw .invalid("Access rules are not offered.", field: "access_rules")
        }
        if let named = object.removeValue(forKey: "project_id"), named.string != project.text {
            throw CloudError(.forbidden, "An application credential is for the token's project.")
        }
        var draft = ApplicationCredential()
        try ApplicationCredential.face.apply(object.filter { !$0.value.isNull }, to: &draft, right: .create)
        (draft.user, draft.project) = (user, ID(project.text))
        draft.roles = try roles(wanted, call)
        draft.secret = try await vault.hash(secret)
        let (value, id) = (draft, ApplicationCredential.newID(call.dice))
        return .bytes(
            201,
            try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.create(value, id: id, project: ID(""), for: call.caller)
                var body = JSONWriter()
                try body.object { (out) throws(CloudError) in
                    out.key("application_credential")
                    try out.object { (out) throws(CloudError) in
                        try ApplicationCredential.face.members(it, writer, call, into: &out)
                        out.field("secret", .string(secret))
                    }
                }
                return body.bytes
            })
    }

    private func takeSecret(_ object: inout [String: JSON], _ dice: any Dice) throws(CloudError) -> String {
        guard let given = object.removeValue(forKey: "secret") else { return Base64.url(dice.bytes(48)) }
        guard let secret = given.string, (8...128).contains(secret.utf8.count) else {
            throw .invalid("A secret has 8 to 128 bytes.", field: "secret")
        }
        return secret
    }

    /// The roles asked for, all of which the token must have; those of the token where none are named.
    private func roles(_ wanted: JSON?, _ call: Call) throws(CloudError) -> [String] {
        guard let text = call.request.headers["x-auth-token"], let token = Token(text, vault) else {
            throw CloudError(.unauthenticated, "The request you have made requires authentication.")
        }
        let held = directory.see { facts in
            facts.roles(token).map { (id: $0.text, name: facts.roleTypes[$0]?.name ?? "") }
        }
        guard let wanted, wanted != [] else { return held.map(\.id).sorted() }
        guard let list = wanted.array, list.count <= 100 else {
            throw .invalid("roles must be a list.", field: "roles")
        }
        var out: Set<String> = []
        for role in list {
            let found = held.first {
                $0.id == role["id"]?.string || (role["id"] == nil && $0.name == role["name"]?.string)
            }
            guard let found else {
                throw .invalid("A role that is asked for is not one of the token's.", field: "roles")
            }
            out.insert(found.id)
        }
        return out.sorted()
    }
}
