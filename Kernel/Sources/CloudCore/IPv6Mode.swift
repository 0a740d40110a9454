/// How guests of an IPv6 network come by their addresses (RFC 4861's flags, by Neutron's names).
public enum IPv6Mode: String, CaseIterable, Sendable {
    /// From what routers advertise.
    case slaac
    /// From DHCPv6.
    case stateful = "dhcpv6-stateful"
    /// From what routers advertise, and the rest from DHCPv6.
    case stateless = "dhcpv6-stateless"

    /// Whether an address follows from the card's own, so that nobody chooses it.
    public var isByCard: Bool { self != .stateful }
}

extension CIDR {
    /// The address that a card gives itself here (modified EUI-64, RFC 4291, appendix A); nil but in an IPv6 network
    /// whose prefix leaves it 64 bits.
    public func address(of mac: MAC) -> IPAddress? {
        guard isIPv6, prefix == 64 else { return nil }
        let bytes = mac.text.split(separator: ":").compactMap { UInt8($0, radix: 16) }
        guard bytes.count == 6 else { return nil }
        let identifier = [bytes[0] ^ 2, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]]
        return IPAddress(number: first.number | identifier.reduce(0) { $0 << 8 | UInt128($1) }, isIPv6: true)
    }
}
