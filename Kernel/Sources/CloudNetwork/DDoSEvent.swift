import CloudCore
import CloudStore
import CloudWire

/// An attack on a public address, which the edge stood off (white paper C050). The cloud writes it; nobody else does.
public struct DDoSEvent: Resource {
    public var address: IPAddress?
    /// The router or gateway that the address led to.
    public var member = ""
    public var until: Instant?
    public var peak = 0, openings = 0, dropped = 0

    public init() {}

    public static let kind = Kind("ddos_event", "ddos_events", service: "network")
    public static let access = Access.project
    public static func goesWithProject(_ it: DDoSEvent) -> Bool { true }
    public static let fields: [Field<DDoSEvent>] = [
        .parsed("address", \.address, [.read, .indexed], "The address that was attacked."),
        .text("gateway_id", \.member, [.read, .indexed], max: 64, "The router or gateway that it led to."),
        .time("until", \.until, [.read, .indexed], "When the attack had ended; null while it goes on."),
        .integer("peak", \.peak, [.read], 0...Int.max, "The most opening packets (SYN) in a second."),
        .integer("openings", \.openings, [.read], 0...Int.max, "Opening packets (SYN) that came meanwhile."),
        .integer(
            "dropped", \.dropped, [.read], 0...Int.max,
            "Handshakes with anything behind its router or gateway that were begun meanwhile and never ended."),
    ]

    /// So many are kept of one project; the oldest give way.
    static let most = 1000
}

extension DDoSEvent: Governed {
    static let face = Face<DDoSEvent>(
        .network, "/v1/ddos-events", "ddos_event", "ddos_events",
        [
            .id(), .field("address"), .field("gateway_id"), .owner("tenant_id"), .owner("project_id"),
            .created("since"), .field("until"), .field("peak"), .field("openings"), .field("dropped"),
        ])

    static let routes = [face.list(), face.show()]
}
