/// A source of chance. The real one asks the operating system, the simulated one a seed.
public protocol Dice: Sendable {
    /// 64 uniformly random bits.
    func roll() -> UInt64
}

extension Dice {
    /// A version 4 UUID (RFC 9562) in lower case.
    public func uuid() -> String {
        let high = (roll() & 0xffff_ffff_ffff_0fff) | 0x4000
        let low = (roll() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000
        let hex = Array((Hex.string(high) + Hex.string(low)).utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (place, digit) in hex.enumerated() {
            if place == 8 || place == 12 || place == 16 || place == 20 { text.append(UInt8(ascii: "-")) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// 32 hexadecimal digits, the form of Keystone's ids.
    public func hex32() -> String { Hex.string(roll()) + Hex.string(roll()) }

    /// A whole number below `bound`, which is at least 1.
    public func below(_ bound: Int) -> Int { Int(roll() % UInt64(max(bound, 1))) }

    /// `count` random bytes.
    public func bytes(_ count: Int) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(count + 8)
        while out.count < count {
            withUnsafeBytes(of: roll()) { out.append(contentsOf: $0) }
        }
        return Array(out.prefix(count))
    }
}

/// The operating system's randomness.
public struct SystemDice: Dice {
    public init() {}
    public func roll() -> UInt64 { UInt64.random(in: .min ... .max) }
}

/// Hexadecimal digits, in lower case.
public enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    /// The 16 digits of a number.
    public static func string(_ number: UInt64) -> String {
        var out = [UInt8](repeating: 0, count: 16)
        for place in 0..<16 { out[15 - place] = digits[Int((number >> (UInt64(place) * 4)) & 15)] }
        return String(decoding: out, as: UTF8.self)
    }

    /// Two digits a byte.
    public static func string(_ bytes: some Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        for byte in bytes {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }
}
