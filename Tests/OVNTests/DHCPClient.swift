import CloudCore
import CloudHost

/// Asks for an address as a booting guest does (RFC 2131), and reads the offer.
enum DHCPClient {
    struct Offer: Equatable, Sendable {
        var address: String
        var options: [UInt8: [UInt8]]
    }

    static func offer(_ peer: Peer) async throws -> Offer? {
        let mac = Frames.mac(peer.port.mac.text)
        var body: [UInt8] = [1, 1, 6, 0, 0x4d, 0x4b, 0, 1] + [UInt8](repeating: 0, count: 20) + mac
        body += [UInt8](repeating: 0, count: 236 - body.count)
        body += [99, 130, 83, 99, 53, 1, 1, 55, 6, 1, 3, 6, 26, 51, 121, 255]
        let frame = Frames.ethernet(
            peer.port.mac.text, "ff:ff:ff:ff:ff:ff", 0x800, Frames.udp("0.0.0.0", "255.255.255.255", 68, 67, body))
        async let seen = Frames.receive(peer.namespace, seconds: 1) { isAnswer($0) }
        try await Task.sleep(for: .milliseconds(50))
        try await Frames.send([frame], from: peer.namespace)
        guard let answer = try await seen.first(where: isAnswer) else { return nil }
        var options: [UInt8: [UInt8]] = [:]
        var rest = answer.dropFirst(14 + 28 + 240)
        while let code = rest.popFirst(), code != 255 {
            guard code != 0, let size = rest.popFirst() else { continue }
            options[code] = Array(rest.prefix(Int(size)))
            rest = rest.dropFirst(Int(size))
        }
        let address = answer[58..<62].map(String.init).joined(separator: ".")
        return Offer(address: address, options: options)
    }

    /// IPv4, UDP, from port 67.
    @Sendable private static func isAnswer(_ frame: [UInt8]) -> Bool {
        frame.count > 282 && frame[12..<14] == [8, 0] && frame[23] == 17 && frame[34..<36] == [0, 67]
    }
}
