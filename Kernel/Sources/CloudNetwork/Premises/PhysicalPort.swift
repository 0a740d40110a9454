import CloudCore
import CloudStore
import CloudWire

/// A port of the operator's switches that a tenant has the use of.
public struct PhysicalPort: Resource {
    public var name = "", description = "", plane = LogicalNetwork.Plane.data
    /// The VLANs that it carries.
    public var ranges: [SegmentRange] = []
    /// What it is for: a service of the operator's, and that one's id of it.
    public var serviceOwner = "", serviceID = ""
    /// The operator's name of the physical network that it ends on; empty for none of the cloud's.
    public var physical = ""
    public var tags: [String: String] = [:]

    public init() {}

    public static let kind = Kind("physical_port", "physical_ports", service: "network")
    public static let access = Access.project
    public static let fields: [Field<PhysicalPort>] = [
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .choice("plane", \.plane, [.read, .create], "Whether it carries data or storage traffic."),
        .value("segmentation_ranges", \.ranges, [.read, .create, .update], max: 1024, "The VLANs that it carries."),
        .text("service_owner", \.serviceOwner, [.read, .create, .update], "The service that it is for."),
        .text("service_id", \.serviceID, [.read, .create, .update], "That service's id of it."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
        .text("physical_network", \.physical, [.read, .create], max: 12, "The physical network that it ends on."),
    ]
}

/// VLANs from one to another, both included; written `100-199`, or `100` for one.
public struct SegmentRange: Hashable, Sendable, JSONConvertible {
    public var low: Int, high: Int

    public init(json: JSON) throws(CloudError) {
        let ends = (json.string ?? json.integer.map(String.init) ?? "").split(separator: "-").map { Int($0) }
        guard let low = ends.first ?? nil, let high = ends.last ?? nil, ends.count <= 2, low <= high,
            (1...4094).contains(low), (1...4094).contains(high)
        else { throw .invalid("VLANs are 1 to 4094, as 100 or 100-199.") }
        (self.low, self.high) = (low, high)
    }

    public var json: JSON { .string(low == high ? "\(low)" : "\(low)-\(high)") }
    public func contains(_ segment: Int) -> Bool { (low...high).contains(segment) }
}

extension PhysicalPort: Governed, Taggable {
    public static func admit(
        _ draft: inout Stored<PhysicalPort>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard draft.physical.isEmpty || PhysicalName.isValid(draft.physical) else {
            throw .invalid(
                "physical_network must be 1 to 12 of a to z and 0 to 9, as `akashi up --physical` named it.",
                field: "physical_network")
        }
    }

    public static func admitRemoval(
        of it: Stored<PhysicalPort>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let users = try writer.list(Port.self, where: "device_id", .string(it.id.text))
            .filter { $0.project == it.project }
        guard users.isEmpty else {
            throw .conflict("Physical port \(it.id) is in use by \(Port.describe(Array(users.prefix(4)))).")
        }
    }

    static let face = Face<PhysicalPort>(
        .network, "/v2.0/physical_ports", "physical_port", "physical_ports",
        [
            .id(), .field("name"), .field("description"), .field("plane"), .field("segmentation_ranges"),
            .field("service_owner"), .field("service_id"), .field("physical_network").only(for: .operators),
            .fixed("status", "ACTIVE", "It is there."), .eclTags(),
            .openstackTags(), .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(
            .operator,
            example: [
                "physical_port": ["name": "leaf1-e7", "segmentation_ranges": ["100-199"], "tenant_id": "{tenant}"]
            ]),
        face.update(.put, .operator, example: ["physical_port": ["description": "ours"]]), face.delete(.operator),
    ]
}
