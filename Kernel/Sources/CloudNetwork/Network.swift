import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// The network service: isolated networks, their addresses and ports.
public struct Network: Sendable {
    public static let schemas = [
        Schema(NetworkQuota.self), Schema(SubnetPool.self),
        Schema(LogicalNetwork.self, labels: LogicalNetwork.Label.allCases.map(\.rawValue)), Schema(Subnet.self),
        Schema(SecurityGroup.self, labels: SecurityGroup.Label.allCases.map(\.rawValue)),
        Schema(SecurityGroupRule.self),
        Schema(Port.self, labels: Port.Label.allCases.map(\.rawValue)),
        Schema(Router.self, labels: Router.Label.allCases.map(\.rawValue)), Schema(FloatingIP.self),
        Schema(IKEPolicy.self), Schema(IPsecPolicy.self), Schema(EndpointGroup.self),
        Schema(VPNService.self, labels: VPNService.Label.allCases.map(\.rawValue)),
        Schema(IPsecSiteConnection.self, labels: IPsecSiteConnection.Label.allCases.map(\.rawValue)),
    ]

    private let fabric: any Fabric
    private let tunnels: any Tunnels

    public init(fabric: any Fabric, tunnels: any Tunnels) { (self.fabric, self.tunnels) = (fabric, tunnels) }

    public var cabling: some Cabling { NetworkCabling(fabric: fabric) }

    public var routes: [Route] {
        LogicalNetwork.routes + Subnet.routes + Port.routes + SecurityGroup.routes + SecurityGroupRule.routes
            + Router.routes + FloatingIP.routes + SubnetPool.routes + NetworkQuota.routes + Tags.routes
            + Extensions.routes + NovaSecurityGroups.routes + vpnRoutes
    }

    private var vpnRoutes: [Route] {
        IKEPolicy.routes + IPsecPolicy.routes + EndpointGroup.routes + VPNService.routes + IPsecSiteConnection.routes
            + [IPsecSiteConnection.statistics(tunnels)]
    }

    public func enroll(in engine: Engine) {
        engine.enroll(LogicalNetwork.self, world: fabric)
        engine.enroll(Port.self, world: fabric)
        engine.enroll(SecurityGroup.self, world: fabric)
        engine.enroll(Router.self, world: fabric)
        let vpn = VPNWorld(fabric: fabric, tunnels: tunnels)
        engine.enroll(VPNService.self, world: vpn)
        engine.enroll(IPsecSiteConnection.self, world: vpn)
    }

    /// Removes what the fabric has and the store does not know. Looks below first: whatever is there then and has no
    /// record afterwards was deleted, or never belonged.
    public func sweep(_ store: any Store, hosts: [HostName]) async throws(CloudError) -> [String] {
        var removed: [String] = []
        for gateway in try await tunnels.gateways().sorted()
        where try await store.read({ (reader) throws(CloudError) in try reader.find(gateway) == nil }) {
            try await tunnels.removeGateway(gateway)
            removed.append("VPN gateway \(gateway)")
        }
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
        where try await store.read({ (reader) throws(CloudError) in try reader.find(router) == nil }) {
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
