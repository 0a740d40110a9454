import CloudCore
import CloudStore

// What the cloud makes for itself, beside what tenants order: past quotas and tenants' rules, by the same claims.

extension Port {
    /// A port that belongs to a device of the cloud's own, with its addresses taken: the one named, any free ones where
    /// none is, or none without a subnet.
    static func ofCloud(
        _ id: ID<Port>, on network: ID<LogicalNetwork>, _ subnet: ID<Subnet>?, at address: IPAddress? = nil,
        device: String, owner: String, in writer: any Writer
    ) throws(CloudError) -> Port {
        var draft = Port()
        (draft.network, draft.deviceID, draft.deviceOwner, draft.isOwned) = (network, device, owner, true)
        if let subnet {
            draft.addresses = [FixedAddress(subnet: subnet, address: address)]
            draft.addressesAreOpen = false
        }
        try draft.takeCard(for: id, in: writer)
        try draft.takeAddresses(for: Reference(id), in: writer)
        return draft
    }
}

extension Port {
    /// Takes a hardware address of its own on its network.
    mutating func takeCard(for id: ID<Port>, in writer: any Writer) throws(CloudError) {
        let card = Self.freshMAC(id)
        try writer.claim(Self.hardware(network), card.text, for: Reference(id))
        mac = card
    }
}

extension Subnet {
    /// A block of addresses on a network, without a way out and without DHCP.
    static func plain(_ cidr: CIDR, on network: ID<LogicalNetwork>) -> Subnet {
        var it = Subnet()
        (it.network, it.cidr, it.gateway, it.gatewayIsOpen, it.dhcp) = (network, cidr, nil, false, false)
        it.pools = wholePools(cidr, without: nil)
        return it
    }
}

extension LogicalNetwork {
    /// Deletes a network that the cloud made, with its subnets, once what is on it is gone.
    static func giveBack(_ id: ID<LogicalNetwork>, in writer: any Writer) throws(CloudError) {
        guard var it = try writer.find(id), it.deletingSince == nil else { return }
        it.deletingSince = writer.now
        try writer.update(&it)
        try writer.raise(.destroy, Reference(id))
    }

    /// How much still holds a network that is being deleted.
    static func holders(of id: ID<LogicalNetwork>, in reader: any Reader) throws(CloudError) -> Int {
        var sum = 0
        for (kind, column) in [
            (Port.kind, "network_id"), (Router.kind, "gateway_network"), (Gateway.kind, "network_id"),
            (TenantConnectionRequest.kind, "network_id"),
            (CommonFunctionPool.kind, "network_id"), (CommonFunctionGateway.kind, "network_id"),
        ] {
            var query = Query(kind).with(column, .string(id.text))
            query.includesDeleting = true
            sum += try reader.count(query)
        }
        return sum
    }
}
