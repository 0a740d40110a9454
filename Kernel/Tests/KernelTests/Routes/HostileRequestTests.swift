import CloudCore
import CloudServices
import CloudStore
@testable import CloudWire
import Testing

@Suite("Requests that are wrong on purpose")
struct HostileRequestTests {
    static let bodied = RouteWalkTests.routes.filter { if case .json = $0.intake { true } else { false } }.map(\.name)
        .sorted()

    /// Who may take a route, with the least power.
    private static func actor(_ route: Route) -> Actor { route.rule == .operator ? .operator : .member }

    @Test("a body that is too large, too deep, or of another type is refused as that", arguments: bodied)
    func bodies(_ name: String) async throws {
        let stage = try await Stage()
        let route = RouteWalkTests.route(name, on: stage)
        guard case .json(let limit) = route.intake else { return }
        let actor = Self.actor(route)
        let path = try await stage.path(route, for: actor, target: "0b5e0b5e-0000-4000-8000-00000000dead")
        func status(_ text: String, type: String = "application/json", length: String? = nil) async -> Int {
            var headers = ["content-type": type]
            headers["content-length"] = length
            return await stage.send(actor, route.method, path, bytes: Array(text.utf8), headers: headers).status
        }
        #expect(await status(String(repeating: " ", count: limit + 1)) == 413)
        #expect(await status("{}", length: "99999999999") == 413)
        #expect(await status(String(repeating: "[", count: 40)) == 400)
        #expect(await status(String(repeating: "[", count: 40) + String(repeating: "]", count: 40)) == 400)
        #expect(await status("{") == 400)
        #expect(await status("\u{0}") == 400)
        #expect(await status("{}", type: "text/plain") == 415)
        #expect(await status("a=b", type: "application/x-www-form-urlencoded") == 415)
        for text in ["", "null", "1", "\"\"", "{\"\":{}}"] {
            let status = await status(text)
            #expect((400..<500).contains(status), "\(text) \(status)")
        }
        // An image may be created without a word about it, and changed in no way.
        for text in ["{}", "[]"] { #expect(await status(text) < 500) }
    }

    @Test("no value in a body makes the server fail", arguments: bodied)
    func values(_ name: String) async throws {
        let stage = try await Stage()
        let route = RouteWalkTests.route(name, on: stage)
        guard let example = route.example else { return }
        let actor = Self.actor(route)
        let path = try await stage.path(route, for: actor)
        let good = try await stage.fill(example, for: actor)
        let bad: [JSON] = [
            nil, true, 0, -1, .integer(.max), .integer(.min), .number(1e308), "", "\u{0}", "../../etc/passwd",
            .string(String(repeating: "é", count: 40_000)), [], [nil], [:], ["x": ["y": [nil]]], "{network}", "🏳️‍🌈",
        ]
        for place in Self.places(good) {
            for value in bad {
                let answer = await stage.send(actor, route.method, path, Self.replaced(good, place[...], value))
                #expect(answer.status < 500, "\(place) \(value.text.prefix(80)): \(answer.text)")
            }
        }
    }

    /// The ways to every value in a document.
    private static func places(_ json: JSON) -> [[String]] {
        switch json {
        case .object(let members):
            [[]] + members.sorted { $0.key < $1.key }.flatMap { name, member in places(member).map { [name] + $0 } }
        case .array(let items):
            [[]] + items.enumerated().flatMap { place, item in places(item).map { ["\(place)"] + $0 } }
        default: [[]]
        }
    }

    private static func replaced(_ json: JSON, _ place: ArraySlice<String>, _ value: JSON) -> JSON {
        guard let first = place.first else { return value }
        switch json {
        case .object(var members):
            members[first] = replaced(members[first] ?? .null, place.dropFirst(), value)
            return .object(members)
        case .array(var items):
            items[Int(first)!] = replaced(items[Int(first)!], place.dropFirst(), value)
            return .array(items)
        default: return json
        }
    }

    @Test("names in a body that stand for an owner or an id widen nothing", arguments: bodied)
    func shadows(_ name: String) async throws {
        let stage = try await Stage()
        let route = RouteWalkTests.route(name, on: stage)
        guard let example = route.example, route.rule != .operator else { return }
        let (project, user) = (JSON.string(stage.projects[.stranger]!), JSON.string(stage.users[.stranger]!))
        let before = try await stage.holdings(.stranger)
        for (key, value): (String, JSON) in [
            ("tenant_id", project), ("project_id", project), ("owner", project), ("user_id", user), ("id", user),
            ("domain_id", "default"), ("roles", ["admin"]), ("is_admin", true), ("host", "host0"), ("uid", 0),
        ] {
            for isInside in [true, false] {
                let path = try await stage.path(route, for: .member)
                var body = try await stage.fill(example, for: .member)
                if case .object(var members) = body {
                    if isInside, members.count == 1, let (envelope, inner) = members.first, var object = inner.object {
                        object[key] = value
                        members[envelope] = .object(object)
                    } else {
                        members[key] = value
                    }
                    body = .object(members)
                }
                let count = try await stage.audit().count
                let answer = await stage.send(.member, route.method, path, body)
                #expect(answer.status < 500)
                for record in try await stage.audit().dropFirst(count) {
                    #expect(
                        record.caller.project?.text == stage.projects[.member]!
                            && record.caller.user?.text == stage.users[.member]!)
                }
                // Changing one's password ends one's tokens.
                if route.action == "change_password" { return }
            }
        }
        #expect(try await stage.holdings(.stranger) == before)
    }

