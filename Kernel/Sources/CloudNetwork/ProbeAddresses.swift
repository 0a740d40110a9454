import CloudCore
import CloudStore

extension Port {
    /// Takes an address of each family where a subnet has room: the last ones of the pools, which tenants get last. A
    /// subnet whose addresses follow from the cards gives its own.
    mutating func takeProbeAddresses(for owner: Reference, room: Int, in writer: any Writer) throws(CloudError) {
        let subnets = try writer.list(Subnet.self, where: "network_id", .string(network.text))
        for isIPv6 in [false, true] {
            for subnet in subnets where subnet.cidr?.isIPv6 == isIPv6 && !isByCard(subnet.value) {
                guard let address = try Self.last(of: subnet, room: room, in: writer) else { continue }
                try writer.claim(Subnet.space(subnet.id), address.description, for: owner)
                addresses.append(FixedAddress(subnet: subnet.id, address: address))
                break
            }
        }
        try addCards(of: subnets, for: owner, in: writer)
    }

    /// The highest address of a subnet's pools that nobody has; nil where fewer than `room` are free.
    private static func last(
        of subnet: Stored<Subnet>, room: Int, in reader: any Reader
    ) throws(CloudError) -> IPAddress? {
        let taken = Set(try reader.claims(Subnet.space(subnet.id)).compactMap { IPAddress($0)?.number })
        var free = 0
        var found: IPAddress?
        for pool in subnet.pools.reversed() {
            // Among one more than are taken, one is free: the search is short whatever the pool's size.
            var number = pool.end.number
            while free < room {
                if !taken.contains(number) {
                    free += 1
                    found = found ?? IPAddress(number: number, isIPv6: pool.end.isIPv6)
                }
                if number == pool.start.number { break }
                number -= 1
            }
        }
        return free >= room ? found : nil
    }
}
