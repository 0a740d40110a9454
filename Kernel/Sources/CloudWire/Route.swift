import CloudCore
import CloudStore

/// Who may take a route. There is no default: a route without a rule does not compile.
public enum Rule: Hashable, Sendable {
    /// Nobody need say who they are: version documents, logging in.
    case anyone
    /// Whoever has a token, scoped or not.
    case signedIn
    /// Whoever has at least this role on the token's project.
    case role(Role)
    /// Those who run the cloud.
    case `operator`

    func permits(_ caller: Caller) -> Bool {
        switch self {
        case .anyone: true
        case .signedIn: caller.user != nil
        case .role(let needed): caller.project != nil && (caller.role.map { $0 >= needed } ?? false)
        case .operator: caller.isOperator
        }
    }
}

/// One call of the API: path, verb, permission and audit event in one declaration.
public struct Route: Sendable {
    /// What body a route takes.
    public enum Intake: Hashable, Sendable {
        case nothing
        /// JSON of at most so many bytes.
        case json(max: Int = 1 << 20)
        /// Bytes of any number, which the handler reads and bounds.
        case stream
    }
    public let method: Method
    public let service: Service
    /// Below the service's prefix; `{name}` stands for one segment.
    public let path: String
    /// What the audit log calls it: `create`, `list`, `reboot`.
    public let action: String
    /// What it is about; the last `{…}` of the path is an id of this kind if `targets`.
    public let kind: Kind?
    public let rule: Rule
    public let intake: Intake
    /// The status of success.
    public let status: Int
    /// One line for people.
    public let help: String
    /// A body that succeeds on an empty project, for documentation and the route walk. `{kind}` in a text stands
    /// for the id of one such resource.
    public let example: JSON?
    /// What the body may hold and the answer shows, for documentation.
    public var schema: RouteSchema?
    public let handle: @Sendable (Call) async throws(CloudError) -> Response

    public init(
        _ method: Method, _ service: Service, _ path: String, action: String, kind: Kind? = nil, rule: Rule,
        intake: Intake = .nothing, status: Int = 200, _ help: String, example: JSON? = nil, schema: RouteSchema? = nil,
        handle: @escaping @Sendable (Call) async throws(CloudError) -> Response
    ) {
        (self.method, self.service, self.path, self.action, self.kind) = (method, service, path, action, kind)
        (self.rule, self.intake, self.status, self.help) = (rule, intake, status, help)
        (self.example, self.schema, self.handle) = (example, schema, handle)
    }

    public var fullPath: String { service.prefix + path }

    /// The id that a call is about: the path's last one that does not name the caller's project; empty for none.
    func target(_ parameters: [String: String]) -> String {
        // A tag of an image is no image: what the route is about goes before what comes last.
        if let kind, let id = parameters[kind.name + "_id"], path.hasSuffix("}") { return id }
        let names = Router.segments(path).filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
        return names.last { $0 != "project_id" || service.isAboutProjects }.flatMap { parameters[$0] } ?? ""
    }
}

/// The names, types and bounds of a body, without Swift types.
public struct RouteSchema: Sendable {
    public struct Property: Sendable {
        public let name: String
        /// Nil for what is computed.
        public let type: FieldType?
        public let rights: Rights
        public let help: String
    }
    public let envelope: String
    public let isList: Bool
    public let properties: [Property]
}

/// A request on its route: who asks, with which parameters and body.
public struct Call: Sendable {
    public let request: Request
    public let route: Route
    public let caller: Caller
    /// The path's `{…}`, percent-decoded.
    public let parameters: [String: String]
    /// The body, if the route takes JSON and there is one.
    public let body: JSON
    public let store: any Store
    public let dice: any Dice
    /// The cloud's address as its users know it, without a slash at the end.
    public let base: String
    /// The minor version of Nova's API that is asked for, 1 for 2.1; 0 in other services.
    public let microversion: Int

    public func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// The object under a key of the body, or the body itself for an empty one; `invalid` where it is missing.
    public func object(_ key: String) throws(CloudError) -> [String: JSON] {
        if key.isEmpty {
            guard let object = body.object else { throw .invalid("The body must be an object.") }
            return object
        }
        guard let object = body[key]?.object else {
            throw .invalid("The body must hold an object named '\(key)'.", field: key)
        }
        return object
    }

    /// What the audit log says of this call.
    public func record(_ resource: String = "") -> AuditRecord {
        AuditRecord(
            caller, service: route.service.name, action: route.action, kind: route.kind?.name ?? "",
            resource: resource.isEmpty ? route.target(parameters) : resource)
    }

    /// Changes the store, with this call's audit record in the same transaction.
    public func write<T: Sendable>(
        _ resource: String = "", _ body: @escaping @Sendable (any Writer) throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        try await store.write(record(resource), body)
    }

    /// Whatever the form of a resource in this call's answer depends on, beside the resource and what is kept.
    public func variant(_ only: Set<String> = []) -> String {
        var out = route.fullPath
        let own = [
            base, String(microversion), audience.rawValue, caller.project?.text, caller.user?.text,
            caller.isOperator ? "operator" : "",
        ]
        for part in own {
            out += "\n"
            out += part ?? ""
        }
        for role in caller.roles.sorted() { out += "\n" + role }
        for name in only.sorted() { out += "\n\n" + name }
        return out
    }

    /// The family of the client that calls.
    public var audience: Audience {
        let family = Audience(userAgent: request.headers["user-agent"] ?? "")
        return family == .openstack && caller.isOperator ? .operators : family
    }

    /// The caller's project; a route for a role has one.
    public var project: ProjectID { caller.project ?? ID("") }
}
