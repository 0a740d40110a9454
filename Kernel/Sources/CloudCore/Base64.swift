/// Base64 (RFC 4648), standard and URL-safe.
public enum Base64 {
    private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let safe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, digit) in standard.enumerated() { table[Int(digit)] = UInt8(value) }
        for (value, digit) in safe.enumerated() { table[Int(digit)] = UInt8(value) }
        return table
    }()

    /// The URL-safe alphabet, without padding.
    public static func url(_ bytes: [UInt8]) -> String { encode(bytes, safe, padded: false) }
    /// The standard alphabet, padded.
    public static func encode(_ bytes: [UInt8]) -> String { encode(bytes, standard, padded: true) }

    private static func encode(_ bytes: [UInt8], _ alphabet: [UInt8], padded: Bool) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var place = 0
        while place < bytes.count {
            let left = bytes.count - place
            let group =
                UInt32(bytes[place]) << 16 | (left > 1 ? UInt32(bytes[place + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[place + 2]) : 0)
            out.append(alphabet[Int(group >> 18)])
            out.append(alphabet[Int(group >> 12 & 63)])
            if left > 1 { out.append(alphabet[Int(group >> 6 & 63)]) } else if padded { out.append(UInt8(ascii: "=")) }
            if left > 2 { out.append(alphabet[Int(group & 63)]) } else if padded { out.append(UInt8(ascii: "=")) }
            place += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Reads either alphabet, padded or not, line breaks left out; nil for anything else.
    public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        var group: UInt32 = 0
        var bits = 0
        var isOver = false
        for digit in text {
            if digit == UInt8(ascii: "\n") || digit == UInt8(ascii: "\r") { continue }
            if digit == UInt8(ascii: "=") { isOver = true; continue }
            let value = values[Int(digit)]
            guard value != 255, !isOver else { return nil }
            group = group << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return bits == 6 ? nil : out
    }
}
