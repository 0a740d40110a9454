/// An IPv4 address (RFC 791), as a number in host order.
public struct IPv4: Hashable, Comparable, Sendable, LosslessStringConvertible {
    public let number: UInt32
    public init(number: UInt32) { self.number = number }

    /// Reads dotted decimal, without leading zeros; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part), String(byte) == part else { return nil }
            number = number << 8 | UInt32(byte)
        }
        self.number = number
    }

    public var description: String {
        "\(number >> 24).\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
    }
    public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}

/// An Ethernet address in lower case with colons.
public struct MAC: Hashable, Sendable, LosslessStringConvertible {
    public let text: String
    public var description: String { text }

    /// Reads six hexadecimal pairs joined by colons; nil for anything else, or a group address.
    public init?(_ text: String) {
        let parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6,
            parts.allSatisfy({ $0.utf8.count == 2 && UInt8($0, radix: 16) != nil && $0.first != "+" }),
            let head = UInt8(parts[0], radix: 16), head & 1 == 0
        else { return nil }
        self.text = parts.joined(separator: ":")
    }

    /// A random address under the locally administered prefix `fa:16:3e`, which OpenStack clouds use.
    public static func random(_ dice: some Dice) -> MAC {
        let bits = dice.roll()
        let parts = [0xfa, 0x16, 0x3e, UInt8(bits & 255), UInt8(bits >> 8 & 255), UInt8(bits >> 16 & 255)]
        return MAC(parts.map { Hex.string([UInt8($0)]) }.joined(separator: ":"))!
    }
}
