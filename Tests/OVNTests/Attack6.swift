/// What a guest with an address of IPv6 may try to send to another on its network, by the mark in its payload.
struct Attack6 {
    let me = "fa:16:3e:00:01:11", victim = "fa:16:3e:00:01:12", allNodes = "33:33:00:00:00:01"
    let mine = "2001:db8:1::11", theirs = "2001:db8:1::12", gateway = "2001:db8:1::1", link = "fe80::f816:3eff:fe00:111"

    /// Frames that must arrive.
    var legal: [String: [UInt8]] {
        [
            "OK-UDP": udp(mine, "OK-UDP"), "OK-LINK": udp(link, "OK-LINK"),
            "OK-NA": neighbour(136, mine, mine, me, "OK-NA"), "OK-NS": neighbour(135, mine, theirs, me, "OK-NS"),
        ]
    }

    /// Frames that nobody may see. OVN does not look at the hardware address in a solicitation; it tells only where the
    /// sender's own address is, and nobody else's port takes what is sent to that.
    var illegal: [String: [UInt8]] {
        let hello = [UInt8](repeating: 7, count: 8)
        return [
            "SIX-SOURCE": udp("2001:db8:1::99", "SIX-SOURCE"), "SIX-GATEWAY": udp(gateway, "SIX-GATEWAY"),
            "SIX-LINK": udp("fe80::99", "SIX-LINK"),
            "SIX-HARDWARE": Frames.ethernet(
                "fa:16:3e:00:01:99", victim, 0x86dd, Frames.udp6(mine, theirs, 5000, 5001, Array("SIX-HARDWARE".utf8))),
            "NA-GATEWAY": neighbour(136, mine, gateway, me, "NA-GATEWAY"),
            "NA-VICTIM": neighbour(136, link, theirs, me, "NA-VICTIM"),
            "NA-HARDWARE": neighbour(136, mine, mine, "fa:16:3e:00:01:77", "NA-HARDWARE"),
            "RA-LINK": advertisement(link, "RA-LINK"), "RA-OWN": advertisement(mine, "RA-OWN"),
            "RA-ROUTER": advertisement("fe80::1", "RA-ROUTER"), "RA-HOP": advertisement(link, "RA-HOP", behind: 0),
            "RA-OPTIONS": advertisement(link, "RA-OPTIONS", behind: 60),
            "REDIRECT": icmp(
                link, theirs, victim,
                [137, 0, 0, 0, 0, 0, 0, 0] + Frames.ip6(link) + Frames.ip6("2001:db8:9::1"), "REDIRECT"),
            "DHCP6-SERVER": Frames.ethernet(
                me, victim, 0x86dd, Frames.udp6(link, theirs, 547, 546, [2] + hello + Array("DHCP6-SERVER".utf8))),
        ]
    }

    private func udp(_ from: String, _ mark: String) -> [UInt8] {
        Frames.ethernet(me, victim, 0x86dd, Frames.udp6(from, theirs, 5000, 5001, Array(mark.utf8)))
    }

    /// A solicitation (135) or an advertisement (136) of a neighbour: who has `target`, or that `hardware` has it.
    private func neighbour(_ type: UInt8, _ from: String, _ target: String, _ hardware: String, _ mark: String)
        -> [UInt8]
    {
        let option: [UInt8] = [type == 135 ? 1 : 2, 1] + Frames.mac(hardware)
        let flags: UInt8 = type == 136 ? 0x20 : 0
        return icmp(from, theirs, victim, [type, 0, 0, 0, flags, 0, 0, 0] + Frames.ip6(target) + option, mark)
    }

    /// Of a router that would be everyone's way out, with a prefix.
    private func advertisement(_ from: String, _ mark: String, behind: UInt8? = nil) -> [UInt8] {
        let prefix: [UInt8] =
            [3, 4, 64, 0xc0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0] + Frames.ip6("2001:db8:66::")
        return icmp(
            from, "ff02::1", allNodes, [134, 0, 0, 0, 64, 0, 255, 255] + [0, 0, 0, 0, 0, 0, 0, 0] + prefix, mark, behind
        )
    }

    /// The mark stands in an option that nobody knows, and that receivers skip.
    private func icmp(
        _ from: String, _ to: String, _ hardware: String, _ body: [UInt8], _ mark: String, _ behind: UInt8? = nil
    )
        -> [UInt8]
    {
        let padded = Array(mark.utf8) + [UInt8](repeating: 0, count: (8 - (mark.utf8.count + 2) % 8) % 8)
        let option = [253, UInt8((padded.count + 2) / 8)] + padded
        return Frames.ethernet(me, hardware, 0x86dd, Frames.ipv6(from, to, 58, body + option, behind: behind))
    }
}
