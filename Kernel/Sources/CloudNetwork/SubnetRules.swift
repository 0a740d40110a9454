import CloudCore
import CloudStore

/// What a subnet's parts must be to each other.
extension Subnet {
    /// ECL's client says 0.0.0.0 where it means no server.
    mutating func clean() {
        nameServers.removeAll { $0 == "0.0.0.0" }
        ntpServers.removeAll { $0 == "0.0.0.0" }
    }

    /// Unspecified, loopback and mapped addresses, those of a link, and groups (RFC 4291).
    private static let reserved = ["::/64", "fe80::/10", "ff00::/8"].compactMap { CIDR($0) }

    func check(_ cidr: CIDR) throws(CloudError) {
        if let reserved = Self.reserved.first(where: { $0.overlaps(cidr) }) {
            throw .invalid("Invalid input for cidr: \(reserved) is not for subnets.", field: "cidr")
        }
        try checkModes(cidr)
        if let gateway, !cidr.isUsable(gateway) {
            throw .invalid("The gateway \(gateway) is no usable address of \(cidr).", field: "gateway_ip")
        }
        for server in nameServers + ntpServers where IPAddress(server)?.isIPv6 != cidr.isIPv6 {
            throw .invalid("'\(server)' is not an IPv\(cidr.isIPv6 ? 6 : 4) address.", field: "dns_nameservers")
        }
        for route in hostRoutes where route.nextHop.isIPv6 != cidr.isIPv6 {
            throw .invalid("The route to \(route.destination) is not of the subnet's family.", field: "host_routes")
        }
        guard nameServers.count <= 8, ntpServers.count <= 8, hostRoutes.count <= 20, pools.count <= 16 else {
            throw .invalid("At most 8 servers of a sort, 20 routes and 16 pools.")
        }
        for pool in pools where !cidr.isUsable(pool.start) || !cidr.isUsable(pool.end) {
            throw .invalid("The pool \(pool.start)-\(pool.end) is not within \(cidr).", field: "allocation_pools")
        }
        for (place, pool) in pools.enumerated() {
            for other in pools[(place + 1)...] where pool.start <= other.end && other.start <= pool.end {
                throw .invalid("The pools overlap.", field: "allocation_pools")
            }
            if let gateway, pool.start <= gateway, gateway <= pool.end {
                throw .invalid("The gateway \(gateway) lies in a pool.", field: "allocation_pools")
            }
        }
    }

    /// What Neutron allows, and what can work at all.
    private func checkModes(_ cidr: CIDR) throws(CloudError) {
        for (name, mode) in [("ipv6_address_mode", addressMode), ("ipv6_ra_mode", routerMode)] {
            guard let mode else { continue }
            guard cidr.isIPv6 else {
                throw .invalid("Invalid input for operation: \(name) is not valid when ip_version is 4.", field: name)
            }
            guard dhcp else {
                throw .invalid(
                    "Invalid input for operation: \(name) cannot be set when enable_dhcp is set to False.", field: name)
            }
            guard !mode.isByCard || cidr.prefix == 64 else {
                throw .invalid(
                    "Invalid CIDR \(cidr) for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64.",
                    field: "cidr")
            }
        }
        if let addressMode, let routerMode, addressMode != routerMode {
            throw .invalid(
                "Invalid input for operation: ipv6_ra_mode set to '\(routerMode.rawValue)' with ipv6_address_mode set to '\(addressMode.rawValue)' is not valid. If both attributes are set, they must be the same value.",
                field: "ipv6_ra_mode")
        }
    }

    /// All usable addresses but the gateway.
    static func wholePools(_ cidr: CIDR, without gateway: IPAddress?) -> [Pool] {
        let first = cidr.first.number + 1
        let last = cidr.isIPv6 ? cidr.last.number : cidr.last.number - 1
        func pool(_ start: UInt128, _ end: UInt128) -> [Pool] {
            guard start <= end else { return [] }
            return [
                Pool(
                    start: IPAddress(number: start, isIPv6: cidr.isIPv6),
                    end: IPAddress(number: end, isIPv6: cidr.isIPv6))
            ]
        }
        // A gateway is usable, so that it has a neighbour on either side but where it is the last.
        guard let gateway = gateway?.number else { return pool(first, last) }
        return pool(first, gateway - 1) + (gateway == last ? [] : pool(gateway + 1, last))
    }
}
