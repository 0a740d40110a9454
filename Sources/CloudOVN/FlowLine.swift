import CloudCore
import CloudNetwork
import CloudStore

/// A line of ovn-controller's log about one packet. Nothing in it is text of a guest's: names are ours, and what is
/// told of the packet are numbers that ovn-controller wrote out.
enum FlowLine {
    /// Reads a line as `TIME|NUMBER|acl_log(THREAD)|INFO|name="…", verdict=…, severity=…, direction=…: tcp,…`; nil for
    /// any other.
    static func parse(_ line: Substring) -> FlowSighting? {
        let fields = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false)
        guard fields.count == 5, fields[2].hasPrefix("acl_log("), let at = Instant(text: String(fields[0])),
            let colon = fields[4].firstRange(of: ": ")
        else { return nil }
        let said = pairs(fields[4][..<colon.lowerBound], separator: ", ")
        guard let name = said["name"], name.hasPrefix("\""), name.hasSuffix("\""), name.utf8.count > 2,
            let place = place(name.dropFirst().dropLast()), let verdict = verdict(said["verdict"]),
            let direction = said["direction"], direction == "from-lport" || direction == "to-lport"
        else { return nil }
        let text = fields[4][colon.upperBound...]
        let packet = pairs(text, separator: ",")
        guard let source = packet["dl_src"], let destination = packet["dl_dst"] else { return nil }
        return FlowSighting(
            at: at, place: place, verdict: verdict, isIngress: direction == "to-lport", source: String(source),
            destination: String(destination), packet: describe(text.prefix { $0 != "," }, packet))
    }

    private static func place(_ name: Substring) -> FlowSighting.Place? {
        if name.hasPrefix(FlowLogging.droppedPrefix) {
            return .port(ID(String(name.dropFirst(FlowLogging.droppedPrefix.count))))
        }
        guard name.hasPrefix(FlowLogging.passedPrefix) else { return nil }
        return .group(ID(String(name.dropFirst(FlowLogging.passedPrefix.count))))
    }

    private static func verdict(_ word: Substring?) -> FlowRecord.Verdict? {
        word == "drop" ? .drop : word == "allow" ? .accept : nil
    }

    private static func pairs(_ text: Substring, separator: String) -> [Substring: Substring] {
        var out: [Substring: Substring] = [:]
        for part in text.split(separator: separator) {
            guard let equals = part.firstIndex(of: "=") else { continue }
            out[part[..<equals]] = part[part.index(after: equals)...]
        }
        return out
    }

    private static let texts = [
        "nw_src": "source", "nw_dst": "destination", "ipv6_src": "source", "ipv6_dst": "destination",
        "arp_spa": "source", "arp_tpa": "destination", "dl_type": "ether_type", "tcp_flags": "tcp_flags",
    ]
    private static let numbers = [
        "tp_src": "source_port", "tp_dst": "destination_port", "icmp_type": "icmp_type", "icmp_code": "icmp_code",
        "nw_proto": "protocol_number",
    ]
    private static let protocols: [Substring: String] = [
        "tcp": "tcp", "tcp6": "tcp", "udp": "udp", "udp6": "udp", "sctp": "sctp", "sctp6": "sctp", "icmp": "icmp",
        "icmp6": "icmpv6", "arp": "arp", "rarp": "rarp", "ip": "ip", "ipv6": "ipv6",
    ]

    private static func describe(_ word: Substring, _ packet: [Substring: Substring]) -> [String: JSON] {
        var out: [String: JSON] = ["protocol": .string(protocols[word] ?? "other")]
        for (key, name) in texts { if let text = packet[key[...]] { out[name] = .string(String(text)) } }
        for (key, name) in numbers {
            if let number = packet[key[...]].flatMap({ Int($0) }) { out[name] = .integer(number) }
        }
        return out
    }
}
