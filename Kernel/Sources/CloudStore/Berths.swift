import CloudCore

/// Where a service of the cloud's own is on a tenant's network.
public struct Berth: Hashable, Sendable {
    public var address: IPv4
    /// Bits of its subnet's prefix.
    public var prefix: Int
    public init(address: IPv4, prefix: Int) { (self.address, self.prefix) = (address, prefix) }

    /// The block of its subnet.
    public var block: CIDR { CIDR(holding: .v4(address), prefix: prefix) }
}

/// What storage asks of networking: a place on a tenant's network for a service of the cloud's own, which nobody but
/// the cloud takes away. A device has one at most.
public protocol Berths: Sendable {
    /// Takes a port with the lowest free address of a pool, in the transaction that creates the device.
    ///
    /// `missing` where the project has no such network or subnet; `invalid` where the pool is not of the subnet;
    /// `conflict` where all of its addresses are in use.
    func order(
        for device: Reference, owner: String, on network: String, _ subnet: String, from pool: ClosedRange<IPv4>,
        project: ProjectID, caller: Caller, in writer: any Writer
    ) throws(CloudError) -> Berth
    /// Where the device is; `fault` where it has no port.
    func place(of device: Reference, in reader: any Reader) throws(CloudError) -> Berth
    /// Brings the port into a namespace of a host, as a device of this name; returns where it then is, once it carries
    /// packets.
    func join(
        _ device: Reference, namespace: String, as name: String, on host: HostName, in store: any Store
    ) async throws(CloudError) -> Berth
    /// Writes that a host carries the port.
    func bind(_ device: Reference, to host: HostName, in writer: any Writer) throws(CloudError)
    /// Takes the port off the host. Harmless where it is not there.
    func part(_ device: Reference, on host: HostName, in store: any Store) async throws(CloudError)
    /// Gives the port back. Harmless where there is none.
    func release(_ device: Reference, in writer: any Writer) throws(CloudError)
}
