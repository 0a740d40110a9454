/// An IPv6 address (RFC 4291), as a number in host order.
public struct IPv6: Hashable, Comparable, Sendable, LosslessStringConvertible {
    public let number: UInt128
    public init(number: UInt128) { self.number = number }

    /// Reads hexadecimal groups with at most one `::`, the last two also as an IPv4 address; nil for anything else,
    /// zones included.
    public init?(_ text: String) {
        guard text.utf8.count <= 45, let plain = Self.unembedded(text), let groups = Self.groups(plain) else {
            return nil
        }
        number = groups.reduce(0) { $0 << 16 | UInt128($1) }
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
        let groups = stride(from: 112, through: 0, by: -16).map { UInt16(truncatingIfNeeded: number >> UInt128($0)) }
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

    public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}
