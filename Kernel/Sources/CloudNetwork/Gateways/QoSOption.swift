import CloudCore
import CloudStore
import CloudWire

/// A bandwidth plan that gateways of a service may have (ECL's QoS options).
public struct QoSOption: Resource {
    public var name = "", description = ""
    public var type = Sort.besteffort
    public var service = ID<ConnectionService>("")
    /// Mbit/s in each direction.
    public var bandwidth = 10

    public enum Sort: String, CaseIterable, Sendable {
        /// That much is kept for its gateway.
        case guarantee
        /// At most that much, of what others leave.
        case besteffort
    }

    public init() {}

    public static let kind = Kind("qos_option", "qos_options", service: "network")
    public static let access = Access.system
    public static let fields: [Field<QoSOption>] = [
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .choice("qos_type", \.type, [.read, .create, .required, .indexed], "Whether the bandwidth is guaranteed."),
        .reference("service_id", \.service, [.read, .create, .required, .indexed], "The service it is for."),
        .integer("bandwidth", \.bandwidth, [.read, .create, .required], 1...1_000_000, "Mbit/s in each direction."),
    ]

    /// What the fabric and the edge are told.
    var plan: BandwidthPlan { BandwidthPlan(ceiling: bandwidth, isGuaranteed: type == .guarantee) }
}

extension QoSOption: Governed {
    public static func admit(_ draft: inout Stored<QoSOption>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        let service = try writer.get(draft.service, for: caller)
        guard draft.bandwidth <= service.bandwidth else {
            throw .invalid("The service's line carries \(service.bandwidth) Mbit/s.", field: "bandwidth")
        }
    }
}

extension QoSOption {
    static let face = Face<QoSOption>(
        .network, "/v2.0/qos_options", "qos_option", "qos_options",
        [
            .id(), .field("name"), .field("description"), .field("qos_type"), bandwidth,
            .field("service_id"), .created(), .updated(), .fixed("status", "ACTIVE", "It is offered."),
            .fixed("tenant_id", "", "It is everyone's."),
            .computed("service_type", "Where its service leads.") { (it, reader) throws(CloudError) in
                .string(try reader.get(it.service).type.rawValue)
            },
        ]
            + GatewayType.allCases.map { type in
                Attribute(
                    type.serviceKey, column: "service_id", type: .text(max: 64, lines: false), rights: .read,
                    "Its service, where that is one of type \(type.rawValue).",
                    read: { (it, reader) throws(CloudError) in
                        .string(try reader.get(it.service).type == type ? it.service.text : "")
                    }, write: nil)
            } + GatewayType.absent.map { .fixed("\($0)_service_id", "", "Services of type \($0) are not offered.") })

    /// ECL says numbers of Mbit/s as text.
    private static let bandwidth = Attribute<QoSOption>(
        "bandwidth", column: "bandwidth", type: .integer(1...1_000_000), rights: [.read, .create, .required],
        "Mbit/s in each direction.",
        read: { (it, _) throws(CloudError) in .string(String(it.bandwidth)) },
        write: { (it, json) throws(CloudError) in
            guard let number = json.integer ?? json.string.flatMap({ Int($0) }), (1...1_000_000).contains(number) else {
                throw .invalid("Invalid input for bandwidth: 1 to 1000000 Mbit/s.", field: "bandwidth")
            }
            it.bandwidth = number
        })

    static let routes = [
        face.list(), face.show(),
        face.create(
            .operator,
            example: [
                "qos_option": [
                    "name": "10M-BE", "qos_type": "besteffort", "bandwidth": "10", "service_id": "{internet_service}",
                ]
            ]),
        face.update(.put, .operator, example: ["qos_option": ["description": "ours"]]), face.delete(.operator),
    ]
}
