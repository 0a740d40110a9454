import CloudCore
import CloudHost

/// Asks as a booting guest does (RFC 8415), and reads what is advertised.
enum DHCP6Client {
    struct Answer: Equatable, Sendable {
        var address: String?
        var nameServers: [String] = []
    }

    static func ask(_ peer: Peer) async throws -> Answer? {
        let mac = peer.port.mac
        let link = CIDR("fe80::/64")!.address(of: mac)!.description
        // A solicitation: the client's id by its card, an address wanted, and name servers.
        var body: [UInt8] = [1, 0x4d, 0x4b, 1] + option(1, [0, 3, 0, 1] + Frames.mac(mac.text))
        body += option(3, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) + option(6, [0, 23]) + option(8, [0, 0])
        let frame = Frames.ethernet(
            mac.text, "33:33:00:01:00:02", 0x86dd, Frames.udp6(link, "ff02::1:2", 546, 547, body))
        async let seen = Frames.receive(peer.namespace, seconds: 1) { isAnswer($0) }
        try await Task.sleep(for: .milliseconds(50))
        try await Frames.send([frame], from: peer.namespace)
        guard let found = try await seen.first(where: isAnswer) else { return nil }
        var answer = Answer()
        for (code, data) in options(found.dropFirst(14 + 40 + 8 + 4)) {
            if code == 23 {
                answer.nameServers = stride(from: 0, to: data.count, by: 16).map { text(data[$0..<$0 + 16]) }
            }
            guard code == 3 else { continue }
            for (inner, value) in options(data.dropFirst(12)) where inner == 5 {
                answer.address = text(value.prefix(16))
            }
        }
        return answer
    }

    private static func option(_ code: Int, _ data: [UInt8]) -> [UInt8] {
        Frames.word(code) + Frames.word(data.count) + data
    }

    private static func options(_ bytes: some Sequence<UInt8>) -> [(Int, [UInt8])] {
        var rest = Array(bytes)[...]
        var out: [(Int, [UInt8])] = []
        while rest.count >= 4 {
            let head = Array(rest.prefix(4))
            let size = Int(head[2]) << 8 | Int(head[3])
            out.append((Int(head[0]) << 8 | Int(head[1]), Array(rest.dropFirst(4).prefix(size))))
            rest = rest.dropFirst(4 + size)
        }
        return out
    }

    private static func text(_ bytes: some Sequence<UInt8>) -> String {
        IPv6(number: bytes.reduce(0) { $0 << 8 | UInt128($1) }).description
    }

    /// IPv6, UDP, from port 547.
    @Sendable private static func isAnswer(_ frame: [UInt8]) -> Bool {
        frame.count > 66 && frame[12..<14] == [0x86, 0xdd] && frame[20] == 17 && frame[54..<56] == [2, 35]
    }
}
