import CloudCore
import CloudServices
import CloudSim
import CloudStore
@testable import CloudWire
import Testing

/// Every route of the cloud, taken by everyone who may and may not. Routes that come later are walked too: what a
/// route acts on is made by the create routes' examples.
@Suite("C043, C120: every route, by everyone")
struct RouteWalkTests {
    /// The routes by name. They do not depend on the world, so any will do.
    static let routes = Cloud(
        SimWorld(seed: 0).ports, Settings(base: "https://sim", region: "r", firstUID: 1, engine: "a")
    ) {
        _, _ in
    }.api.routes
    static let names = routes.map(\.name).sorted()

    static func route(_ name: String, on stage: Stage) -> Route { stage.cloud.api.routes.first { $0.name == name }! }

    /// Logging in is the one route whose body depends on who calls, so that no example can stand for it.
    static func isLogin(_ route: Route) -> Bool {
        route.fullPath == "/identity/v3/auth/tokens" && route.method == .post
    }

    @Test("without a token there is 401, whatever else is sent", arguments: names)
    func nobody(_ name: String) async throws {
        let stage = try await Stage()
        let route = Self.route(name, on: stage)
        let path = try await stage.path(route, for: .nobody, of: .member)
        for headers in [[:], Self.forged(stage), ["x-auth-token": "forged.token"]] {
            let answer = await stage.send(
                .nobody, route.method, path, try await Self.body(route, stage), headers: headers)
            if route.rule == .anyone {
                #expect(answer.status != 401 || Self.isLogin(route), "\(answer.text)")
            } else {
                #expect(answer.status == 401, "\(answer.text)")
                #expect(answer.headers.contains { $0.name == "www-authenticate" })
            }
        }
    }

