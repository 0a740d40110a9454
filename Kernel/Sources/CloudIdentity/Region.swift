import CloudCore
import CloudStore
import CloudWire

/// A place that endpoints are in.
public struct Region: Resource {
    public var description = ""
    public var parent: ID<Region>?

    public init() {}

    public static let kind = Kind("region", "regions", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Region>] = [
        .text("description", \.description, [.read, .create, .update], "What it is."),
        .reference("parent_region_id", \.parent, [.read, .create, .update], "The region it is part of."),
    ]
}

extension Region: Governed {
    public static func newID(_ dice: any Dice) -> ID<Region> { ID(dice.hex32()) }

    public static func admit(_ draft: inout Stored<Region>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        if let parent = draft.parent { _ = try writer.get(parent) }
    }

    public static func admitChange(
        of it: inout Stored<Region>, from old: Stored<Region>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        var above = it.parent
        for _ in 0..<16 {
            guard let next = above else { return }
            guard next != it.id else { throw .invalid("A region is not part of itself.", field: "parent_region_id") }
            above = try writer.get(next).parent
        }
        throw .invalid("Regions stand too deep under each other.", field: "parent_region_id")
    }

    static let face = Face<Region>(
        .identity, "/v3/regions", "region", "regions", [.id(), .field("description"), .field("parent_region_id")])

    static let routes = [
        face.lister(.signedIn), face.shower(.signedIn),
        face.creator(example: ["region": ["description": "the north"]], namesItself: true),
        face.changer(example: ["region": ["description": "the far north"]]), face.deleter(),
    ]
}
