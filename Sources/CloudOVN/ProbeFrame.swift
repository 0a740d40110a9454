import CloudCore

/// Frames of Ethernet, put together by hand: a probe sends what no network stack would.
enum ProbeFrame {
    static let everyone = [UInt8](repeating: 0xff, count: 6)
    /// The hardware address of all nodes in IPv6, and the address itself (RFC 4291).
    static let allNodes: [UInt8] = [0x33, 0x33, 0, 0, 0, 1]
    static let allNodesAddress = IPv6("ff02::1")!

    static func bytes(_ mac: MAC) -> [UInt8] { mac.text.split(separator: ":").map { UInt8($0, radix: 16) ?? 0 } }
    static func bytes(_ address: IPv4) -> [UInt8] { bytes(UInt128(address.number), 4) }
    static func bytes(_ address: IPv6) -> [UInt8] { bytes(address.number, 16) }
    /// A number in network order.
    static func bytes(_ number: UInt128, _ count: Int) -> [UInt8] {
        (1...count).map { UInt8(truncatingIfNeeded: number >> UInt128(8 * (count - $0))) }
    }
    static func word(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 255), UInt8(number & 255)] }

    static func ethernet(_ from: [UInt8], to: [UInt8], _ type: Int, _ body: [UInt8]) -> [UInt8] {
        to + from + word(type) + body + [UInt8](repeating: 0, count: max(0, 46 - body.count))
    }

    /// The sum of RFC 1071 over words.
    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum = 0
        for place in stride(from: 0, to: bytes.count, by: 2) {
            sum += Int(bytes[place]) << 8 + (place + 1 < bytes.count ? Int(bytes[place + 1]) : 0)
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~sum & 0xffff
    }

    static func ipv4(_ from: IPv4, _ to: IPv4, _ transport: UInt8, _ body: [UInt8]) -> [UInt8] {
        // Of one hop more than it takes to cross two routers.
        var header: [UInt8] = [0x45, 0] + word(20 + body.count) + [0, 0, 0, 0, 8, transport, 0, 0]
        header += bytes(from) + bytes(to)
        header.replaceSubrange(10..<12, with: word(checksum(header)))
        return header + body
    }

    /// Without a checksum, which IPv4 allows.
    static func udp(_ from: IPv4, _ to: IPv4, _ source: Int, _ destination: Int, _ body: [UInt8]) -> [UInt8] {
        ipv4(from, to, 17, word(source) + word(destination) + word(8 + body.count) + [0, 0] + body)
    }

    /// The first packet of a connection, which carries a mark.
    static func syn(_ from: IPv4, _ to: IPv4, _ source: Int, _ destination: Int, _ mark: [UInt8]) -> [UInt8] {
        var segment = word(source) + word(destination) + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 4, 0, 0, 0, 0, 0] + mark
        let sum = checksum(bytes(from) + bytes(to) + [0, 6] + word(segment.count) + segment)
        segment.replaceSubrange(16..<18, with: word(sum))
        return ipv4(from, to, 6, segment)
    }

    /// The mark stands behind the packet, where others pad with zeros.
    static func arp(_ operation: Int, _ hardware: [UInt8], _ address: IPv4, asks: IPv4, _ mark: [UInt8]) -> [UInt8] {
        [0, 1, 8, 0, 6, 4] + word(operation) + hardware + bytes(address) + [0, 0, 0, 0, 0, 0] + bytes(asks) + mark
    }

    static func ipv6(_ from: IPv6, _ to: IPv6, _ next: UInt8, _ body: [UInt8]) -> [UInt8] {
        var body = body
        let place = next == 58 ? 2 : 6
        let sum = checksum(bytes(from) + bytes(to) + word(0) + word(body.count) + [0, 0, 0, next] + body)
        body.replaceSubrange(place..<place + 2, with: word(sum))
        return [0x60, 0, 0, 0] + word(body.count) + [next, 255] + bytes(from) + bytes(to) + body
    }

    static func udp6(_ from: IPv6, _ to: IPv6, _ port: Int, _ body: [UInt8]) -> [UInt8] {
        ipv6(from, to, 17, word(port) + word(port) + word(8 + body.count) + [0, 0] + body)
    }

    /// A message of neighbour discovery (RFC 4861); the mark stands in an option that nobody knows.
    static func discovery(_ from: IPv6, _ to: IPv6, _ message: [UInt8], _ mark: [UInt8]) -> [UInt8] {
        let size = (mark.count + 2 + 7) / 8
        let rest = [UInt8](repeating: 0, count: size * 8 - mark.count - 2)
        return ipv6(from, to, 58, message + [253, UInt8(size)] + mark + rest)
    }

    /// The address that follows from a card on every link.
    static func link(_ mac: MAC) -> IPv6 {
        let six = bytes(mac)
        let eight = [six[0] ^ 2, six[1], six[2], 0xff, 0xfe, six[3], six[4], six[5]]
        return IPv6(number: 0xfe80 << 112 | eight.reduce(0) { $0 << 8 | UInt128($1) })
    }

    /// The group by which the holder of an address is asked (RFC 4291, 2.7.1), and its hardware address.
    static func solicited(_ address: IPv6) -> (address: IPv6, hardware: [UInt8]) {
        let low = address.number & 0xff_ffff
        return (
            IPv6(number: IPv6("ff02::1:ff00:0")!.number | low), [0x33, 0x33, 0xff] + bytes(low, 3)
        )
    }

    /// A message of DHCP (RFC 2131): 1 asks, 2 answers. Its transaction's number is the mark's.
    static func bootp(_ operation: UInt8, _ type: UInt8, _ number: UInt32, _ card: [UInt8], _ mark: [UInt8]) -> [UInt8]
    {
        var body: [UInt8] = [operation, 1, 6, 0] + bytes(UInt128(number), 4) + [UInt8](repeating: 0, count: 20) + card
        body += [UInt8](repeating: 0, count: 236 - body.count) + [99, 130, 83, 99, 53, 1, type]
        // An option of the site's own carries the mark.
        return body + [224, UInt8(mark.count)] + mark + [255]
    }
}