    @Test("a path takes only its methods, and there is nothing at others")
    func methods() async throws {
        let stage = try await Stage()
        var byPath: [String: Set<CloudWire.Method>] = [:]
        for route in stage.cloud.api.routes { byPath[route.fullPath, default: []].insert(route.method) }
        for (path, methods) in byPath.sorted(by: { $0.key < $1.key }) {
            let real = Router.segments(path).map { $0.hasPrefix("{") ? "x" : String($0) }.joined(separator: "/")
            for method in CloudWire.Method.allCases
            where !methods.contains(method) && !(method == .head && methods.contains(.get)) {
                let answer = await stage.send(.member, method, "/" + real)
                #expect(answer.status == 405, "\(method) \(path)")
                #expect(answer.headers.contains { $0.name == "allow" })
            }
            for end in ["/nothing/at/all", "%00", "/..", "/%2e%2e/%2e%2e"] {
                let answer = await stage.send(.member, .patch, "/" + real + end)
                #expect([400, 401, 403, 404, 405].contains(answer.status), "\(path)\(end) \(answer.status)")
            }
        }
        for path in ["/nothing", "/identityv3", "/network/v2.0/nothing", "/compute", "//", "/.."] {
            #expect([404, 405].contains(await stage.send(.member, .delete, path).status), "\(path)")
        }
    }

    @Test("the description of the API has every route with its method, summary and body (C115)")
    func openAPI() async throws {
        let stage = try await Stage()
        let document = await stage.send(.nobody, .get, "/openapi.json").json
        var ids: Set<String> = []
        for route in stage.cloud.api.routes where route.fullPath != "/openapi.json" {
            let operation = document["paths"]?[route.fullPath]?[route.method.rawValue.lowercased()]
            #expect(operation?["summary"]?.string == route.help, "\(route.name)")
            #expect((operation?["security"] == nil) == (route.rule == .anyone), "\(route.name)")
            if case .json = route.intake { #expect(operation?["requestBody"] != nil, "\(route.name)") }
            let isNew = ids.insert(operation?["operationId"]?.string ?? "").inserted
            #expect(isNew, "\(route.name) shares its operationId")
        }
    }

    @Test("the description, which anybody may ask for, is written once and not for each who asks")
    func openAPIIsKept() async throws {
        let stage = try await Stage()
        let clock = ContinuousClock()
        let first = await clock.measure { _ = await stage.send(.nobody, .get, "/openapi.json") }
        let more = await clock.measure {
            for _ in 0..<20 { _ = await stage.send(.nobody, .get, "/openapi.json") }
        }
        #expect(more < first * 5)
    }
}
