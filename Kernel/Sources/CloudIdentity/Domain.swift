import CloudCore
import CloudStore
import CloudWire

/// A namespace of users and projects (Keystone v3).
public struct Domain: Resource {
    public var name = ""
    public var description = ""
    public var enabled = true

    public init() {}

    public static let kind = Kind("domain", "domains", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Domain>] = [
        .text("name", \.name, [.read, .create, .update, .required, .unique], max: 64, "Its name."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .boolean("enabled", \.enabled, [.read, .create, .update], "Whether its users may log in."),
    ]
    /// The domain that exists from the first start, and that callers mean who name none.
    public static let `default` = ID<Domain>("default")
}

extension Domain: Governed {
    public static func newID(_ dice: any Dice) -> ID<Domain> { ID(dice.hex32()) }

    public static func admitRemoval(of it: Stored<Domain>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        guard it.id != Domain.default else { throw CloudError(.forbidden, "The default domain cannot be deleted.") }
        guard !it.enabled else { throw CloudError(.forbidden, "Disable the domain before deleting it.") }
    }
}

extension Domain {
    static let face = Face<Domain>(
        .identity, "/v3/domains", "domain", "domains",
        [.id(), .field("name"), .field("description"), .field("enabled")])

    static let routes = [
        face.list(.operator), face.show(.operator), face.create(.operator, example: ["domain": ["name": "branch"]]),
        face.update(.patch, .operator, example: ["domain": ["enabled": false]]), face.delete(.operator),
    ]
}
