import CloudCore
import CloudStore
import CloudWire

/// A port that hears copies of other ports' packets (Neutron's tap as a service), an intrusion detector's as a rule.
public struct TapService: Resource {
    public var name = "", description = ""
    public var port = ID<Port>("")

    public init() {}

    public static let kind = Kind("tap_service", "tap_services", service: "network")
    public static let access = Access.project
    public static let fields: [Field<TapService>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        Field(
            "port_id", .text(max: 64, lines: false), [.read, .create, .required, .indexed], "The port that listens.",
            get: { .string($0.port.text) }, set: { $0.port = ID($1.string ?? "") }),
    ]
    public static func goesWithProject(_ it: TapService) -> Bool { true }
}

extension TapService: Governed {
    public static let quota = 50

    public static func admit(_ draft: inout Stored<TapService>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        let port = try TapService.tappable(draft.port, of: draft.project, for: caller, in: writer)
        guard try writer.first(TapService.self, where: "port_id", .string(port.id.text)) == nil else {
            throw .conflict("Port \(port.id) is a tap service's already.")
        }
        guard try writer.first(TapFlow.self, where: "source_port", .string(port.id.text)) == nil else {
            throw .conflict("Port \(port.id) is a tap flow's source: copies of copies are not made.")
        }
    }

    /// Its flows go with it.
    public static func admitRemoval(of it: Stored<TapService>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    { try TapFlow.withdraw(where: "tap_service_id", it.id.text, in: writer) }

    /// A port of the project that a server may have.
    static func tappable(
        _ id: ID<Port>, of project: ProjectID, for caller: Caller, in reader: any Reader
    ) throws(CloudError) -> Stored<Port> {
        let port = try reader.get(id, for: caller)
        guard port.project == project else { throw .missing(Port.kind.title, id.text) }
        guard !port.value.isRouters, !port.deviceOwner.hasPrefix("network:") else {
            throw .conflict("Port \(id) is the cloud's own: only servers' ports are tapped.")
        }
        return port
    }
}

extension TapService {
    static let face = Face<TapService>(
        .network, "/v2.0/taas/tap_services", "tap_service", "tap_services",
        [
            .id(), .field("name"), .field("description"), .field("port_id"), .owner("project_id"), .owner("tenant_id"),
            .created(), .updated(), .revision(),
            .computed("status", "Whether a host carries its port.") { (it, reader) throws(CloudError) in
                let port = try reader.find(it.port)
                return port.map { $0.host.isEmpty } ?? true ? "DOWN" : "ACTIVE"
            },
        ])

    static let routes = [
        face.list(), face.show(), face.create(example: ["tap_service": ["name": "ids", "port_id": "{port}"]]),
        face.update(example: ["tap_service": ["description": "listens"]]), face.delete(),
    ]
}
