import CloudCore
import Synchronization

/// The API's description (OpenAPI 3.1), derived from the routes.
enum OpenAPI {
    static let path = "/openapi.json"

    static func route(_ routes: [Route], base: String) -> Route {
        // Written when somebody first asks: few do, and every start would wait for it. Then it is kept, since anybody
        // may ask, and a short question must not cost long work.
        let kept = Kept()
        return Route(.get, .akashi, path, action: "show", rule: .anyone, "This description of every call.") {
            (_) throws(CloudError) in
            .bytes(200, kept.bytes { Array(document(routes, base: base).text.utf8) })
        }
    }

    private final class Kept: Sendable {
        private let made = Mutex<[UInt8]?>(nil)

        func bytes(_ make: () -> [UInt8]) -> [UInt8] {
            made.withLock { made in
                if made == nil { made = make() }
                return made ?? []
            }
        }
    }

    static func document(_ routes: [Route], base: String) -> JSON {
        var paths: [String: JSON] = [:]
        for route in routes {
            var item = paths[route.fullPath]?.object ?? [:]
            item[route.method.rawValue.lowercased()] = operation(route)
            paths[route.fullPath] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": ["title": "Akashi", "version": "1"],
            "servers": [["url": .string(base)]],
            "paths": .object(paths),
            "components": [
                "securitySchemes": ["token": ["type": "apiKey", "in": "header", "name": "X-Auth-Token"]]
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSON {
        let names = Router.segments(route.fullPath).filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
        var out: [String: JSON] = [
            "summary": .string(route.help),
            "tags": [.string(route.service.name)],
            "operationId": .string(
                ([route.service.name, route.action]
                    + Router.segments(route.path).map { $0.filter { $0 != "{" && $0 != "}" } })
                    .joined(separator: "_")),
            "parameters": .array(
                names.map { ["name": .string($0), "in": "path", "required": true, "schema": ["type": "string"]] }),
            "responses": [
                String(route.status): answer(route),
                "default": ["description": "An error in the \(route.service.dialect.rawValue) dialect."],
            ],
        ]
        if route.rule != .anyone { out["security"] = [["token": []]] }
        switch route.intake {
        case .nothing: break
        case .stream:
            out["requestBody"] = [
                "content": ["application/octet-stream": ["schema": ["type": "string", "format": "binary"]]]
            ]
        case .json:
            var media: [String: JSON] = ["schema": body(route, for: route.method == .post ? .create : .update)]
            if let example = route.example { media["example"] = example }
            out["requestBody"] = ["content": ["application/json": .object(media)]]
        }
        return .object(out)
    }

    private static func answer(_ route: Route) -> JSON {
        guard let schema = route.schema, route.status != 204 else { return ["description": .string(route.help)] }
        let one = object(schema.properties.filter { $0.rights.contains(.read) })
        let content: JSON = schema.isList ? ["type": "array", "items": one] : one
        return [
            "description": .string(route.help),
            "content": ["application/json": ["schema": wrapped(schema.envelope, content)]],
        ]
    }

    private static func body(_ route: Route, for right: Rights) -> JSON {
        guard let schema = route.schema else { return ["type": "object"] }
        return wrapped(schema.envelope, object(schema.properties.filter { $0.rights.contains(right) }))
    }

    private static func wrapped(_ envelope: String, _ schema: JSON) -> JSON {
        envelope.isEmpty ? schema : ["type": "object", "properties": [envelope: schema]]
    }

    private static func object(_ properties: [RouteSchema.Property]) -> JSON {
        [
            "type": "object",
            "properties": .object(
                Dictionary(properties.map { ($0.name, property($0)) }, uniquingKeysWith: { first, _ in first })),
        ]
    }

    private static func property(_ property: RouteSchema.Property) -> JSON {
        var out: [String: JSON] = ["description": .string(property.help)]
        switch property.type {
        case .text(let max, _): (out["type"], out["maxLength"]) = ("string", .integer(max))
        case .integer(let range):
            (out["type"], out["minimum"], out["maximum"]) =
                ("integer", .integer(range.lowerBound), .integer(range.upperBound))
        case .boolean: out["type"] = "boolean"
        case .choice(let choices): (out["type"], out["enum"]) = ("string", .array(choices.map(JSON.string)))
        case .reference(_, let optional): out["type"] = optional ? ["string", "null"] : "string"
        case .time: (out["type"], out["format"]) = (["string", "null"], "date-time")
        case .json, nil: break
        }
        return .object(out)
    }
}
