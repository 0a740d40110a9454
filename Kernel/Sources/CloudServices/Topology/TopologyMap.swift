import CloudCore
import CloudStore

/// What a project has and how it hangs together: things and links between them.
struct TopologyMap: Sendable {
    /// What a thing is to a drawing, whatever its kind.
    enum Role: String, Sendable {
        /// Lies outside of the cloud: a bar at the top.
        case outside
        /// Joins segments with each other and with the outside: a box between them.
        case hub
        /// Holds members: a panel.
        case segment
        /// Is on segments: a card in the panel of each.
        case member
        /// Is told of others, and not drawn by itself.
        case note
    }
    struct Node: Sendable {
        var id: String
        /// As the API calls it: `server`, `network`.
        var kind: String
        var role: Role
        var name: String
        var status = ""
        /// What a drawing says beneath the name, the most important first.
        var lines: [String] = []
        /// What else there is to know, by name.
        var detail: [String: JSON] = [:]
    }
    struct Link: Sendable {
        var from: String
        var to: String
        /// What a drawing says beside it: addresses, as a rule.
        var label = ""
        var detail: [String: JSON] = [:]
    }

    private(set) var nodes: [Node] = []
    private(set) var links: [Link] = []
    /// How many things there was no room for.
    private(set) var omitted = 0
    /// The most things that it holds.
    let limit: Int
    /// Whether it wants notes.
    let hasNotes: Bool
    private var places: [String: Int] = [:]

    init(limit: Int, hasNotes: Bool = true) { (self.limit, self.hasNotes) = (limit, hasNotes) }

    /// Adds a thing, unless it is there already; counts it where there is no room.
    mutating func add(_ node: Node) {
        guard places[node.id] == nil, hasNotes || node.role != .note else { return }
        guard nodes.count < limit else { return omit(1) }
        places[node.id] = nodes.count
        nodes.append(node)
    }

    mutating func omit(_ count: Int) { omitted += max(0, count) }

    /// Adds a link between things that are there; others are left out.
    mutating func link(_ link: Link) {
        guard places[link.from] != nil, places[link.to] != nil else { return }
        links.append(link)
    }

    func has(_ id: String) -> Bool { places[id] != nil }

    /// Changes a thing, if it is there.
    mutating func change(_ id: String, _ body: (inout Node) -> Void) {
        if let place = places[id] { body(&nodes[place]) }
    }

    var json: JSON {
        [
            "nodes": .array(
                nodes.map {
                    [
                        "id": .string($0.id), "kind": .string($0.kind), "role": .string($0.role.rawValue),
                        "name": .string($0.name), "status": .string($0.status), "detail": .object($0.detail),
                    ]
                }),
            "links": .array(
                links.map {
                    [
                        "from": .string($0.from), "to": .string($0.to), "label": .string($0.label),
                        "detail": .object($0.detail),
                    ]
                }), "not_shown": .integer(omitted),
        ]
    }
}
