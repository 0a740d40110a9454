import CloudCore
import CloudStore
import CloudWire

/// Blocks of addresses that the cloud keeps for itself: no tenant's subnet may overlap them.
public struct ReservedAddress: Resource {
    public var name = "", description = ""
    public var blocks: [CIDR] = []
    public init() {}

    public static let kind = Kind("reserve_address", "reserve_addresses", service: "network")
    public static let access = Access.system
    public static let fields: [Field<ReservedAddress>] = [
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What they are kept for."),
        .value("subnets", \.blocks, [.read, .create, .update, .required], max: 4096, "The blocks."),
    ]

    /// Throws `invalid` for a block that overlaps one of them.
    static func refuse(_ block: CIDR, in reader: any Reader) throws(CloudError) {
        for it in try reader.list(ReservedAddress.self, .everything(kind)) {
            guard let taken = it.blocks.first(where: { $0.overlaps(block) }) else { continue }
            throw .invalid("\(block) overlaps \(taken), which the cloud keeps for \(it.value.name).", field: "cidr")
        }
    }
}

extension ReservedAddress: Governed {
    static let face = Face<ReservedAddress>(
        .network, "/v2.0/reserve_addresses", "reserve_address", "reserve_addresses",
        [
            .id(), .field("name"), .field("description"), .field("subnets"),
            .fixed("status", "ACTIVE", "They are kept."), .fixed("tenant_id", "", "They are the cloud's."), .created(),
            .updated(),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(
            .operator, example: ["reserve_address": ["name": "management", "subnets": ["192.0.2.0/24"]]]),
        face.update(.put, .operator, example: ["reserve_address": ["description": "ours"]]), face.delete(.operator),
    ]
}
