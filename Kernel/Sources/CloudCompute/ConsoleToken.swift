import CloudCore
import CloudStore
import CloudWire

/// The right to open one server's console once, soon. Its id is a fingerprint of the token, which is not kept.
public struct ConsoleToken: Resource {
    public var server = "", user = "", statement = ""
    public var expiresAt: Instant?

    public init() {}

    public static let kind = Kind("console_token", "console_tokens", service: "compute")
    public static let access = Access.project
    public static func goesWithProject(_ it: ConsoleToken) -> Bool { true }
    public static let fields: [Field<ConsoleToken>] = [
        .text("server_id", \.server, [.indexed], max: 64, "The server."),
        .text("user_id", \.user, [], max: 64, "Who asked for it."),
        .text("statement", \.statement, [.secret], max: 1024, "What the login said that it was asked for with."),
        .time("expires_at", \.expiresAt, [.indexed], "When it is void, used or not."),
    ]

    /// How long a token waits to be used.
    static let life = Duration.seconds(300)
    /// So many wait for one server; the oldest give way.
    private static let most = 16
    /// Hexadecimal digits of a token: 32 random bytes.
    private static let length = 64

    /// A new token for a server, which whoever holds it can use once.
    static func issue(
        for server: Stored<Server>, _ call: Call, _ standing: any Standing
    ) async throws(CloudError) -> String {
        let text = Hex.string(call.dice.bytes(length / 2))
        guard let statement = standing.statement(of: call.request.headers["x-auth-token"] ?? ""),
            let user = call.caller.user
        else { throw CloudError(.forbidden, "Only a user with a token opens a console.") }
        var draft = ConsoleToken()
        (draft.server, draft.user, draft.statement) = (server.id.text, user.text, statement)
        let (value, id) = (draft, ID<ConsoleToken>(standing.fingerprint(text)))
        try await call.write(server.id.text) { (writer) throws(CloudError) in
            writer.record?.action = "issue_console"
            let it = try writer.own(server.id, for: call.caller)
            let old = try writer.list(Self.self, where: "server_id", .string(it.id.text))
            for it in old.prefix(max(0, old.count - most + 1)) { try writer.remove(Reference(it.id)) }
            var value = value
            value.expiresAt = writer.now + life
            try writer.insert(value, id: id, project: it.project)
        }
        return text
    }

    /// Whether a text could be a token at all: what cannot be costs no look into the store.
    static func isToken(_ text: String) -> Bool {
        text.utf8.count == length
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Removes a server's tokens with it.
    static func revoke(of server: ID<Server>, in writer: any Writer) throws(CloudError) {
        for it in try writer.list(Self.self, where: "server_id", .string(server.text)) {
            try writer.remove(Reference(it.id))
        }
    }

    /// Removes those that nobody used in time.
    static func sweep(_ store: any Store) async throws(CloudError) {
        let isThere = try await store.read { (reader) throws(CloudError) in
            try reader.list(Self.self, .everything(kind)).contains { $0.isVoid(at: reader.now) }
        }
        guard isThere else { return }
        let record = AuditRecord(.system("sweep"), service: "compute", action: "expire", kind: kind.name)
        try await store.write(record) { (writer) throws(CloudError) in
            for it in try writer.list(Self.self, .everything(kind)) where it.isVoid(at: writer.now) {
                try writer.remove(Reference(it.id))
            }
        }
    }
}

extension Stored where R == ConsoleToken {
    func isVoid(at now: Instant) -> Bool { value.expiresAt.map { $0 <= now } ?? true }
}
