import CloudCore
@testable import CloudNetwork
import CloudSim
import CloudStore

/// What the store holds of ways out of the cloud in the end, and what the world should hold for it.
struct Ways: Sendable {
    /// Whether each row rests as it should, and the faults of those that do not.
    var unsettled: [String] = []
    /// What their owners called them.
    var texts: [String: String] = [:]
    var edge: EdgeSpec?
    /// The closed lines, by physical network.
    var lines: [String: LineSpec] = [:]
    var services: [Stored<VPNService>] = []
    var tunnels: [ID<VPNService>: GatewaySpec] = [:]
    var functions: [ID<CommonFunctionPool>: FunctionSpec] = [:]
    /// Networks of the cloud's own.
    var networks: Set<ID<LogicalNetwork>> = []
    var links: [ID<LogicalNetwork>: Set<NetworkLink>] = [:]
    /// Claims that there should be.
    var claims: [String: Set<String>] = [:]
    var claimed: [String: Set<String>] = [:]

    /// What tenants order, and whatever stands behind it.
    static let kinds = [
        Router.kind, FloatingIP.kind, ConnectionService.kind, Gateway.kind, GatewayInterface.kind, OuterInterface.kind,
        PublicIP.kind, StaticRoute.kind, ReservedAddress.kind, ColocationLogicalLink.kind, CommonFunctionPool.kind,
        CommonFunction.kind, CommonFunctionGateway.kind, IKEPolicy.kind, IPsecPolicy.kind, EndpointGroup.kind,
        VPNService.kind,
        IPsecSiteConnection.kind,
    ]

    init(_ reader: any Reader) throws(CloudError) {
        for kind in Self.kinds {
            let schema = reader.schemas[kind]
            for row in try reader.rows(.everything(kind)) {
                texts[row.id] = row.value("description", schema)?.string
                if row.deletingSince != nil { unsettled.append("\(kind) \(row.id) was not removed") }
                let status = row.value("status", schema)?.string, fault = row.value("fault", schema)?.string ?? ""
                let isDown = status == "DOWN" && (!fault.isEmpty || row.value("admin_state_up", schema) == false)
                if status != nil, status != "ACTIVE", !isDown {
                    unsettled.append("\(kind) \(row.id) rests as \(status!)")
                }
                if !fault.isEmpty, !isDown { unsettled.append("\(kind) \(row.id) rests with: \(fault)") }
            }
        }
        try take(pools: reader)
        try take(tunnels: reader)
        for it in try reader.list(ConnectionService.self, .everything(ConnectionService.kind)) {
            if let spec = try it.edge(in: reader) { edge = spec }
            if it.type != .internet { lines[it.physical] = try it.line(in: reader) }
        }
        for it in try reader.list(LogicalNetwork.self, .everything(LogicalNetwork.kind)) {
            if it.isExternal || it.segment > 0 { networks.insert(it.id) }
            if it.segment > 0 { claims["segment:" + it.physical, default: []].insert("\(it.segment)") }
            links[it.id] = try ColocationLogicalLink.specs(of: it.id, in: reader)
            for link in links[it.id]! { claims["segment:" + link.physical, default: []].insert("\(link.segment)") }
        }
        for space in Set(claims.keys).union(["segment:colo", "segment:backbone", "vpn-router"]) {
            claimed[space] = try reader.claims(space)
        }
    }

    private mutating func take(pools reader: any Reader) throws(CloudError) {
        for it in try reader.list(CommonFunctionPool.self, .everything(CommonFunctionPool.kind)) {
            networks.insert(it.network)
            functions[it.id] = try it.spec(in: reader)
        }
    }

    private mutating func take(tunnels reader: any Reader) throws(CloudError) {
        services = try reader.list(VPNService.self, .everything(VPNService.kind))
        for it in services {
            networks.insert(ID(it.link))
            claims["vpn-router", default: []].insert(it.router.text)
            claims[IPsecSiteConnection.peers(it.id)] = Set(try it.connections(in: reader).map(\.peerName))
            if it.adminUp { tunnels[it.id] = try it.gateway(in: reader) }
        }
    }
}

extension SimulatedCloud {
    /// Everything rests as it should, with the claims that it needs.
    func ways(_ holdings: Holdings) -> [String] {
        let ways = holdings.ways
        var faults = ways.unsettled + beyond(holdings) + jacks(holdings)
        for space in Set(ways.claims.keys).union(ways.claimed.keys).sorted()
        where ways.claims[space, default: []] != ways.claimed[space, default: []] {
            faults.append(
                "claims of \(space) are \(ways.claimed[space] ?? []) and should be \(ways.claims[space] ?? [])")
        }
        return faults
    }

    /// What stands around the cloud is as the store has it: nothing is missing, and nothing is left.
    func beyond(_ holdings: Holdings) -> [String] {
        func differing<K: Comparable & Hashable, V: Equatable>(_ wanted: [K: V], _ there: [K: V]) -> [K] {
            Set(wanted.keys).union(there.keys).filter { wanted[$0] != there[$0] }.sorted()
        }
        let (ways, edge) = (holdings.ways, world.edge.state.spec)
        var faults: [String] = []
        if edge != ways.edge { faults.append("the edge has \(Self.members(edge)), not \(Self.members(ways.edge))") }
        faults += differing(ways.lines, world.edge.state.lines).map {
            "line \($0) is shared out otherwise than the store says"
        }
        faults += differing(ways.tunnels, world.tunnels.all).map {
            "VPN service \($0) differs between the store and its gateway"
        }
        return faults
            + differing(ways.functions, world.functions.pools).map {
                "pool \($0) differs between the store and what is served"
            }
    }

    private static func members(_ spec: EdgeSpec?) -> String {
        let members = (spec?.members ?? []).sorted { $0.id < $1.id }
        return members.map { it in
            "\(it.id): \((it.blocks.map(\.description) + it.addresses.map(\.description)).sorted())"
        }.joined(separator: ", ")
    }

    /// The ports by which gateways and functions are joined to networks.
    private func jacks(_ holdings: Holdings) -> [String] {
        let wanted = holdings.ways.services.filter(\.adminUp).flatMap { [$0.outerPort, $0.innerPort] }
        let pools = holdings.ports.filter { $0.deviceOwner == CommonFunctionPool.owner }.map(\.id.text)
        let plugs = world.fabric.state.plugs[world.tunnels.host] ?? [:]
        return (wanted + pools).filter { plugs[ID($0)]?.isThere != true }.map {
            "port \($0) is not joined to its device"
        }
    }

    /// Whether a plug belongs to a device of the cloud's own that is there.
    func isJack(_ port: Stored<Port>?, _ holdings: Holdings) -> Bool {
        switch port?.deviceOwner {
        case CommonFunctionPool.owner: holdings.ways.functions[ID(port!.deviceID)] != nil
        case "storage:virtual-storage": holdings.shelves.storages.contains { $0.id.text == port!.deviceID }
        case VPNService.portOwner: holdings.ways.services.contains { $0.id.text == port!.deviceID }
        default: false
        }
    }
}