    @Test("another project's things are as if they were not there", arguments: names)
    func stranger(_ name: String) async throws {
        let stage = try await Stage()
        let route = Self.route(name, on: stage)
        guard route.isTargeted, route.rule != .anyone else { return }
        let made = try await stage.path(route, for: .stranger, of: .member)
        let id = percentDecoded(Router.segments(made)[Self.place(route)])!
        let none = "0b5e0b5e-0000-4000-8000-00000000dead"
        var segments = Router.segments(made).map(String.init)
        segments[Self.place(route)] = none
        let missing = "/" + segments.joined(separator: "/")
        let body = try await Self.body(route, stage)
        let before = try await stage.holdings(.member)
        let answers = [
            await stage.send(.stranger, route.method, made, body),
            await stage.send(.stranger, route.method, missing, body),
        ]
        let forged = await stage.send(.stranger, route.method, made, body, headers: Self.forged(stage))
        if Self.access(route) == .project {
            // Where a stranger may not act at all, what there is and what there is not look alike too.
            let status = route.rule.permits(stage.caller(.stranger)) ? 404 : 403
            #expect(answers[0].status == status, "\(answers[0].text)")
        }
        if answers[0].status >= 400 {
            #expect(answers[0].text.replacing(id, with: "ID") == answers[1].text.replacing(none, with: "ID"))
            #expect(
                forged.status == answers[0].status && forged.text == answers[0].text, "forged headers: \(forged.text)")
        }
        #expect(try await stage.holdings(.member) == before)
    }

    @Test("a reader changes nothing", arguments: names)
    func reader(_ name: String) async throws {
        let stage = try await Stage()
        let route = Self.route(name, on: stage)
        let path = try await stage.path(route, for: .reader, of: .member)
        try await Self.prepare(route, path, stage)
        let needsMore = !route.rule.permits(stage.caller(.reader))
        let body = try await Self.body(route, stage)
        let before = try await stage.holdings(.member)
        let answer = await stage.send(.reader, route.method, path, body, headers: Self.subject(route, .reader, stage))
        if needsMore {
            #expect(answer.status == 403, "\(answer.text)")
            let forged = await stage.send(.reader, route.method, path, body, headers: Self.forged(stage))
            #expect(forged.status == 403 && forged.text == answer.text)
        } else if route.method.isSafe {
            #expect(answer.status < 400 || Self.isPersonal(route) && answer.status == 404, "\(answer.text)")
        }
        let isOwn = route.rule == .signedIn || route.rule == .anyone
        if !isOwn { #expect(try await stage.holdings(.member) == before) }
    }

    @Test("who may, does; each change leaves its record, each refusal one too", arguments: names)
    func audit(_ name: String) async throws {
        let stage = try await Stage()
        let route = Self.route(name, on: stage)
        if case .json = route.intake, !route.method.isSafe, !Self.isLogin(route) {
            try #require(route.example != nil, "a route that changes something has an example of its body")
        }
        for actor in [Actor.nobody, .reader, .member, .operator] where !Self.isLogin(route) {
            let owner = actor == .operator || actor == .member ? actor : .member
            let path = try await stage.path(route, for: actor, of: owner)
            try await Self.prepare(route, path, stage)
            let body = try await Self.body(route, stage, for: owner)
            if route.action == "remove-interface" {
                _ = await stage.send(.operator, .put, path.replacing("remove_router", with: "add_router"), body)
            }
            let before = try await stage.audit().count
            let bytes = route.intake == .stream ? [UInt8](repeating: 1, count: 512) : nil
            var answer = await stage.send(
                actor, route.method, path, body, bytes: bytes, headers: Self.subject(route, actor, stage))
            var records = Array(try await stage.audit().dropFirst(before))
            if route.method == .delete, [403, 409].contains(answer.status), route.rule.permits(stage.caller(actor)) {
                // Some things must be changed before they can be deleted, as a domain disabled: their own example does.
                try await Self.soften(route, path, stage)
                let again = try await stage.audit().count
                answer = await stage.send(actor, route.method, path, body)
                records = Array(try await stage.audit().dropFirst(again))
            }
            let permitted = route.rule.permits(stage.caller(actor))
            if permitted {
                let isAnothers = owner != actor && Self.isPersonal(route) && answer.status == 404
                #expect((200..<400).contains(answer.status) || isAnothers, "\(actor): \(answer.status) \(answer.text)")
            }
            Self.check(records, of: answer, route, actor, path, stage)
        }
    }

    // MARK: Parts

    private static func check(
        _ records: [AuditRecord], of answer: Response, _ route: Route, _ actor: Actor, _ path: String, _ stage: Stage
    ) {
        let request = answer.headers.first { $0.name == "x-openstack-request-id" }?.value ?? ""
        let context = Comment(rawValue: "\(actor) \(route.name) \(answer.status): \(records)")
        #expect(!request.isEmpty)
        if answer.status < 400 {
            guard !route.method.isSafe else { return #expect(records.isEmpty, context) }
            // A stream has two: when it began and when it was whole.
            #expect(records.count == 1 || route.intake == .stream && records.count == 2, context)
        } else {
            let isWritten = !route.method.isSafe || [401, 403, 404].contains(answer.status)
            #expect(records.count == (isWritten ? 1 : 0), context)
        }
        for record in records {
            #expect(record.outcome == (answer.status < 400 ? .success : .refused), context)
            #expect(record.caller.requestID == request && record.caller.address == Stage.address, context)
            #expect(record.service == route.service.name && !record.action.isEmpty, context)
            #expect(
                record.caller.user?.text == stage.users[actor] && record.caller.project?.text == stage.projects[actor],
                context)
            #expect((record.caller.token ?? "").isEmpty == (actor == .nobody), context)
            if let kind = route.kind { #expect(record.kind == kind.name, context) }
            // Identity's acts on tokens name the person, who stands neither in the path nor in the answer.
            guard route.service != .identity else { continue }
            guard !record.resource.isEmpty else {
                #expect(answer.status >= 400, context)
                continue
            }
            #expect(path.contains(record.resource.percentEncoded) || answer.text.contains(record.resource), context)
        }
    }

    /// A grant is made before it is taken away, and so is what comes when it is looked for.
    private static func prepare(_ route: Route, _ path: String, _ stage: Stage) async throws(CloudError) {
        if path.hasPrefix("/sss/v2/workspace-roles/workspaces/") {
            let parts = Router.segments(path)
            let body: JSON = ["workspace_id": .string(String(parts[4])), "user_id": .string(String(parts[6]))]
            _ = await stage.send(.operator, .post, "/sss/v2/workspace-roles", body)
        }
        if path.hasPrefix("/network/v2.0/auto-allocated-topology/") {
            try await stage.makeTopology(path)
        }
        guard route.method != .put,
            let put = stage.cloud.api.routes.first(where: {
                $0.fullPath == route.fullPath && $0.method == .put && $0.intake == .nothing
            })
        else { return }
        _ = await stage.send(.operator, put.method, path)
    }

    private static func soften(_ route: Route, _ path: String, _ stage: Stage) async throws(CloudError) {
        guard
            let update = stage.cloud.api.routes.first(where: { $0.fullPath == route.fullPath && $0.action == "update" }
            ),
            let example = update.example
        else { return }
        _ = await stage.send(.operator, update.method, path, example)
    }

    static func body(_ route: Route, _ stage: Stage, for owner: Actor = .member) async throws(CloudError) -> JSON? {
        guard let example = route.example else { return nil }
        return try await stage.fill(example, for: owner)
    }

    /// Identity's routes about tokens name one in a header.
    static func subject(_ route: Route, _ actor: Actor, _ stage: Stage) -> [String: String] {
        route.path.hasSuffix("/auth/tokens") ? ["x-subject-token": stage.tokens[actor] ?? ""] : [:]
    }

    /// Where in the path the id is that the call is about.
    static func place(_ route: Route) -> Int {
        Router.segments(route.fullPath).lastIndex {
            $0.hasPrefix("{") && Stage.parts[String($0.dropFirst().dropLast())] == nil
                && ($0 != "{project_id}" && $0 != "{tenant_id}" || route.service.isAboutProjects)
        }!
    }

    /// What belongs to a person and not to a project: a keypair, an account.
    static func isPersonal(_ route: Route) -> Bool {
        access(route) == .system && route.rule != .operator && route.isTargeted
    }

    static func access(_ route: Route) -> Access? { route.kind.flatMap { Cloud.schemas.find($0.name)?.access } }

    /// What proxies and middlewares pass on, and nobody here may believe.
    static func forged(_ stage: Stage) -> [String: String] {
        [
            "x-user-id": stage.users[.operator]!, "x-user-name": "operator", "x-roles": "admin", "x-role": "admin",
            "x-project-id": stage.projects[.member]!, "x-tenant-id": stage.projects[.member]!, "x-tenant": "blue",
            "x-is-admin-project": "True", "x-identity-status": "Confirmed", "x-service-roles": "service",
            "x-service-token": stage.tokens[.operator]!, "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1",
            "x-subject-token": stage.tokens[.operator]!, "forwarded": "for=127.0.0.1", "x-http-method-override": "GET",
            "authorization": "Bearer " + stage.tokens[.operator]!, "cookie": "token=" + stage.tokens[.operator]!,
        ]
    }
}
