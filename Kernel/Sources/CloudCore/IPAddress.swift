/// An address of either family.
public enum IPAddress: Hashable, Comparable, Sendable, LosslessStringConvertible {
    case v4(IPv4)
    case v6(IPv6)

    /// Reads either family's text; nil for anything else.
    public init?(_ text: String) {
        if let address = IPv4(text) {
            self = .v4(address)
        } else if let address = IPv6(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// The family's address of that number; what is beyond its bits is cut off.
    public init(number: UInt128, isIPv6: Bool) {
        self = isIPv6 ? .v6(IPv6(number: number)) : .v4(IPv4(number: UInt32(truncatingIfNeeded: number)))
    }

    /// The bits as a number in host order.
    public var number: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.number)
        case .v6(let address): address.number
        }
    }
    public var isIPv6: Bool { v4 == nil }
    /// The address where it is of IPv4.
    public var v4: IPv4? { if case .v4(let address) = self { address } else { nil } }
    /// Bits of an address of its family: 32 or 128.
    public var width: Int { isIPv6 ? 128 : 32 }

    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }
}

/// A network of either family (RFC 4632, RFC 4291): its first address and the length of its prefix.
public struct CIDR: Hashable, Sendable, LosslessStringConvertible {
    public let first: IPAddress
    /// 0 to 32, or to 128.
    public let prefix: Int

    /// The network of that length that holds the address; a length out of bounds is cut to them.
    public init(holding address: IPAddress, prefix: Int) {
        self.prefix = min(max(prefix, 0), address.width)
        let host = Self.hostMask(address.width - self.prefix)
        first = IPAddress(number: address.number & ~host, isIPv6: address.isIPv6)
    }

    /// Reads `10.0.0.0/24` or `2001:db8::/64`; nil for anything else, host bits included.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), let prefix = Int(parts[1]),
            String(prefix) == parts[1], (0...address.width).contains(prefix)
        else { return nil }
        self.init(holding: address, prefix: prefix)
        guard first == address else { return nil }
    }

    /// The two that make it up; itself where it is a single address.
    public var halves: [CIDR] {
        guard prefix < first.width else { return [self] }
        let second = IPAddress(
            number: first.number | (1 as UInt128) << UInt128(first.width - prefix - 1), isIPv6: first.isIPv6)
        return [first, second].map { CIDR(holding: $0, prefix: prefix + 1) }
    }

    /// So many bits of ones at the end; a shift by all 128 leaves none, and one less than none is all.
    private static func hostMask(_ bits: Int) -> UInt128 { ((1 as UInt128) << UInt128(bits)) &- 1 }
    private var hostMask: UInt128 { Self.hostMask(first.width - prefix) }

    public var isIPv6: Bool { first.isIPv6 }
    public var last: IPAddress { IPAddress(number: first.number | hostMask, isIPv6: isIPv6) }
    public func contains(_ address: IPAddress) -> Bool {
        address.isIPv6 == isIPv6 && address.number & ~hostMask == first.number
    }
    public func overlaps(_ other: CIDR) -> Bool { contains(other.first) || other.contains(first) }
    public var description: String { "\(first)/\(prefix)" }
}

/// A block of addresses of either family, as a rule names it; host bits are cleared.
public struct Prefix: Hashable, Sendable, LosslessStringConvertible {
    public let block: CIDR

    /// Reads an address, with a prefix length or alone; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let address = IPAddress(parts[0]) else { return nil }
        let length = parts.count == 2 ? Int(parts[1]) : address.width
        guard let length, (0...address.width).contains(length), parts.count == 1 || String(length) == parts[1] else {
            return nil
        }
        block = CIDR(holding: address, prefix: length)
    }

    public var description: String { block.description }
    public var isIPv6: Bool { block.isIPv6 }
    /// Bits that are fixed: 0 to 32, or to 128.
    public var length: Int { block.prefix }
}
