import CloudCore
import CloudStore
import CloudWire

/// Whoever has one role has the other too.
public struct RoleImplication: Resource {
    public var prior = ID<RoleType>("")
    public var implied = ID<RoleType>("")

    public init() {}

    public static let kind = Kind("role_implication", "role_implications", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<RoleImplication>] = [
        .reference("prior_role_id", \.prior, [.read, .create, .indexed], "Who has this one"),
        .reference("implied_role_id", \.implied, [.read, .create, .indexed], "has this one too."),
    ]

    static func id(_ prior: ID<RoleType>, _ implied: ID<RoleType>) -> ID<RoleImplication> { ID("\(prior)>\(implied)") }
}

extension RoleImplication {
    private static let path = "/v3/roles/{role}/implies/{role_id}"

    static func routes(_ directory: Directory) -> [Route] {
        [
            Route(
                .put, .identity, path, action: "imply", kind: kind, rule: .operator, status: 201,
                "Has one role imply another.", handle: imply),
            Route(
                .get, .identity, path, action: "show", kind: kind, rule: .operator,
                "Shows that one role implies another."
            ) { (call) throws(CloudError) in
                let (prior, implied) = try await found(call)
                return .json(
                    200, ["role_inference": ["prior_role": brief(prior, call), "implies": brief(implied, call)]])
            },
            Route(
                .head, .identity, path, action: "check", kind: kind, rule: .operator, status: 204,
                "Tells whether one role implies another."
            ) { (call) throws(CloudError) in
                _ = try await found(call)
                return Response(204)
            },
            Route(
                .delete, .identity, path, action: "remove", kind: kind, rule: .operator, status: 204,
                "Ends that one role implies another."
            ) { (call) throws(CloudError) in
                let (prior, implied) = names(call)
                try await call.write(implied.text) { (writer) throws(CloudError) in
                    guard try writer.find(id(prior, implied)) != nil else { throw absent }
                    try writer.remove(Reference(id(prior, implied)))
                }
                return Response(204)
            },
            Route(
                .get, .identity, "/v3/roles/{role_id}/implies", action: "list", kind: kind, rule: .operator,
                "Lists what a role implies."
            ) { (call) throws(CloudError) in
                let id = ID<RoleType>(call.parameter("role_id"))
                return .json(
                    200,
                    [
                        "role_inference": try await call.store.read { (reader) throws(CloudError) in
                            try inference(try reader.get(id), reader, call)
                        }
                    ])
            },
            Route(
                .get, .identity, "/v3/role_inferences", action: "list", kind: kind, rule: .operator,
                "Lists all roles that imply others, and which."
            ) { (call) throws(CloudError) in
                let all = try await call.store.read { (reader) throws(CloudError) in
                    var out: [JSON] = []
                    for prior in Set(try reader.list(RoleImplication.self, .everything(kind)).map(\.prior)).sorted() {
                        out.append(try inference(try reader.get(prior), reader, call))
                    }
                    return out
                }
                return .json(
                    200, ["role_inferences": .array(all), "links": ["self": .string(call.base + call.request.path)]])
            },
        ]
    }

    private static let absent = CloudError(.missing, "The one role does not imply the other.")

    private static func imply(_ call: Call) async throws(CloudError) -> Response {
        let (prior, implied) = names(call)
        let pair = try await call.write(implied.text) { (writer) throws(CloudError) in
            let pair = (try writer.get(prior), try writer.get(implied))
            // A role of the whole cloud must mean the same everywhere.
            guard pair.0.domain != nil || pair.1.domain == nil else {
                throw CloudError(.forbidden, "A role of the cloud cannot imply a role of a domain.")
            }
            guard Role(rawValue: pair.1.value.name) != .admin else {
                throw CloudError(.forbidden, "The role admin is granted, never implied.")
            }
            guard prior != implied else { throw CloudError(.forbidden, "A role does not imply itself.") }
            if try writer.find(id(prior, implied)) == nil {
                var rule = RoleImplication()
                (rule.prior, rule.implied) = (prior, implied)
                try writer.insert(rule, id: id(prior, implied))
            }
            return pair
        }
        return .json(201, ["role_inference": ["prior_role": brief(pair.0, call), "implies": brief(pair.1, call)]])
    }

    private static func found(_ call: Call) async throws(CloudError) -> (Stored<RoleType>, Stored<RoleType>) {
        let (prior, implied) = names(call)
        return try await call.store.read { (reader) throws(CloudError) in
            guard try reader.find(id(prior, implied)) != nil else { throw absent }
            return (try reader.get(prior), try reader.get(implied))
        }
    }

    private static func inference(_ prior: Stored<RoleType>, _ reader: any Reader, _ call: Call) throws(CloudError)
        -> JSON
    {
        var implied: [JSON] = []
        for rule in try reader.list(
            RoleImplication.self, .everything(kind).with("prior_role_id", .string(prior.id.text)))
        {
            implied.append(brief(try reader.get(rule.implied), call))
        }
        return ["prior_role": brief(prior, call), "implies": .array(implied)]
    }

    private static func brief(_ role: Stored<RoleType>, _ call: Call) -> JSON {
        [
            "id": .string(role.id.text), "name": .string(role.value.name),
            "links": ["self": .string(RoleType.face.link(role.id, call))],
        ]
    }

    private static func names(_ call: Call) -> (ID<RoleType>, ID<RoleType>) {
        (ID(call.parameter("role")), ID(call.parameter("role_id")))
    }
}
