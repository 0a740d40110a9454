import CloudCore
import CloudStore

/// What may reach a gateway's configuration.
enum VPNRules {
    /// Blocks at one end of a tunnel.
    static let mostBlocks = 16

    private static let special = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"].compactMap { CIDR($0) }

    /// A block of IPv4 that may lie behind a peer.
    static func block(_ text: String, field: String) throws(CloudError) -> CIDR {
        guard let cidr = CIDR(text) else {
            throw .invalid("Invalid input for \(field): '\(text.prefix(64))' is not a CIDR.", field: field)
        }
        guard !cidr.isIPv6 else {
            throw .invalid("Invalid input for \(field): tunnels carry IPv4; \(cidr) is IPv6.", field: field)
        }
        guard cidr.prefix >= 8, !special.contains(where: { $0.overlaps(cidr) }) else {
            throw .invalid(
                "Invalid input for \(field): \(cidr) is wider than /8, or not of single cards.", field: field)
        }
        return cidr
    }

    /// A peer's address outside.
    static func peer(_ text: String) throws(CloudError) -> IPv4 {
        guard let address = IPv4(text), !special.contains(where: { $0.contains(.v4(address)) }) else {
            throw .invalid(
                "Invalid input for peer_address: '\(text.prefix(64))' is not the IPv4 address of a gateway; names and IPv6 are not offered.",
                field: "peer_address")
        }
        return address
    }

    /// Who an end says it is: an address, a domain name, a name at one, or a certificate's subject as `C=JP, CN=x`.
    /// Signs that could mean "anyone" or something else to the gateway are refused.
    static func checkName(_ text: String, field: String) throws(CloudError) {
        func refuse() -> CloudError {
            .invalid(
                "Invalid input for \(field): it is an IP address, a domain name, a name@domain, or a certificate's subject of at most 255 letters, digits and . _ - @ = , / ( ) and spaces.",
                field: field)
        }
        guard (1...255).contains(text.utf8.count) else { throw refuse() }
        if let address = IPAddress(text) {
            guard address.number != 0 else { throw refuse() }
            return
        }
        let isSubject = text.utf8.contains(UInt8(ascii: "="))
        let signs = Set((isSubject ? "._-@=,/() " : "._-@").utf8)
        let isFine = text.utf8.allSatisfy {
            signs.contains($0) || (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
        }
        let hasWord = text.utf8.contains { (0x41...0x5a).contains($0 & 0xdf) || (0x30...0x39).contains($0) }
        guard isFine, hasWord, text.utf8.first != UInt8(ascii: " "), text.utf8.last != UInt8(ascii: " ") else {
            throw refuse()
        }
    }

    /// Printable, so that people can say it to each other, and long enough not to be guessed at once.
    static func checkSecret(_ text: String) throws(CloudError) {
        guard (8...128).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw .invalid("Invalid input for psk: it has 8 to 128 printable ASCII characters.", field: "psk")
        }
    }

    /// The blocks of a text in PEM (RFC 7468) whose labels are among those given; nothing else may be in it.
    static func pem(_ text: String, _ labels: [String], most: Int, field: String) throws(CloudError) -> [String] {
        func refuse(_ why: String) -> CloudError { .invalid("Invalid input for \(field): \(why).", field: field) }
        var blocks: [String] = []
        var lines: [Substring] = []
        var label: String?
        for line in text.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }) {
            if let open = label {
                lines.append(line)
                if line == "-----END \(open)-----" {
                    blocks.append(lines.joined(separator: "\n") + "\n")
                    (label, lines) = (nil, [])
                } else {
                    guard (1...76).contains(line.utf8.count), line.utf8.allSatisfy(isBase64) else {
                        throw refuse("a line is not base64; encrypted keys are not taken")
                    }
                }
            } else {
                label = labels.first { line == "-----BEGIN \($0)-----" }
                guard label != nil else { throw refuse("it is not PEM of \(labels.joined(separator: " or "))") }
                lines = [line]
            }
        }
        guard label == nil, (1...most).contains(blocks.count), blocks.allSatisfy({ $0.utf8.count > 120 }) else {
            throw refuse("it holds 1 to \(most) whole PEM blocks of \(labels.joined(separator: " or "))")
        }
        return blocks
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || (0x2f...0x39).contains(byte)
            || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "=")
    }
}
