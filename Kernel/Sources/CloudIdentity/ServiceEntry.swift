import CloudCore
import CloudStore
import CloudWire

/// A service in the catalogue: one of Akashi's own, or one an operator adds.
public struct ServiceEntry: Resource {
    public var name = ""
    public var type = ""
    public var description = ""
    public var enabled = true
    public var extras = Extras()

    public init() {}

    public static let kind = Kind("service", "services", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<ServiceEntry>] = [
        .text("name", \.name, [.read, .create, .update, .indexed], "Its name."),
        .text("type", \.type, [.read, .create, .update, .required, .indexed], "What it offers: compute, image, …"),
        .text("description", \.description, [.read, .create, .update], "For people."),
        .boolean("enabled", \.enabled, [.read, .create, .update], "Whether the catalogue lists it."),
        .extras,
    ]
}

extension ServiceEntry: Extensible {
    public static func newID(_ dice: any Dice) -> ID<ServiceEntry> { ID(dice.hex32()) }

    public static func admit(_ draft: inout Stored<ServiceEntry>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        guard !draft.type.isEmpty else { throw .invalid("The type must not be empty.", field: "type") }
    }

    public static func admitChange(
        of it: inout Stored<ServiceEntry>, from old: Stored<ServiceEntry>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard !it.type.isEmpty else { throw .invalid("The type must not be empty.", field: "type") }
        guard it.type == old.type || !isBuiltIn(it.id) else { throw builtIn }
    }

    /// Its endpoints go with it.
    public static func admitRemoval(of it: Stored<ServiceEntry>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        guard !isBuiltIn(it.id) else { throw builtIn }
        for endpoint in try writer.list(
            Endpoint.self, .everything(Endpoint.kind).with("service_id", .string(it.id.text)))
        {
            try writer.remove(Reference(endpoint.id))
        }
    }

    /// Akashi's own services have their names for ids.
    static func isBuiltIn(_ id: ID<ServiceEntry>) -> Bool { Service.catalog.contains { $0.name == id.text } }

    private static let builtIn = CloudError(
        .forbidden, "The service is one of the cloud's own and stays; it can be disabled.")

    static let face = Face<ServiceEntry>(
        .identity, "/v3/services", "service", "services",
        [.id(), .field("name"), .field("type"), .field("description"), .field("enabled")])

    static let routes = [
        face.lister(.operator), face.shower(.operator),
        face.creator(example: ["service": ["name": "mail", "type": "mail"]]),
        face.changer(example: ["service": ["description": "post"]]), face.deleter(),
    ]
}
