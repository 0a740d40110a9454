import CloudCore
import CloudHost
import Glibc

@testable import CloudOVN

/// Raw Ethernet frames: what an attacker in a guest can send, and what a victim sees.
enum Frames {
    /// Sends frames from eth0 of a namespace, twice each.
    static func send(_ frames: [[UInt8]], from namespace: NetworkNamespace) async throws {
        try await Inside.run(namespace) { () throws(CloudError) in
            let file = try open()
            defer { close(file) }
            for frame in frames + frames {
                guard Glibc.send(file, frame, frame.count, 0) == frame.count else {
                    throw Files.failure("send", "eth0")
                }
                usleep(2000)
            }
        }
    }

    /// What arrives at eth0 of a namespace for so many seconds, or until `enough` says so.
    static func receive(
        _ namespace: NetworkNamespace, seconds: Double, enough: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }
    ) async throws -> [[UInt8]] {
        try await Inside.run(namespace) { () throws(CloudError) in
            let file = try open()
            defer { close(file) }
            var limit = timeval(tv_sec: 0, tv_usec: 50_000)
            setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            let end = ContinuousClock.now + .seconds(seconds)
            var seen: [[UInt8]] = []
            var buffer = [UInt8](repeating: 0, count: 2048)
            while ContinuousClock.now < end {
                let count = recv(file, &buffer, buffer.count, 0)
                guard count > 0 else { continue }
                seen.append(Array(buffer.prefix(count)))
                if enough(seen.last!) { break }
            }
            return seen
        }
    }

    private static func open() throws(CloudError) -> Int32 {
        let everything = UInt16(3).bigEndian
        let file = socket(17 /* AF_PACKET */, Int32(SOCK_RAW.rawValue), Int32(everything))
        guard file >= 0 else { throw Files.failure("socket", "packet") }
        // struct sockaddr_ll: family, protocol, interface, then 12 bytes that bind(2) ignores.
        var address = [UInt8](repeating: 0, count: 20)
        address[0] = 17
        withUnsafeBytes(of: everything) { address.replaceSubrange(2..<4, with: $0) }
        withUnsafeBytes(of: if_nametoindex("eth0")) { address.replaceSubrange(4..<8, with: $0) }
        let bound = address.withUnsafeBytes {
            bind(file, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), 20)
        }
        guard bound == 0 else { throw Files.failure("bind", "eth0") }
        return file
    }

    static func mac(_ text: String) -> [UInt8] { text.split(separator: ":").map { UInt8($0, radix: 16)! } }
    static func ip(_ text: String) -> [UInt8] { text.split(separator: ".").map { UInt8($0)! } }
    static func word(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 255), UInt8(number & 255)] }

    static func ethernet(_ from: String, _ to: String, _ type: Int, _ body: [UInt8]) -> [UInt8] {
        mac(to) + mac(from) + word(type) + body + [UInt8](repeating: 0, count: max(0, 46 - body.count))
    }

    /// - Parameter offset: where in its packet a fragment stands, in units of eight bytes.
    static func udp(
        _ from: String, _ to: String, _ source: Int, _ destination: Int, _ body: [UInt8], offset: Int = 0
    ) -> [UInt8] {
        let id: [UInt8] = [0, 1]
        var header: [UInt8] = [0x45, 0] + word(28 + body.count) + id + word(offset) + [64, 17, 0, 0]
        header += ip(from) + ip(to)
        var sum = stride(from: 0, to: 20, by: 2).reduce(0) { $0 + Int(header[$1]) << 8 + Int(header[$1 + 1]) }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        header.replaceSubrange(10..<12, with: word(~sum & 0xffff))
        return header + word(source) + word(destination) + word(8 + body.count) + [0, 0] + body
    }

    static func arp(_ operation: Int, _ hardware: String, _ address: String, _ target: String, _ asked: String)
        -> [UInt8]
    {
        [0, 1, 8, 0, 6, 4] + word(operation) + mac(hardware) + ip(address) + mac(target) + ip(asked)
    }

    /// An address of IPv6 as 16 bytes.
    static func ip6(_ text: String) -> [UInt8] {
        let number = IPv6(text)!.number
        return (0..<16).map { UInt8(truncatingIfNeeded: number >> UInt128(120 - 8 * $0)) }
    }

    /// A packet of IPv6, its ICMPv6 or UDP body summed up as a receiver expects it (RFC 8200, 8.1).
    ///
    /// - Parameter behind: a header that it hides behind, by number: of hop-by-hop (0) or of destination options (60).
    static func ipv6(_ from: String, _ to: String, _ next: UInt8, _ body: [UInt8], behind: UInt8? = nil) -> [UInt8] {
        var body = body
        let place = next == 58 ? 2 : 6
        let pseudo = ip6(from) + ip6(to) + [0, 0] + word(body.count) + [0, 0, 0, next]
        let bytes = pseudo + body + (body.count % 2 == 0 ? [] : [0])
        var sum = stride(from: 0, to: bytes.count, by: 2).reduce(0) { $0 + Int(bytes[$1]) << 8 + Int(bytes[$1 + 1]) }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        body.replaceSubrange(place..<place + 2, with: word(~sum & 0xffff))
        // Eight bytes that say nothing: PadN.
        if behind != nil { body = [next, 0, 1, 4, 0, 0, 0, 0] + body }
        return [0x60, 0, 0, 0] + word(body.count) + [behind ?? next, 255] + ip6(from) + ip6(to) + body
    }

    static func udp6(_ from: String, _ to: String, _ source: Int, _ destination: Int, _ body: [UInt8]) -> [UInt8] {
        ipv6(from, to, 17, word(source) + word(destination) + word(8 + body.count) + [0, 0] + body)
    }

    static func ipv6(_ next: UInt8, _ body: [UInt8]) -> [UInt8] {
        let local: [UInt8] = [0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [0x11]
        let all: [UInt8] = [0xff, 0x02] + [UInt8](repeating: 0, count: 13) + [1]
        return [0x60, 0, 0, 0] + word(body.count) + [next, 255] + local + all + body
    }
}
