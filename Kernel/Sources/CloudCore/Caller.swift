/// A role of Keystone's default set; each holds the ones below it.
public enum Role: String, CaseIterable, Sendable, Comparable {
    case reader, member, admin

    public static func < (a: Self, b: Self) -> Bool {
        allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
    }
}

/// Who is asking, as the token says it and the audit log records it.
public struct Caller: Hashable, Sendable {
    public var user: UserID?
    public var userName = ""
    public var domain = ""
    public var project: ProjectID?
    public var projectName = ""
    public var roles: Set<String> = []
    /// The token's audit id: names the token without being one.
    public var token: String?
    /// The address the request came from; empty for the cloud's own acts.
    public var address = ""
    public var requestID = ""

    public init() {}

    /// The cloud itself: the engine and start-up.
    public static func system(_ requestID: String) -> Caller {
        var caller = Caller()
        caller.userName = "akashi"
        caller.roles = ["admin"]
        caller.requestID = requestID
        return caller
    }

    /// The strongest default role held.
    public var role: Role? { roles.compactMap(Role.init(rawValue:)).max() }
    /// Whether the caller runs the cloud.
    public var isOperator: Bool { role == .admin }
}

/// One line of the audit log: who, from where, what, with what outcome, when.
public struct AuditRecord: Hashable, Sendable {
    public enum Outcome: String, CaseIterable, Sendable {
        case success, refused, failed
    }
    /// Its place in the log, from 1, without gaps; 0 until it is written.
    public var sequence = 0
    public var at = Instant(microseconds: 0)
    public var caller: Caller
    public var service: String
    /// What was done, as `create`, `update`, `delete`, `reboot`, …
    public var action: String
    /// The kind and id of what it was done to; empty where nothing was found.
    public var kind: String
    public var resource: String
    public var outcome = Outcome.success
    /// The error's code and message, for a refusal.
    public var reason = ""

    public init(_ caller: Caller, service: String, action: String, kind: String = "", resource: String = "") {
        (self.caller, self.service, self.action) = (caller, service, action)
        (self.kind, self.resource) = (kind, resource)
    }
}
