import CloudCore

/// A logical network as the fabric needs to know it.
public struct NetworkSpec: Hashable, Sendable {
    public var id: ID<LogicalNetwork>
    public var subnets: [SubnetSpec]
    /// Bytes in the largest packet that fits.
    public var mtu: Int

    public init(id: ID<LogicalNetwork>, subnets: [SubnetSpec], mtu: Int) {
        (self.id, self.subnets, self.mtu) = (id, subnets, mtu)
    }
}

/// Addresses of a logical network, and what DHCP tells about them.
public struct SubnetSpec: Hashable, Sendable {
    public var id: ID<Subnet>
    public var cidr: CIDR
    public var gateway: IPv4?
    public var dhcp: Bool
    public var nameServers: [IPv4]
    /// Destination and next hop of each further route.
    public var routes: [HostRoute]
    /// The address that answers DHCP.
    public var dhcpServer: IPv4

    public init(
        id: ID<Subnet>, cidr: CIDR, gateway: IPv4?, dhcp: Bool, nameServers: [IPv4], routes: [HostRoute],
        dhcpServer: IPv4
    ) {
        (self.id, self.cidr, self.gateway, self.dhcp) = (id, cidr, gateway, dhcp)
        (self.nameServers, self.routes, self.dhcpServer) = (nameServers, routes, dhcpServer)
    }
}

/// A route that DHCP hands out.
public struct HostRoute: Hashable, Sendable {
    public var destination: CIDR
    public var nextHop: IPv4
    public init(destination: CIDR, nextHop: IPv4) { (self.destination, self.nextHop) = (destination, nextHop) }
}

/// A port as the fabric needs to know it. It may send only from its own hardware address and addresses.
public struct PortSpec: Hashable, Sendable {
    public var id: ID<Port>
    public var network: ID<LogicalNetwork>
    public var mac: MAC
    public var addresses: [PortAddress]
    /// A port that is down carries nothing.
    public var adminUp: Bool

    public init(id: ID<Port>, network: ID<LogicalNetwork>, mac: MAC, addresses: [PortAddress], adminUp: Bool) {
        (self.id, self.network, self.mac, self.addresses, self.adminUp) = (id, network, mac, addresses, adminUp)
    }
}

/// An address of a port, and the subnet that it is of.
public struct PortAddress: Hashable, Sendable {
    public var subnet: ID<Subnet>
    public var address: IPv4
    public init(subnet: ID<Subnet>, address: IPv4) { (self.subnet, self.address) = (subnet, address) }
}

/// Carries packets between ports. Every call is idempotent; those about one machine name it.
public protocol Fabric: Sendable {
    func ensureNetwork(_ network: NetworkSpec) async throws(CloudError)
    func removeNetwork(_ network: ID<LogicalNetwork>) async throws(CloudError)
    func ensurePort(_ port: PortSpec) async throws(CloudError)
    func removePort(_ port: ID<Port>) async throws(CloudError)
    /// Every network and port that the fabric has, for the sweep.
    func networks() async throws(CloudError) -> Set<ID<LogicalNetwork>>
    func ports() async throws(CloudError) -> Set<ID<Port>>

    /// Makes the device on the host that a guest of user `uid` may open, and joins it to the port. Returns its name.
    func ensurePlug(_ port: ID<Port>, uid: Int, mtu: Int, on host: HostName) async throws(CloudError) -> String
    func removePlug(_ port: ID<Port>, on host: HostName) async throws(CloudError)
    func plugs(on host: HostName) async throws(CloudError) -> Set<ID<Port>>
    /// Returns when all that was asked before is in force on the host.
    func settle(on host: HostName) async throws(CloudError)
}
