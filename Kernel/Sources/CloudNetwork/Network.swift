import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// The network service: isolated networks, their addresses and ports.
public struct Network: Sendable {
    public static let schemas =
        [
            Schema(NetworkQuota.self), Schema(SubnetPool.self),
            Schema(LogicalNetwork.self, labels: LogicalNetwork.Label.allCases.map(\.rawValue)), Schema(Subnet.self),
            Schema(SecurityGroup.self, labels: SecurityGroup.Label.allCases.map(\.rawValue)),
            Schema(SecurityGroupRule.self),
            Schema(Port.self, labels: Port.Label.allCases.map(\.rawValue)),
            Schema(Router.self, labels: Router.Label.allCases.map(\.rawValue)), Schema(FloatingIP.self),
            Schema(ConnectionService.self, labels: ConnectionService.Label.allCases.map(\.rawValue)),
            Schema(QoSOption.self), Schema(Gateway.self, labels: Gateway.Label.allCases.map(\.rawValue)),
            Schema(GatewayInterface.self), Schema(OuterInterface.self), Schema(PublicIP.self), Schema(StaticRoute.self),
        ] + Connectivity.schemas

    private let fabric: any Fabric
    private let edge: any Edge
    private let connectivity: Connectivity

    /// - Parameters:
    ///   - devices: what may be connected to another tenant's network.
    ///   - region: this region's name.
    public init(fabric: any Fabric, edge: any Edge, devices: any Devices, region: String) {
        (self.fabric, self.edge) = (fabric, edge)
        connectivity = Connectivity(devices: devices, region: region)
    }

    public var cabling: some Cabling { NetworkCabling(fabric: fabric) }

    public var routes: [Route] {
        LogicalNetwork.routes + Subnet.routes + Port.routes + SecurityGroup.routes + SecurityGroupRule.routes
            + Router.routes + FloatingIP.routes + SubnetPool.routes + NetworkQuota.routes + Tags.routes
            + Extensions.routes + NovaSecurityGroups.routes + gatewayRoutes + connectivity.routes
    }

    /// ECL's ways out of the cloud.
    private var gatewayRoutes: [Route] {
        ConnectionService.routes + QoSOption.routes + Gateway.routes + GatewayInterface.routes + OuterInterface.routes
            + PublicIP.routes + StaticRoute.routes
    }

    public func enroll(in engine: Engine) {
        engine.enroll(LogicalNetwork.self, world: fabric)
        engine.enroll(Port.self, world: fabric)
        engine.enroll(SecurityGroup.self, world: fabric)
        engine.enroll(Router.self, world: fabric)
        engine.enroll(Gateway.self, world: fabric)
        engine.enroll(ConnectionService.self, world: edge)
        connectivity.enroll(in: engine)
    }

    /// Removes what the fabric has and the store does not know. Looks below first: whatever is there then and has no
    /// record afterwards was deleted, or never belonged.
    public func sweep(_ store: any Store, hosts: [HostName]) async throws(CloudError) -> [String] {
        var removed: [String] = []
        for host in hosts {
            for plug in try await fabric.plugs(on: host).sorted() {
                let isWanted = try await store.read { (reader) throws(CloudError) in
                    guard let port = try reader.find(plug) else { return false }
                    // While its device starts, the port does not say yet which host carries it.
                    return !port.deviceID.isEmpty && (port.host.isEmpty || port.host == host.text)
                }
                if !isWanted {
                    try await fabric.removePlug(plug, on: host)
                    removed.append("plug \(plug)")
                }
            }
        }
        for port in try await fabric.ports().sorted()
        where try await store.read({ (reader) throws(CloudError) in try reader.find(port) == nil }) {
            try await fabric.removePort(port)
            removed.append("port \(port)")
        }
        for network in try await fabric.networks().sorted()
        where try await store.read({ (reader) throws(CloudError) in try reader.find(network) == nil }) {
            try await fabric.removeNetwork(network)
            removed.append("network \(network)")
        }
        for router in try await fabric.routers().sorted()
        where try await store.read({ (reader) throws(CloudError) in
            let gateway = try reader.find(ID<Gateway>(router.text))
            return try reader.find(router) == nil && gateway == nil
        }) {
            try await fabric.removeRouter(router)
            removed.append("router \(router)")
        }
        for group in try await fabric.groups().sorted()
        where try await store.read({ (reader) throws(CloudError) in try reader.find(group) == nil }) {
            try await fabric.removeGroup(group)
            removed.append("security group \(group)")
        }
        return removed
    }
}
