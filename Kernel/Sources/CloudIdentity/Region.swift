import CloudCore
import CloudStore
import CloudWire

/// A place that endpoints are in.
public struct Region: Resource {
    public var description = ""
    public var parent: ID<Region>?
    public var extras = Extras()

    public init() {}

    public static let kind = Kind("region", "regions", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Region>] = [
        .text("description", \.description, [.read, .create, .update], "What it is."),
        .reference("parent_region_id", \.parent, [.read, .create, .update], "The region it is part of."),
        .extras,
    ]
}

extension Region: Extensible {
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

    private static let put = Route(
        .put, .identity, "/v3/regions/{region_id}", action: "create", kind: kind, rule: .operator, intake: .json(),
        status: 201, "Creates a region with this id.", example: ["region": ["description": "the west"]],
        schema: face.schema("region")
    ) { (call) throws(CloudError) in
        var object = try call.object("region")
        let id = try face.chosenID(.string(call.parameter("region_id")))
        if let named = object.removeValue(forKey: "id"), named != .string(id.text) {
            throw .invalid("The body names another region than the path.", field: "id")
        }
        let value = try face.draft(object)
        return .bytes(
            201,
            try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.create(value, id: id, project: ID(""), for: call.caller)
                return try face.envelope(it, writer, call)
            })
    }

    static let routes = [
        face.lister(.signedIn), face.shower(.signedIn),
        face.creator(example: ["region": ["description": "the north"]], namesItself: true), put,
        face.changer(example: ["region": ["description": "the far north"]]), face.deleter(),
    ]
}
