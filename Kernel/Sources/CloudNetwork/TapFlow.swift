import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// Copies a port's packets to a tap service's port, for as long as one host carries both.
public struct TapFlow: Lifecycle {
    public var name = "", description = ""
    public var service = ID<TapService>("")
    public var source = ID<Port>(""), listener = ID<Port>("")
    public var direction = Direction.both
    public var status = Status.down, host = "", fault = ""

    /// As the source's guest sees it: what comes to it, and what it sends.
    public enum Direction: String, CaseIterable, Sendable { case ingress = "IN", egress = "OUT", both = "BOTH" }
    public enum Status: String, CaseIterable, Sendable { case active = "ACTIVE", down = "DOWN", error = "ERROR" }
    public enum Label: String, CaseIterable, Sendable { case copy, destroy }

    public init() {}

    public static let kind = Kind("tap_flow", "tap_flows", service: "network")
    public static let access = Access.project
    public static let fields: [Field<TapFlow>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        id("tap_service_id", \.service, [.read, .create, .required, .indexed], "The service that hears the copies."),
        id("source_port", \.source, [.read, .create, .required, .indexed], "The port whose packets are copied."),
        id("listener", \.listener, [.indexed], "The service's port."),
        .choice(
            "direction", \.direction, [.read, .create, .required], "Which packets, as the source's guest sees it."),
        .choice("status", \.status, [.read], "Whether packets are copied."),
        .text("host", \.host, [], "The host that copies."),
        .text("fault", \.fault, [.read], max: 1024, "Why it is in error."),
    ]

    private static func id<R>(
        _ name: String, _ path: WritableKeyPath<TapFlow, ID<R>> & Sendable, _ rights: Rights, _ help: String
    ) -> Field<TapFlow> {
        Field(
            name, .text(max: 64, lines: false), rights, help, get: { .string($0[keyPath: path].text) },
            set: { $0[keyPath: path] = ID($1.string ?? "") })
    }

    public static func step(
        _ label: Label, _ turn: inout Turn<TapFlow>, in fabric: any Fabric
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        let it = turn.it
        switch label {
        case .copy:
            let hosts = try await turn.store.read { (reader) throws(CloudError) in
                [try reader.find(it.source)?.host ?? "", try reader.find(it.listener)?.host ?? ""]
            }
            let host = hosts[0] == hosts[1] ? hosts[0] : ""
            if !it.host.isEmpty, it.host != host { try await fabric.removeMirror(it.id, on: ID(it.host)) }
            turn.it.host = ""
            (turn.it.status, turn.it.fault) = (.down, "")
            if host.isEmpty {
                if !hosts.contains("") { turn.it.fault = "Its ports are on different hosts." }
                return .rest
            }
            try await fabric.ensureMirror(it.spec, on: ID(host))
            (turn.it.status, turn.it.host) = (.active, host)
            return .rest
        case .destroy:
            // A crash may have come between the copy and the note of its host, so the ports' host is asked too.
            let place = try await turn.store.read { (reader) throws(CloudError) in
                try reader.find(it.source)?.host ?? ""
            }
            for host in Set([it.host, place]).subtracting([""]).sorted() {
                try await fabric.removeMirror(it.id, on: ID(host))
            }
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<TapFlow>, _ error: CloudError) -> Next<Label> {
        if label != .destroy { turn.it.status = .error }
        turn.it.fault =
            error.code == .conflict ? error.message : "The copying could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }

    /// Has the flows from and to a port look again.
    static func refresh(_ port: ID<Port>, in writer: any Writer) throws(CloudError) {
        for column in ["source_port", "listener"] {
            for flow in try writer.list(TapFlow.self, where: column, .string(port.text)) {
                try writer.raise(.refresh, Reference(flow.id))
            }
        }
    }

    /// Deletes the flows from and to a port that is gone, and the services on it.
    static func forget(_ port: ID<Port>, in writer: any Writer) throws(CloudError) {
        for column in ["source_port", "listener"] { try withdraw(where: column, port.text, in: writer) }
        for service in try writer.list(TapService.self, where: "port_id", .string(port.text)) {
            try writer.remove(Reference(service.id))
        }
    }

    static func withdraw(where column: String, _ value: String, in writer: any Writer) throws(CloudError) {
        for var flow in try writer.list(TapFlow.self, where: column, .string(value)) { try writer.delete(&flow) }
    }
}

extension Stored where R == TapFlow {
    /// What the fabric is told of it.
    var spec: MirrorSpec {
        MirrorSpec(
            id: id, source: value.source, listener: value.listener, copiesIngress: value.direction != .egress,
            copiesEgress: value.direction != .ingress)
    }
}

extension TapFlow: Governed {
    public static let quota = 50

    public static func admit(_ draft: inout Stored<TapFlow>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        let service = try writer.get(draft.service, for: caller)
        guard service.project == draft.project else { throw .missing(TapService.kind.title, service.id.text) }
        let port = try TapService.tappable(draft.source, of: draft.project, for: caller, in: writer)
        guard try writer.first(TapService.self, where: "port_id", .string(port.id.text)) == nil else {
            throw .conflict("Port \(port.id) is a tap service's: copies of copies are not made.")
        }
        draft.value.listener = service.port
    }
}

extension TapFlow {
    static let face = Face<TapFlow>(
        .network, "/v2.0/taas/tap_flows", "tap_flow", "tap_flows",
        [
            .id(), .field("name"), .field("description"), .field("tap_service_id"), .field("source_port"),
            .field("direction"), .field("status"), .field("fault"), .owner("project_id"), .owner("tenant_id"),
            .created(), .updated(), .revision(),
            .fixed("vlan_filter", .null, "Tags of guests' own are not looked at."),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(
            example: [
                "tap_flow": [
                    "name": "web", "tap_service_id": "{tap_service}", "source_port": "{port}", "direction": "BOTH",
                ]
            ]), face.update(example: ["tap_flow": ["description": "seen by the detector"]]), face.delete(),
    ]
}
