import CloudCore
import CloudStore

extension Port {
    /// Takes the addresses that the draft asks for, or one of the first subnet with any left; each is claimed, so
    /// that no two ports of a subnet have one.
    mutating func takeAddresses(for owner: Reference, in writer: any Writer) throws(CloudError) {
        let subnets = try writer.list(Subnet.self, where: "network_id", .string(network.text))
        if addressesAreOpen {
            addresses = try subnets.isEmpty ? [] : [free(among: subnets, for: owner, in: writer)]
            return
        }
        guard addresses.count <= 8 else { throw .invalid("A port has at most 8 addresses.", field: "fixed_ips") }
        var taken: [FixedAddress] = []
        for wish in addresses {
            guard let address = wish.address else {
                guard let subnet = subnets.first(where: { $0.id == wish.subnet }) else {
                    throw .missing(Subnet.kind.title, wish.subnet.text)
                }
                taken.append(try free(among: [subnet], for: owner, in: writer))
                continue
            }
            taken.append(try take(address, wish.subnet, among: subnets, for: owner, in: writer))
        }
        addresses = taken
    }

    /// Takes the addresses that a change asks for, keeps those it has, and gives the others back.
    mutating func exchangeAddresses(for id: ID<Port>, was old: Port, in writer: any Writer) throws(CloudError) {
        guard addresses.count <= 8 else { throw .invalid("A port has at most 8 addresses.", field: "fixed_ips") }
        var left = old.addresses
        var wishes: [FixedAddress] = []
        // Those named stay first, so that an address of the same subnet is not taken for one that was named.
        var kept: [Int: FixedAddress] = [:]
        for (place, wish) in addresses.enumerated() {
            guard let address = wish.address, let found = left.firstIndex(where: { $0.address == address }) else {
                continue
            }
            kept[place] = left.remove(at: found)
        }
        for (place, wish) in addresses.enumerated() where kept[place] == nil && wish.address == nil {
            guard let found = left.firstIndex(where: { $0.subnet == wish.subnet }) else { continue }
            kept[place] = left.remove(at: found)
        }
        for gone in left {
            if let address = gone.address { try writer.release(Subnet.space(gone.subnet), address.description) }
        }
        for (place, wish) in addresses.enumerated() {
            if let own = kept[place] { wishes.append(own); continue }
            var one = self
            one.addresses = [wish]
            try one.takeAddresses(for: Reference(id), in: writer)
            wishes += one.addresses
        }
        addresses = wishes
    }

    private func take(
        _ address: IPv4, _ wanted: ID<Subnet>, among subnets: [Stored<Subnet>], for owner: Reference,
        in writer: any Writer
    ) throws(CloudError) -> FixedAddress {
        guard
            let subnet = subnets.first(where: {
                (wanted.text.isEmpty || $0.id == wanted) && ($0.cidr?.contains(address) ?? false)
            }), let cidr = subnet.cidr
        else { throw .invalid("The address \(address) is not of a subnet of the network.", field: "fixed_ips") }
        guard address != cidr.first, address != cidr.last, address != subnet.gateway || isRouters else {
            throw .invalid("The address \(address) is the network's own.", field: "fixed_ips")
        }
        do throws(CloudError) { try writer.claim(Subnet.space(subnet.id), address.description, for: owner) } catch {
            throw .conflict("The address \(address) is in use on subnet \(subnet.id).")
        }
        return FixedAddress(subnet: subnet.id, address: address)
    }

    /// The lowest address of the pools that nobody has.
    private func free(
        among subnets: [Stored<Subnet>], for owner: Reference, in writer: any Writer
    ) throws(CloudError) -> FixedAddress {
        for subnet in subnets {
            let taken = Set(try writer.claims(Subnet.space(subnet.id)).compactMap { IPv4($0)?.number })
            for pool in subnet.pools {
                // Among one more than are taken, one is free: the search is short whatever the pool's size.
                guard
                    let number = (pool.start.number...pool.end.number).lazy.prefix(taken.count + 1)
                        .first(where: { !taken.contains($0) && $0 != subnet.gateway?.number })
                else { continue }
                let address = IPv4(number: number)
                try writer.claim(Subnet.space(subnet.id), address.description, for: owner)
                return FixedAddress(subnet: subnet.id, address: address)
            }
        }
        throw .conflict("No address is left on network \(network).")
    }
}
