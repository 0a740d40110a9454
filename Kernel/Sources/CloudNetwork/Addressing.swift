import CloudCore
import CloudStore

extension Port {
    /// Takes the addresses that the draft asks for; where it does not say, one of each family's first subnet with any
    /// left. Each is claimed, so that no two ports of a subnet have one. `only` leaves but one family.
    mutating func takeAddresses(
        for owner: Reference, only isIPv6: Bool? = nil, in writer: any Writer
    ) throws(CloudError) {
        var subnets = try writer.list(Subnet.self, where: "network_id", .string(network.text))
        if let isIPv6 { subnets.removeAll { $0.cidr?.isIPv6 != isIPv6 } }
        var taken: [FixedAddress] = []
        if addressesAreOpen {
            for isIPv6 in [false, true] {
                let choice = subnets.filter { $0.cidr?.isIPv6 == isIPv6 && !isByCard($0.value) }
                if !choice.isEmpty { taken.append(try free(among: choice, for: owner, in: writer)) }
            }
        } else {
            try boundAddresses()
            for wish in addresses { taken.append(try take(wish, among: subnets, for: owner, in: writer)) }
        }
        let isNone = !addressesAreOpen && addresses.isEmpty
        addresses = taken
        if !isNone { try addCards(of: subnets, for: owner, in: writer) }
    }

    /// Takes the addresses that a change asks for, keeps those it has, and gives the others back.
    mutating func exchangeAddresses(for id: ID<Port>, was old: Port, in writer: any Writer) throws(CloudError) {
        try boundAddresses()
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
        let subnets = try writer.list(Subnet.self, where: "network_id", .string(network.text))
        for (place, wish) in addresses.enumerated() {
            if let own = kept[place] { wishes.append(own); continue }
            wishes.append(try take(wish, among: subnets, for: Reference(id), in: writer))
        }
        addresses = wishes
        if !wishes.isEmpty { try addCards(of: subnets, for: Reference(id), in: writer) }
    }

    /// Whether a subnet gives this port the address that follows from its card. A router's is the gateway's instead.
    func isByCard(_ subnet: Subnet) -> Bool {
        subnet.isByCard && !(isOwned && deviceOwner == Router.interfaceOwner)
    }

    /// Adds the addresses that follow from its card, on subnets where it has none yet.
    mutating func addCards(
        of subnets: [Stored<Subnet>], for owner: Reference, in writer: any Writer
    ) throws(CloudError) {
        for subnet in subnets where isByCard(subnet.value) && !addresses.contains(where: { $0.subnet == subnet.id }) {
            addresses.append(try takeCard(of: subnet, for: owner, in: writer))
        }
    }

    private func boundAddresses() throws(CloudError) {
        guard addresses.count <= 8 else { throw .invalid("A port has at most 8 addresses.", field: "fixed_ips") }
    }

    private func take(
        _ wish: FixedAddress, among subnets: [Stored<Subnet>], for owner: Reference, in writer: any Writer
    ) throws(CloudError) -> FixedAddress {
        if let address = wish.address {
            return try take(address, wish.subnet, among: subnets, for: owner, in: writer)
        }
        guard let subnet = subnets.first(where: { $0.id == wish.subnet }) else {
            throw .missing(Subnet.kind.title, wish.subnet.text)
        }
        if isByCard(subnet.value) { return try takeCard(of: subnet, for: owner, in: writer) }
        return try free(among: [subnet], for: owner, in: writer)
    }

    private func take(
        _ address: IPAddress, _ wanted: ID<Subnet>, among subnets: [Stored<Subnet>], for owner: Reference,
        in writer: any Writer
    ) throws(CloudError) -> FixedAddress {
        guard
            let subnet = subnets.first(where: {
                (wanted.text.isEmpty || $0.id == wanted) && ($0.cidr?.contains(address) ?? false)
            }), let cidr = subnet.cidr
        else { throw .invalid("The address \(address) is not of a subnet of the network.", field: "fixed_ips") }
        guard cidr.isUsable(address), address != subnet.gateway || isRouters else {
            throw .invalid("The address \(address) is the network's own.", field: "fixed_ips")
        }
        guard !isByCard(subnet.value) || address == mac.flatMap(cidr.address) else {
            throw .invalid(
                "IPv6 address \(address) can not be directly assigned to a port on subnet \(subnet.id) as the subnet is configured for automatic addresses.",
                field: "fixed_ips")
        }
        return try claim(address, of: subnet, for: owner, in: writer)
    }

    private func takeCard(
        of subnet: Stored<Subnet>, for owner: Reference, in writer: any Writer
    ) throws(CloudError) -> FixedAddress {
        guard let address = mac.flatMap({ subnet.cidr?.address(of: $0) }) else {
            throw .fault("subnet \(subnet.id) has no address for the card of \(owner)")
        }
        return try claim(address, of: subnet, for: owner, in: writer)
    }

    private func claim(
        _ address: IPAddress, of subnet: Stored<Subnet>, for owner: Reference, in writer: any Writer
    ) throws(CloudError) -> FixedAddress {
        do throws(CloudError) { try writer.claim(Subnet.space(subnet.id), address.description, for: owner) } catch {
            if try writer.evictProbes(from: network, where: { $0.address == address }) {
                return try claim(address, of: subnet, for: owner, in: writer)
            }
            throw CloudError(
                .conflict, "The address \(address) is in use on subnet \(subnet.id).", name: "IpAddressAlreadyAllocated"
            )
        }
        return FixedAddress(subnet: subnet.id, address: address)
    }

    /// The lowest address of the pools that nobody has.
    private func free(
        among subnets: [Stored<Subnet>], for owner: Reference, in writer: any Writer
    ) throws(CloudError) -> FixedAddress {
        for subnet in subnets {
            var taken = Set(try writer.claims(Subnet.space(subnet.id)).compactMap { IPAddress($0)?.number })
            if let gateway = subnet.gateway { taken.insert(gateway.number) }
            for pool in subnet.pools {
                // Among one more than are taken, one is free: the search is short whatever the pool's size.
                var number = pool.start.number
                while taken.contains(number), number < pool.end.number { number += 1 }
                if taken.contains(number) { continue }
                let address = IPAddress(number: number, isIPv6: pool.start.isIPv6)
                try writer.claim(Subnet.space(subnet.id), address.description, for: owner)
                return FixedAddress(subnet: subnet.id, address: address)
            }
        }
        if try writer.evictProbes(from: network, where: { $0.address != nil }) {
            return try free(among: subnets, for: owner, in: writer)
        }
        throw .conflict("No address is left on network \(network).")
    }
}

extension CIDR {
    /// Whether a card may have the address: neither the network's own nor, in IPv4, the one that stands for all cards.
    func isUsable(_ address: IPAddress) -> Bool {
        contains(address) && address != first && (isIPv6 || address != last)
    }
}
