import CloudCore
import CloudStore

/// Gives services of the cloud's own their ports on tenants' networks.
public struct NetworkBerths: Berths {
    private let fabric: any Fabric

    public init(fabric: any Fabric) { self.fabric = fabric }

    public func order(
        for device: Reference, owner: String, on network: String, _ subnet: String, from pool: ClosedRange<IPv4>,
        project: ProjectID, caller: Caller, in writer: any Writer
    ) throws(CloudError) -> Berth {
        let found = try writer.own(ID<LogicalNetwork>(network), for: caller)
        guard found.project == project else { throw .missing(LogicalNetwork.kind.title, network) }
        let block = try writer.get(ID<Subnet>(subnet), for: caller)
        guard block.network == found.id else { throw .missing(Subnet.kind.title, subnet) }
        guard let cidr = block.cidr, !cidr.isIPv6 else {
            throw .invalid("Subnet \(subnet) is not of IPv4.", field: "subnet_id")
        }
        guard cidr.contains(.v4(pool.lowerBound)), cidr.contains(.v4(pool.upperBound)) else {
            throw .invalid("The address pool is not within \(cidr), which is subnet \(subnet).", field: "ip_addr_pool")
        }
        guard let address = try Self.free(pool, of: block, in: writer) else {
            throw .conflict("No address is left from \(pool.lowerBound) to \(pool.upperBound).")
        }
        let id: ID<Port> = Derived.id("berth of \(device)")
        var port = try Port.ofCloud(
            id, on: found.id, block.id, at: .v4(address), device: device.id, owner: owner, in: writer)
        // What is behind it lets only its own service be reached.
        (port.isGuarded, port.guardIsOpen, port.groupsAreOpen) = (false, false, false)
        try writer.insert(port, id: id, project: project)
        return Berth(address: address, prefix: cidr.prefix)
    }

    /// The lowest of the pool that a card may have and nobody has.
    private static func free(
        _ pool: ClosedRange<IPv4>, of subnet: Stored<Subnet>, in writer: any Writer
    ) throws(CloudError) -> IPv4? {
        let taken = try writer.claims(Subnet.space(subnet.id))
        var number = pool.lowerBound.number
        // Among three more than are taken, one is free: the search is short whatever the pool's size.
        while number <= pool.upperBound.number {
            let address = IPv4(number: number)
            let isOwn = !(subnet.cidr?.isUsable(.v4(address)) ?? false) || subnet.gateway == .v4(address)
            if !isOwn, !taken.contains(address.description) { return address }
            guard number < .max else { return nil }
            number += 1
        }
        return nil
    }

    private func port(_ device: Reference, in reader: any Reader) throws(CloudError) -> Stored<Port>? {
        try reader.find(Derived.id("berth of \(device)"))
    }

    public func place(of device: Reference, in reader: any Reader) throws(CloudError) -> Berth {
        guard let own = try port(device, in: reader)?.addresses.first, let address = own.address?.v4,
            let cidr = try reader.get(own.subnet).cidr
        else { throw .fault("\(device) has no port") }
        return Berth(address: address, prefix: cidr.prefix)
    }

    public func join(
        _ device: Reference, namespace: String, as name: String, on host: HostName, in store: any Store
    ) async throws(CloudError) -> Berth {
        let (network, spec, berth) = try await store.read { (reader) throws(CloudError) in
            guard let port = try self.port(device, in: reader) else { throw .fault("\(device) has no port") }
            return (
                try LogicalNetwork.spec(of: port.network, in: reader), try port.spec(in: reader),
                try self.place(of: device, in: reader)
            )
        }
        try await fabric.ensureNetwork(network)
        try await fabric.ensurePort(spec)
        try await fabric.ensureJack(
            JackSpec(
                port: spec.id, namespace: namespace, device: name, mac: spec.mac,
                addresses: ["\(berth.address)/\(berth.prefix)"], mtu: network.mtu),
            on: host)
        try await fabric.settle(on: host)
        return berth
    }

    public func bind(_ device: Reference, to host: HostName, in writer: any Writer) throws(CloudError) {
        guard var port = try port(device, in: writer), port.deletingSince == nil,
            port.host != host.text || port.status != .active
        else { return }
        (port.host, port.status, port.fault) = (host.text, .active, "")
        try writer.update(&port)
    }

    public func part(_ device: Reference, on host: HostName, in store: any Store) async throws(CloudError) {
        let port = try await store.read { (reader) throws(CloudError) in try self.port(device, in: reader) }
        if let port { try await fabric.removePlug(port.id, on: host) }
    }

    public func release(_ device: Reference, in writer: any Writer) throws(CloudError) {
        guard var port = try port(device, in: writer), port.deletingSince == nil else { return }
        try FloatingIP.letGo(of: port, in: writer)
        try port.giveBack(in: writer)
    }
}

extension Port {
    /// Whether a service of the cloud's own is there, which its owner orders and gives back.
    var isService: Bool { isOwned && deviceOwner.hasPrefix(Self.servicePrefix) }
    static let servicePrefix = "storage:"

    /// Throws `conflict` for a change of what its service stands on.
    func refuseServiceChange(to it: Port) throws(CloudError) {
        guard isService else { return }
        guard it.deviceID == deviceID, it.deviceOwner == deviceOwner, it.addresses == addresses, it.mac == mac,
            it.isGuarded == isGuarded, it.groups == groups, it.pairs == pairs, it.segment == segment,
            it.adminUp == adminUp
        else { throw .conflict("The port is in use by \(deviceOwner) \(deviceID), and is changed with it.") }
    }
}
