import CloudCore
import CloudStore
import CloudWire

/// A tenant's space beside the cloud's machines.
public struct ColocationSpace: Resource {
    public var name = "", description = "", plane = LogicalNetwork.Plane.data
    public init() {}

    public static let kind = Kind("colocation_space", "colocation_spaces", service: "network")
    public static let access = Access.project
    public static let fields: [Field<ColocationSpace>] = [
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "Where it is."),
        .choice("plane", \.plane, [.read, .create], "Whether it carries data or storage traffic."),
    ]
}

/// A pair of cables between a space and the cloud.
public struct ColocationPhysicalLink: Resource {
    public var space = ID<ColocationSpace>("")
    public var name = "", description = "", plane = LogicalNetwork.Plane.data
    /// Gbit/s of each cable.
    public var bandwidth = 1
    /// The operator's name of the physical network that it ends on.
    public var physical = ""
    public var ranges: [SegmentRange] = []
    public var portA: ID<PhysicalPort>?, portB: ID<PhysicalPort>?
    public var rackA = "", rackB = ""
    public init() {}

    public static let kind = Kind("colocation_physical_link", "colocation_physical_links", service: "network")
    public static let access = Access.project
    public static let fields: [Field<ColocationPhysicalLink>] = [
        .reference("colocation_space_id", \.space, [.read, .create, .required, .indexed], "The space it leads to."),
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .choice("plane", \.plane, [.read, .create], "Whether it carries data or storage traffic."),
        .integer("bandwidth", \.bandwidth, [.read, .create], 1...1000, "Gbit/s of each cable."),
        .text(
            "physical_network", \.physical, [.read, .create, .required], max: 12, "The physical network it ends on."),
        .value("segmentation_ranges", \.ranges, [.read, .create, .update, .required], max: 1024, "Its VLANs."),
        .reference("type_a_physical_port_id", \.portA, [.read, .create], "The port of its first cable."),
        .reference("type_b_physical_port_id", \.portB, [.read, .create], "The port of its second cable."),
        .text("type_a_rack_id", \.rackA, [.read, .create], "The rack of its first cable."),
        .text("type_b_rack_id", \.rackB, [.read, .create], "The rack of its second cable."),
    ]
}

extension ColocationSpace: Governed {
    static let face = Face<ColocationSpace>(
        .network, "/v2.0/colocation_spaces", "colocation_space", "colocation_spaces",
        [
            .id(), .field("name"), .field("description"), .field("plane"), .fixed("status", "ACTIVE", "It is there."),
            .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(.operator, example: ["colocation_space": ["name": "cage-4", "tenant_id": "{tenant}"]]),
        face.update(.put, .operator, example: ["colocation_space": ["description": "ours"]]), face.delete(.operator),
    ]
}

extension ColocationPhysicalLink: Governed {
    public static func admit(
        _ draft: inout Stored<ColocationPhysicalLink>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let space = try writer.get(draft.space, for: caller)
        guard space.project == draft.project else { throw .missing(ColocationSpace.kind.title, space.id.text) }
        guard PhysicalName.isValid(draft.physical) else {
            throw .invalid(
                "physical_network must be 1 to 12 of a to z and 0 to 9, as `akashi up --physical` named it.",
                field: "physical_network")
        }
        guard !draft.ranges.isEmpty else { throw .invalid("A link has VLANs.", field: "segmentation_ranges") }
        for port in [draft.portA, draft.portB] {
            guard let port else { continue }
            guard try writer.get(port, for: caller).project == draft.project else {
                throw .missing(PhysicalPort.kind.title, port.text)
            }
        }
    }

    static let face = Face<ColocationPhysicalLink>(
        .network, "/v2.0/colocation_physical_links", "colocation_physical_link", "colocation_physical_links",
        [
            .id(), .field("colocation_space_id"), .field("name"), .field("description"), .field("plane"),
            .field("bandwidth"), .field("segmentation_ranges"), .field("type_a_physical_port_id"),
            .field("type_b_physical_port_id"), .field("type_a_rack_id"), .field("type_b_rack_id"),
            .field("physical_network").only(for: .operators),
            .fixed("status", "ACTIVE", "It is there."), .owner("tenant_id"), .owner("project_id"), .created(),
            .updated(),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(
            .operator,
            example: [
                "colocation_physical_link": [
                    "name": "pair-1", "colocation_space_id": "{colocation_space}", "physical_network": "colo",
                    "segmentation_ranges": ["1-4094"], "tenant_id": "{tenant}",
                ]
            ]),
        face.update(.put, .operator, example: ["colocation_physical_link": ["description": "ours"]]),
        face.delete(.operator),
    ]
}
