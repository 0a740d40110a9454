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

    private func take(
        _ address: IPv4, _ wanted: ID<Subnet>, among subnets: [Stored<Subnet>], for owner: Reference,
        in writer: any Writer
    ) throws(CloudError) -> FixedAddress {
        guard
            let subnet = subnets.first(where: {
                (wanted.text.isEmpty || $0.id == wanted) && ($0.cidr?.contains(address) ?? false)
            }), let cidr = subnet.cidr
        else { throw .invalid("The address \(address) is not of a subnet of the network.", field: "fixed_ips") }
        guard address != cidr.first, address != cidr.last, address != subnet.gateway else {
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
