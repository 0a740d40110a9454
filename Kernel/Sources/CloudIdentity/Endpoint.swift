import CloudCore
import CloudStore
import CloudWire

/// Where a service is reached.
public struct Endpoint: Resource {
    public enum Interface: String, CaseIterable, Sendable { case `public`, `internal`, admin }

    public var service = ID<ServiceEntry>("")
    public var interface = Interface.public
    public var region: ID<Region>?
    /// `https://…`, or a path from `/` on for what this cloud's own address serves; `$(project_id)s` stands for the
    /// token's project.
    public var url = ""
    public var name = ""
    public var enabled = true
    public var extras = Extras()

    public init() {}

    public static let kind = Kind("endpoint", "endpoints", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Endpoint>] = [
        .reference("service_id", \.service, [.read, .create, .update, .required, .indexed], "The service."),
        .choice("interface", \.interface, [.read, .create, .update, .required, .indexed], "For whom it is."),
        .reference("region_id", \.region, [.read, .create, .update, .indexed], "Where it is."),
        .text("url", \.url, [.read, .create, .update, .required], max: 2048, "Its address."),
        .text("name", \.name, [.read, .create, .update], "Its name."),
        .boolean("enabled", \.enabled, [.read, .create, .update], "Whether the catalogue lists it."),
        .extras,
    ]

    /// What in a URL stands for the project.
    static let placeholders = ["$(project_id)s", "$(tenant_id)s", "%(project_id)s", "%(tenant_id)s"]
}

extension Endpoint: Extensible {
    public static func newID(_ dice: any Dice) -> ID<Endpoint> { ID(dice.hex32()) }

    public static func admit(_ draft: inout Stored<Endpoint>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try check(draft.value, writer)
    }

    public static func admitChange(
        of it: inout Stored<Endpoint>, from old: Stored<Endpoint>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try check(it.value, writer)
    }

    private static func check(_ it: Endpoint, _ writer: any Writer) throws(CloudError) {
        guard try writer.find(it.service) != nil else {
            throw .invalid("There is no service \(it.service).", field: "service_id")
        }
        let isOurs = it.url.hasPrefix("/") && !it.url.hasPrefix("//")
        guard isOurs || it.url.hasPrefix("https://") || it.url.hasPrefix("http://"), !it.url.contains(" ") else {
            throw .invalid("The url must begin with https://, http:// or /.", field: "url")
        }
        var rest = it.url
        for placeholder in placeholders { rest = rest.replacing(placeholder, with: "") }
        guard !rest.contains("$("), !rest.contains("%(") else {
            throw .invalid("The url may hold $(project_id)s and nothing else of that kind.", field: "url")
        }
        // Clients that name a region that is not there mean it to be; Keystone makes it for them.
        if let region = it.region, try writer.find(region) == nil { try writer.insert(Region(), id: region) }
    }

    static let face = Face<Endpoint>(
        .identity, "/v3/endpoints", "endpoint", "endpoints",
        [
            .id(), .field("service_id"), .field("interface"), .field("region_id"), regionName, .field("url"),
            .field("name"), .field("enabled"),
        ])

    /// The region under its older name.
    private static let regionName = Attribute<Endpoint>(
        "region", column: "region_id", type: .text(max: 64, lines: false), rights: [.read, .create, .update],
        "The region, by its older name.",
        read: { (it, _) throws(CloudError) in it.region.map { .string($0.text) } ?? .null },
        write: { (value, json) throws(CloudError) in
            try FieldType.reference(Region.kind, optional: true).check(json, name: "region")
            value.region = json.string.map(ID.init)
        })

    static let routes = [
        face.lister(.operator), face.shower(.operator),
        face.creator(
            example: ["endpoint": ["service_id": "{service}", "interface": "public", "url": "https://mail.example/v1"]]
        ),
        face.changer(example: ["endpoint": ["url": "https://mail.example/v2"]]), face.deleter(),
    ]
}
