import CloudCore
import CloudStore
import CloudWire

extension Compute {
    private static var refusal: CloudError {
        // The same words whatever is wrong with it: a guess teaches nothing.
        CloudError(.forbidden, "The console's token is not valid: each opens one console, once, within five minutes.")
    }

    /// Opens the console that a token is for. Whatever comes of it, the token is used up.
    ///
    /// - Parameters:
    ///   - peer: its address and the request's id, for the audit log.
    ///   - note: writes a refusal that belongs to no transaction.
    /// - Throws: `forbidden` where the token is none, was used, has expired, or its holder may no longer use it.
    public func openConsole(
        _ token: String, for peer: Caller, in store: any Store,
        note: (AuditRecord, CloudError) async throws(CloudError) -> Void
    ) async throws(CloudError) -> OpenConsole {
        var record = AuditRecord(peer, service: "compute", action: "open_console", kind: Server.kind.name)
        let id = ID<ConsoleToken>(ConsoleToken.isToken(token) ? standing.fingerprint(token) : "")
        let known = try await store.read { (reader) throws(CloudError) in try reader.find(id) }
        guard let known else {
            try await note(record, Self.refusal)
            throw Self.refusal
        }
        record.caller = standing.caller(stating: known.statement, at: known.createdAt) ?? Caller()
        record.caller.user = ID(known.user)
        (record.caller.address, record.caller.requestID) = (peer.address, peer.requestID)
        record.resource = known.server
        // A refusal is an outcome here and no error: the token goes either way.
        let server = try await store.write(record) { (writer) throws(CloudError) -> Stored<Server>? in
            if let it = try writer.find(id) {
                try writer.remove(Reference(id))
                if !it.isVoid(at: writer.now), let server = try right(it, at: writer.now, in: writer) { return server }
            }
            writer.record?.outcome = .refused
            writer.record?.reason = "forbidden: the token was used or has expired, or its right has gone"
            return nil
        }
        guard let server else { throw Self.refusal }
        let screen = try await hypervisor.screen(of: server.id, on: HostName(server.host))
        return OpenConsole(server: server.id, screen: screen) {
            // The login may run out while the console is open, but what was taken from its holder is gone at once.
            let still = try? await store.read { (reader) throws(CloudError) in
                try right(known, at: known.createdAt, in: reader)
            }
            return still.flatMap { $0 }?.host == server.host
        }
    }

    /// The server that a token is for, if it is there and whoever asked for the token may use it at a moment.
    private func right(
        _ it: Stored<ConsoleToken>, at moment: Instant, in reader: any Reader
    ) throws(CloudError) -> Stored<Server>? {
        guard let caller = standing.caller(stating: it.statement, at: moment), let role = caller.role, role >= .member,
            let server = try reader.find(ID<Server>(it.server)), server.deletingSince == nil, server.belongs(to: caller)
        else { return nil }
        return server
    }
}
