import CloudCore
import CloudStore
import CloudWire

extension User {
    static func routes(_ vault: any Vault, _ guardian: LoginGuard, _ clock: any Clock) -> [Route] {
        [
            face.lister(.operator), createRoute(vault), updateRoute(vault, guardian), face.deleter(),
            passwordRoute(vault, guardian, clock),
            // A user may see itself; an operator sees all.
            face.shower(.signedIn) { (_, call) throws(CloudError) in _ = try call.ownUser() },
        ]
    }

    private static func createRoute(_ vault: any Vault) -> Route {
        Route(
            .post, .identity, face.path, action: "create", kind: kind, rule: .operator, intake: .json(), status: 201,
            "Creates a user.", example: ["user": ["name": "hana", "password": "correct horse"]],
            schema: face.schema("user")
        ) { (call) throws(CloudError) in
            var object = try call.object("user")
            let password = try Passwords.take(&object)
            var draft = try face.draft(object)
            if let password { draft.password = try await vault.hash(password) }
            let (value, id) = (draft, newID(call.dice))
            return .bytes(
                201,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    let it = try writer.create(value, id: id, project: ID(""), for: call.caller)
                    return try face.envelope(it, writer, call)
                })
        }
    }

    private static func updateRoute(_ vault: any Vault, _ guardian: LoginGuard) -> Route {
        Route(
            .patch, .identity, "/v3/users/{user_id}", action: "update", kind: kind, rule: .operator, intake: .json(),
            "Changes a user.", example: ["user": ["description": "on leave"]], schema: face.schema("user")
        ) { (call) throws(CloudError) in
            var object = try call.object("user")
            let password = try Passwords.take(&object)
            // Clients send back what they were shown.
            if object["id"]?.string == call.parameter("user_id") { object["id"] = nil }
            let rest = face.nulled(object)
            return .bytes(
                200,
                try await change(call, password, vault, guardian) { (it) throws(CloudError) in
                    try face.set(rest, on: &it, right: .update)
                } answer: { (it, writer) throws(CloudError) in
                    try face.envelope(it, writer, call)
                })
        }
    }

    /// Changes the user that a path names; with a new password a lock-out ends.
    static func change<T: Sendable>(
        _ call: Call, _ password: String?, _ vault: any Vault, _ guardian: LoginGuard,
        _ body: @escaping @Sendable (inout User) throws(CloudError) -> Void,
        answer: @escaping @Sendable (Stored<User>, any Writer) throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        var hash: String?
        if let password { hash = try await vault.hash(password) }
        let (newHash, id) = (hash, ID<User>(call.parameter("user_id")))
        let answer = try await call.write(id.text) { (writer) throws(CloudError) in
            let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                try body(&it.value)
                if let newHash { it.password = newHash }
            }
            return try answer(it, writer)
        }
        if newHash != nil { guardian.clear(.user(id)) }
        return answer
    }

    /// Changes one's own password, which the caller must know. Like at log-in, guessing is limited.
    private static func passwordRoute(_ vault: any Vault, _ guardian: LoginGuard, _ clock: any Clock) -> Route {
        Route(
            .post, .identity, "/v3/users/{user_id}/password", action: "change_password", kind: kind, rule: .signedIn,
            intake: .json(max: 16_384), status: 204, "Changes one's own password; tokens issued before end.",
            example: ["user": ["original_password": "correct horse", "password": "battery staple"]]
        ) { (call) throws(CloudError) in
            let id = try call.ownUser()
            var object = try call.object("user")
            guard let old = object["original_password"]?.string, old.utf8.count <= 128,
                let new = try Passwords.take(&object)
            else { throw .invalid("original_password and password are needed.", field: "password") }
            let it = try await call.store.read { (reader) throws(CloudError) in try reader.get(id) }
            let keys = [LoginGuard.Key.user(id)]
            let isLocked = guardian.isLocked(keys, clock.now())
            guard try await vault.verify(old, isLocked ? "" : it.password) else {
                _ = guardian.fail(keys, clock.now())
                throw CloudError(.unauthenticated, "The original password is wrong.")
            }
            guardian.clear(.user(id))
            guard new != old else { throw .invalid("The new password is the present one.", field: "password") }
            for former in it.formerPasswords where try await vault.verify(new, former) {
                throw .invalid("The password was used before; choose another.", field: "password")
            }
            let (hash, seen) = (try await vault.hash(new), it.password)
            try await call.write(id.text) { (writer) throws(CloudError) in
                _ = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                    guard it.password == seen else { throw .conflict("The password was changed in the meantime.") }
                    it.password = hash
                }
            }
            return Response(204)
        }
    }
}
