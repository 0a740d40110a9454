import CloudCore

/// Finds the route of a method and path. Built once; a lookup walks one node a segment.
struct Router: Sendable {
    private final class Node: Sendable {
        let literals: [String: Node]
        let wildcard: Node?
        let routes: [Method: Route]
        /// Where the path's parameters stand, and their names; the same for every method.
        let parameters: [(place: Int, name: String)]

        /// - Parameter depth: how many segments lead here.
        init(_ routes: [(segments: [Substring], route: Route)], depth: Int = 0) {
            var here: [Method: Route] = [:]
            var below: [Substring: [(segments: [Substring], route: Route)]] = [:]
            var wild: [(segments: [Substring], route: Route)] = []
            var found: [(place: Int, name: String)]?
            for (segments, route) in routes {
                if depth == segments.count {
                    precondition(here[route.method] == nil, "two routes for \(route.method) \(route.fullPath)")
                    here[route.method] = route
                    let own = Router.parameters(segments)
                    precondition((found ?? own).map(\.name) == own.map(\.name), "two names in \(route.fullPath)")
                    found = own
                } else if segments[depth].utf8.first == UInt8(ascii: "{") {
                    wild.append((segments, route))
                } else {
                    below[segments[depth], default: []].append((segments, route))
                }
            }
            (self.routes, parameters) = (here, found ?? [])
            literals = Dictionary(
                uniqueKeysWithValues: below.map { (String($0.key), Node($0.value, depth: depth + 1)) })
            wildcard = wild.isEmpty ? nil : Node(wild, depth: depth + 1)
        }
    }

    enum Match {
        case found(Route, [String: String])
        case badMethod(allowed: [Method])
        case none
    }

    private let root: Node

    init(_ routes: [Route]) {
        root = Node(routes.map { (Self.segments($0.fullPath), $0) })
    }

    /// Empty segments do not count: a slash at the end changes nothing.
    static func segments(_ path: String) -> [Substring] {
        path.utf8.split(separator: UInt8(ascii: "/")).map(Substring.init)
    }

    private static func parameters(_ segments: [Substring]) -> [(place: Int, name: String)] {
        segments.enumerated().filter { $0.element.utf8.first == UInt8(ascii: "{") }.map {
            ($0.offset, String($0.element.dropFirst().dropLast()))
        }
    }

    func match(_ method: Method, _ path: String) -> Match {
        let segments = Self.segments(path)
        guard segments.count <= 16, let node = find(root, segments[...]) else { return .none }
        // Glance takes a slash behind a collection for an id that is empty.
        if path.hasSuffix("/"), node.wildcard != nil, node.routes[.get]?.service == .image { return .none }
        guard let route = node.routes[method] ?? (method == .head ? node.routes[.get] : nil) else {
            // A slash behind a collection may be an id that is empty.
            return node.routes.isEmpty || path.hasSuffix("/") && node.wildcard != nil
                ? .none : .badMethod(allowed: node.routes.keys.sorted { $0.rawValue < $1.rawValue })
        }
        var parameters: [String: String] = [:]
        for (place, name) in node.parameters {
            let segment = segments[place]
            if !segment.utf8.contains(UInt8(ascii: "%")) {
                parameters[name] = String(segment)
                continue
            }
            guard let decoded = percentDecoded(segment) else { return .none }
            parameters[name] = decoded
        }
        return .found(route, parameters)
    }

    /// A literal segment goes before a wildcard, and where it leads nowhere the wildcard is tried.
    private func find(_ node: Node, _ segments: ArraySlice<Substring>) -> Node? {
        guard let first = segments.first else { return node }
        let rest = segments.dropFirst()
        if let next = node.literals[String(first)], let found = find(next, rest), !found.routes.isEmpty { return found }
        return node.wildcard.flatMap { find($0, rest) }
    }
}

/// Undoes percent-encoding (RFC 3986); nil where it is malformed or not UTF-8.
public func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
    var out: [UInt8] = []
    var bytes = Array(text.utf8)[...]
    while let byte = bytes.popFirst() {
        switch byte {
        case UInt8(ascii: "%"):
            guard bytes.count >= 2, let code = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16),
                !"+-".utf8.contains(bytes[bytes.startIndex])
            else { return nil }
            out.append(code)
            bytes.removeFirst(2)
        case UInt8(ascii: "+") where plusIsSpace: out.append(UInt8(ascii: " "))
        default: out.append(byte)
        }
    }
    return String(validating: out, as: UTF8.self)
}
