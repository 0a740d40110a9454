import CloudCore
import CloudStore

/// Who a token belongs to. Asked on every request, so it answers from memory.
public protocol Authenticator: Sendable {
    /// Nil where the token is malformed, forged, expired or revoked, or its holder may no longer use it.
    func caller(of token: String, now: Instant) -> Caller?
}

/// Judges someone again whose token was judged once: for what a token began and that goes on without it.
public protocol Standing: Sendable {
    /// What a token says, without the seal that makes it one; nil where it is malformed or forged.
    func statement(of token: String) -> String?
    /// Who stated it, as far as it holds now and had not run out at a moment; nil where its holder may no longer use it.
    func caller(stating statement: String, at moment: Instant) -> Caller?
    /// 64 hexadecimal digits that tell secrets apart, and say nothing of one to whoever lacks the installation's key.
    func fingerprint(_ secret: String) -> String
}

/// The whole API: from a request to its answer, with permission and audit on the way. Knows no HTTP server.
public final class API: Sendable {
    public let routes: [Route]
    private let router: Router
    private let store: any Store
    private let authenticator: any Authenticator
    private let clock: any Clock
    private let dice: any Dice
    private let base: String
    private let refusals: RefusalLog
    private let requestRate: RequestRate?
    /// Told of every error that is ours, with the request's id.
    private let report: @Sendable (String, CloudError) -> Void

    /// - Parameter base: the cloud's address as its users know it, `https://host:port`.
    /// - Parameter requestRate: nil where callers may ask as fast as they can.
    public init(
        routes: [Route], store: any Store, authenticator: any Authenticator, clock: any Clock, dice: any Dice,
        base: String, requestRate: RequestRate? = nil, report: @escaping @Sendable (String, CloudError) -> Void
    ) {
        let all = routes + [OpenAPI.route(routes, base: base)]
        (self.routes, router) = (all, Router(all))
        (self.store, self.authenticator, self.clock, self.dice) = (store, authenticator, clock, dice)
        (self.base, self.requestRate, self.report) = (base, requestRate, report)
        refusals = RefusalLog(store: store)
    }

    public func handle(_ request: Request) async -> Response {
        var caller = Caller()
        caller.requestID = "req-" + dice.uuid()
        caller.address = request.remote
        let match = router.match(request.method, request.path)
        var response: Response
        switch match {
        case .none:
            response = refusal(dialect(request.path), CloudError(.missing, "There is nothing at this path."))
        case .badMethod(let allowed):
            response = refusal(
                dialect(request.path), CloudError(.badMethod, "This path does not take \(request.method.rawValue)."))
            response.headers.append(("allow", allowed.map(\.rawValue).joined(separator: ", ")))
        case .found(let route, let parameters):
            response = await answer(request, route, parameters, caller)
        }
        response.headers.append(("x-openstack-request-id", caller.requestID))
        if case .found(let route, _) = match, let versions = Microversion.of(route.service) {
            if route.service == .compute { response.headers.append(("x-compute-request-id", caller.requestID)) }
            response.headers += versions.headers(request)
        }
        return response
    }

    private func answer(
        _ request: Request, _ route: Route, _ parameters: [String: String], _ anonymous: Caller
    ) async -> Response {
        var caller = anonymous
        do throws(CloudError) {
            do throws(CloudError) { caller = try identify(request, route, anonymous) } catch {
                try requestRate?.take(anonymous, now: clock.now())
                throw error
            }
            try requestRate?.take(caller, now: clock.now())
            let microversion = try Microversion.of(route.service)?.requested(request) ?? 0
            guard route.rule.permits(caller) else {
                throw CloudError(.forbidden, "Your roles do not permit to \(route.action) here.")
            }
            if !route.service.isAboutProjects, route.rule != .anyone, let named = parameters["project_id"],
                !caller.isOperator,
                named != caller.project?.text
            {
                throw CloudError(.forbidden, "The token is not for project \(named).")
            }
            let call = Call(
                request: request, route: route, caller: caller, parameters: parameters,
                body: try await body(request, route), store: store, dice: dice, base: base,
                microversion: microversion)
            return try await route.handle(call)
        } catch {
            if error.detail != nil || error.code == .fault { report(caller.requestID, error) }
            var response = refusal(route.service.dialect, error)
            if error.code == .unauthenticated {
                response.headers.append(("www-authenticate", "Keystone uri=\"\(base)/identity\""))
            }
            if error.code == .tooMany { response.headers.append(("retry-after", "1")) }
            // A miss is recorded whether or not there is such a thing: the time it takes must not tell which.
            let isSecurity = error.code == .unauthenticated || error.code == .forbidden || error.code == .missing
            guard !route.method.isSafe || isSecurity else { return response }
            do throws(CloudError) { try await refusals.record(caller, route, parameters, error) } catch {
                // What cannot be recorded is not answered: not even that it was refused.
                report(caller.requestID, error)
                return refusal(route.service.dialect, error)
            }
            return response
        }
    }

    /// Only the token says who asks. Headers in which proxies pass identities on are never read.
    private func identify(_ request: Request, _ route: Route, _ anonymous: Caller) throws(CloudError) -> Caller {
        guard let token = request.headers["x-auth-token"], !token.isEmpty else {
            if route.rule == .anyone { return anonymous }
            throw CloudError(.unauthenticated, "The request you have made requires authentication.")
        }
        guard token.utf8.count <= 1024, var caller = authenticator.caller(of: token, now: clock.now()) else {
            if route.rule == .anyone { return anonymous }
            throw CloudError(.unauthenticated, "The request you have made requires authentication.")
        }
        (caller.requestID, caller.address) = (anonymous.requestID, anonymous.address)
        return caller
    }

    /// Writes a refusal that was not made by a route, before it is answered.
    public func note(refusal: AuditRecord, _ error: CloudError) async throws(CloudError) {
        try await refusals.record(refusal, error)
    }

    private func body(_ request: Request, _ route: Route) async throws(CloudError) -> JSON {
        guard case .json(let limit) = route.intake else { return .null }
        let bytes = try await request.collect(limit)
        guard !bytes.isEmpty else { return .null }
        if let type = request.headers["content-type"], !type.lowercased().contains("json") {
            throw CloudError(.badType, "The body must be JSON (Content-Type: application/json).")
        }
        return try JSON.parse(bytes)
    }

    private func refusal(_ dialect: Dialect, _ error: CloudError) -> Response {
        .json(dialect.status(error.code), dialect.body(error))
    }

    private func dialect(_ path: String) -> Dialect {
        Service.catalog.first { path.hasPrefix($0.prefix + "/") }?.dialect ?? .keystone
    }
}
