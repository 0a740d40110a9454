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
    static func refuse(_ block: CIDR, field: String = "cidr", in reader: any Reader) throws(CloudError) {
        for it in try reader.list(ReservedAddress.self, .everything(kind)) {
            guard let taken = it.blocks.first(where: { $0.overlaps(block) }) else { continue }
            throw .invalid("\(block) overlaps \(taken), which the cloud keeps for \(it.value.name).", field: field)
        }
    }
}

extension ReservedAddress: Governed {
    public static func admit(
        _ draft: inout Stored<ReservedAddress>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) { try draft.requireFree(in: writer) }

    public static func admitChange(
        of it: inout Stored<ReservedAddress>, from old: Stored<ReservedAddress>, for caller: Caller,
        in writer: any Writer
    ) throws(CloudError) { if it.blocks != old.blocks { try it.requireFree(in: writer) } }

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
            .operator, example: ["reserve_address": ["name": "management", "subnets": ["{block}"]]]),
        face.update(.put, .operator, example: ["reserve_address": ["description": "ours"]]), face.delete(.operator),
    ]
}

extension Stored where R == ReservedAddress {
    /// Throws `conflict` where one of its blocks is kept already, or tenants get public ones from it.
    fileprivate func requireFree(in reader: any Reader) throws(CloudError) {
        var taken: [(block: CIDR, by: String)] = []
        for other in try reader.list(ReservedAddress.self, .everything(ReservedAddress.kind)) where other.id != id {
            taken += other.blocks.map { ($0, "reservation \(other.id)") }
        }
        for service in try reader.list(ConnectionService.self, .everything(ConnectionService.kind)) {
            taken += service.blocks.map { ($0, "service \(service.id)") }
        }
        for (place, block) in value.blocks.enumerated() {
            guard !value.blocks[..<place].contains(where: { $0.overlaps(block) }) else {
                throw .invalid("Blocks do not overlap: \(block) does.", field: "subnets")
            }
            if let (other, owner) = taken.first(where: { $0.block.overlaps(block) }) {
                throw .conflict("\(block) overlaps \(other) of \(owner).")
            }
        }
    }
}
