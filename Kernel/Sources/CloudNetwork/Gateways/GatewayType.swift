import CloudCore
import CloudStore
import CloudWire

/// Where a gateway leads (ECL's service types).
public enum GatewayType: String, CaseIterable, Sendable {
    case internet, vpn, interdc, fic

    /// The attribute by which interfaces and routes name their gateway.
    var gatewayKey: String { "\(rawValue)_gw_id" }
    /// The attribute by which gateways and bandwidth options name their service.
    var serviceKey: String { "\(rawValue)_service_id" }

    /// Types that the real cloud has besides, and this one does not: always empty.
    static let absent = ["aws", "azure", "gcp", "mec"]
}

/// How far the fabric is with something that a tenant ordered (ECL's words).
public enum GatewayStatus: String, CaseIterable, Sendable {
    case pendingCreate = "PENDING_CREATE", active = "ACTIVE", pendingUpdate = "PENDING_UPDATE", error = "ERROR"
}

/// What belongs to a gateway, and is named by its gateway's type.
protocol OfGateway: Governed {
    var type: GatewayType { get set }
    var gateway: ID<Gateway> { get set }
    /// The type by whose attribute the gateway was named.
    var namedBy: GatewayType? { get set }
    var status: GatewayStatus { get set }
}

extension Attribute where R: OfGateway {
    /// One attribute a type of gateway; that of the gateway's type holds its id, the others are empty.
    static var gateways: [Attribute<R>] {
        GatewayType.allCases.map { type in
            Attribute(
                type.gatewayKey, column: "gateway_id", type: .text(max: 64, lines: false), rights: [.read, .create],
                "Its gateway, where that is one of type \(type.rawValue).",
                read: { (it, _) throws(CloudError) in .string(it.type == type ? it.gateway.text : "") },
                write: { (it, json) throws(CloudError) in
                    guard let id = json.string, !id.isEmpty else { return }
                    try FieldType.text(max: 64, lines: false).check(json, name: type.gatewayKey)
                    guard it.namedBy == nil else {
                        throw .invalid("It can be of one gateway only.", field: type.gatewayKey)
                    }
                    (it.gateway, it.namedBy) = (ID(id), type)
                })
        } + GatewayType.absent.map { .fixed("\($0)_gw_id", "", "Gateways of type \($0) are not offered.") }
    }
}

extension Stored where R: OfGateway {
    /// The gateway, which must be the caller's, and of the type that was said.
    func ownGateway(_ caller: Caller, in writer: any Writer) throws(CloudError) -> Stored<Gateway> {
        guard value.namedBy == value.type else {
            throw .invalid(
                "\(value.type.gatewayKey) is needed for service_type \(value.type.rawValue).",
                field: value.type.gatewayKey)
        }
        let gateway = try writer.own(value.gateway, for: caller)
        guard gateway.type == value.type, gateway.project == project || caller.isOperator else {
            throw .missing(Gateway.title(value.type), value.gateway.text)
        }
        return gateway
    }
}
