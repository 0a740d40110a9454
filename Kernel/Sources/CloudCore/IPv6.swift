/// An IPv6 address (RFC 4291): its upper and lower 64 bits.
public struct IPv6: Hashable, Comparable, Sendable, LosslessStringConvertible {
    public let high: UInt64
    public let low: UInt64
    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// Reads hexadecimal groups with at most one `::`, the last two also as an IPv4 address; nil for anything else,
    /// zones included.
    public init?(_ text: String) {
        guard text.utf8.count <= 45, let plain = Self.unembedded(text), let groups = Self.groups(plain) else {
            return nil
        }
        high = groups[0..<4].reduce(0) { $0 << 16 | UInt64($1) }
        low = groups[4..<8].reduce(0) { $0 << 16 | UInt64($1) }
    }

    /// The same address with hexadecimal groups alone.
    private static func unembedded(_ text: String) -> String? {
        guard text.contains(".") else { return text }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        guard let tail = IPv4(String(text[text.index(after: colon)...])) else { return nil }
        return text[...colon] + String(tail.number >> 16, radix: 16) + ":" + String(tail.number & 0xffff, radix: 16)
    }

    private static func groups(_ text: String) -> [UInt16]? {
        func read(_ part: Substring) -> [UInt16]? {
            if part.isEmpty { return [] }
            var out: [UInt16] = []
            for word in part.split(separator: ":", omittingEmptySubsequences: false) {
                guard (1...4).contains(word.utf8.count), word.first != "+", let group = UInt16(word, radix: 16) else {
                    return nil
                }
                out.append(group)
            }
            return out
        }
        guard let gap = text.firstRange(of: "::") else {
            guard let groups = read(text[...]), groups.count == 8 else { return nil }
            return groups
        }
        guard let head = read(text[..<gap.lowerBound]), let tail = read(text[gap.upperBound...]),
            head.count + tail.count <= 7
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    /// The canonical text (RFC 5952): lower case, the longest run of zeros left out.
    public var description: String {
        let groups = [high, low].flatMap { half in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        if best.isEmpty { return text(groups[...]) }
        return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }

    public static func < (a: Self, b: Self) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

/// A block of addresses of either family, as a rule names it; host bits are cleared.
public struct Prefix: Hashable, Sendable, LosslessStringConvertible {
    public let description: String
    public let isIPv6: Bool
    /// Bits that are fixed: 0 to 32, or to 128.
    public let length: Int

    /// Reads an address, with a prefix length or alone; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count) else { return nil }
        let most = IPv4(parts[0]) != nil ? 32 : 128
        let length = parts.count == 2 ? Int(parts[1]) : most
        guard let length, (0...most).contains(length), parts.count == 1 || String(length) == parts[1] else {
            return nil
        }
        self.length = length
        if let address = IPv4(parts[0]) {
            isIPv6 = false
            let mask = length == 0 ? 0 : UInt32.max << UInt32(32 - length)
            description = "\(IPv4(number: address.number & mask))/\(length)"
        } else if let address = IPv6(parts[0]) {
            isIPv6 = true
            func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : .max << UInt64(64 - bits) }
            description = "\(IPv6(high: address.high & mask(length), low: address.low & mask(length - 64)))/\(length)"
        } else {
            return nil
        }
    }
}
