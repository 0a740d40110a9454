import CloudCore

/// A network interface that a server asks for.
public struct InterfaceWish: Hashable, Sendable {
    /// The network to make a port on, or the port to use.
    public var network: String?
    public var port: String?
    public var address: IPAddress?
    public init(network: String?, port: String?, address: IPAddress?) {
        (self.network, self.port, self.address) = (network, port, address)
    }
}

/// A network interface that a server has.
public struct Interface: Hashable, Sendable {
    public var port: String
    public var networkName: String
    public var mac: MAC
    public var addresses: [Address]
    public var mtu: Int
    public var network: String
    /// The domain of its network's names, without a full stop at the end; empty for none.
    public var domain = ""
    public init(
        port: String, networkName: String, mac: MAC, addresses: [Address], mtu: Int, network: String = ""
    ) {
        (self.port, self.networkName, self.mac, self.addresses, self.mtu) = (port, networkName, mac, addresses, mtu)
        self.network = network
    }

    /// An address, and what a guest must know of its subnet to take it by itself.
    public struct Address: Hashable, Sendable {
        public var address: IPAddress
        public var subnet: String
        /// Bits of the subnet's prefix.
        public var prefix: Int
        public var gateway: IPAddress?
        /// How an IPv6 guest comes by it; nil where nobody tells the guest.
        public var mode: IPv6Mode?
        /// Whom it may ask for names.
        public var nameServers: [IPAddress] = []
        public init(address: IPAddress, subnet: String, prefix: Int, gateway: IPAddress?, mode: IPv6Mode?) {
            (self.address, self.subnet, self.prefix) = (address, subnet, prefix)
            (self.gateway, self.mode) = (gateway, mode)
        }
    }
}

/// What compute asks of networking: the small language between two domains that know nothing else of each other.
public protocol Cabling: Sendable {
    /// Takes a port for each wish, in the transaction that creates the server. With `anyNetwork` and no wish, the
    /// project's only network, if it has one. Ports that are made get the security groups named, by name or id, and
    /// in DNS the device's name, a host name of one label.
    func order(
        _ wishes: [InterfaceWish], anyNetwork: Bool, groups: [String], for device: Reference, name: String,
        owner: String, caller: Caller, dice: any Dice,
        in writer: any Writer
    ) throws(CloudError)
    /// The device's interfaces, in the order they were asked for.
    func interfaces(of device: Reference, in reader: any Reader) throws(CloudError) -> [Interface]
    /// The security groups that the device's ports are in, as Nova shows them.
    func groups(of device: Reference, in reader: any Reader) throws(CloudError) -> [JSON]
    /// Their names, sorted.
    func groupNames(of device: Reference, in reader: any Reader) throws(CloudError) -> [String]
    /// Puts the device's ports into a security group, which the caller names by name or id.
    func join(_ group: String, _ device: Reference, for caller: Caller, in writer: any Writer) throws(CloudError)
    /// Takes them out of one; `missing` where none is in it.
    func leave(_ group: String, _ device: Reference, for caller: Caller, in writer: any Writer) throws(CloudError)
    /// Brings each of the device's ports to a host, for a process of user `uid`; returns the host's devices by port.
    func plug(_ device: Reference, uid: Int, on host: HostName, in store: any Store) async throws(CloudError)
        -> [String: String]
    /// Takes the device's ports off a host.
    func unplug(_ device: Reference, on host: HostName, in store: any Store) async throws(CloudError)
    /// Returns when the ports plugged before carry packets.
    func settle(on host: HostName) async throws(CloudError)
    /// Writes that the device's ports are carried by a host, or by none.
    func bind(_ device: Reference, to host: HostName?, in writer: any Writer) throws(CloudError)
    /// Takes one of the device's ports off a host.
    func unplug(port: String, on host: HostName) async throws(CloudError)
    /// Gives one port back; `missing` where the device has no such port.
    func release(port: String, of device: Reference, in writer: any Writer) throws(CloudError)
    /// Gives the ports back: those made for the device are deleted, others are free again.
    func release(_ device: Reference, in writer: any Writer) throws(CloudError)
}
