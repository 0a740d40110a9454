import CloudCore
import CloudStore
@testable import CloudWire
import Testing

/// The route walk names another's things in paths; here they stand in bodies, where nothing but each rule refuses them.
@Suite("C043: another's things named in a body")
struct ForeignReferenceTests {
    /// Kinds that are everybody's to name, or stand for a person or a project and not for something of theirs.
    private static let open: Set<String> = [
        "flavor", "external_network", "project", "user", "role", "domain", "group", "tenant", "vlan", "block",
        "partner", "internet_service", "vpn_service", "interdc_service", "fic_service", "common_function_pool",
    ]

    /// Routes whose example names something that belongs to a project, and which kinds.
    static let cases = RouteWalkTests.routes.flatMap { route in
        route.rule == .operator ? [] : kinds(route.example ?? .null).sorted().map { "\(route.name) \($0)" }
    }.sorted()

    private static func kinds(_ example: JSON) -> Set<String> {
        switch example {
        case .string(let text) where text.hasPrefix("{") && text.hasSuffix("}"):
            Set([String(text.dropFirst().dropLast())]).subtracting(open)
        case .array(let items): items.reduce(into: []) { $0.formUnion(kinds($1)) }
        case .object(let members): members.values.reduce(into: []) { $0.formUnion(kinds($1)) }
        default: []
        }
    }

    @Test("is refused as if it were not there, and nothing of either changes", arguments: cases)
    func foreign(_ name: String) async throws {
        let stage = try await Stage()
        let words = name.split(separator: " ").map(String.init)
        let (route, kind) = (RouteWalkTests.route(words[0] + " " + words[1], on: stage), words[2])
        let theirs = try #require(try await stage.fill(.string("{\(kind)}"), for: .member).string)
        let none = "0b5e0b5e-0000-4000-8000-00000000dead"
        let path = try await stage.path(route, for: .stranger)
        var answers: [Response] = []
        for id in [theirs, none] {
            let body = try await stage.fill(Self.replaced(route.example!, "{\(kind)}", id), for: .stranger)
            let before = [try await stage.holdings(.member), try await stage.holdings(.stranger)]
            answers.append(await stage.send(.stranger, route.method, path, body))
            #expect(try await [stage.holdings(.member), stage.holdings(.stranger)] == before)
        }
        #expect((400..<500).contains(answers[0].status), "\(answers[0].status) \(answers[0].text)")
        #expect(answers[0].status == answers[1].status)
        #expect(answers[0].text.replacing(theirs, with: "ID") == answers[1].text.replacing(none, with: "ID"))
    }

    private static func replaced(_ json: JSON, _ old: String, _ new: String) -> JSON {
        switch json {
        case .string(old): .string(new)
        case .array(let items): .array(items.map { replaced($0, old, new) })
        case .object(let members): .object(members.mapValues { replaced($0, old, new) })
        default: json
        }
    }
}
