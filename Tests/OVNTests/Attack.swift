/// What a guest may try to send to another on its network, by the mark in its payload.
struct Attack {
    let me = "fa:16:3e:00:01:11", victim = "fa:16:3e:00:01:12", all = "ff:ff:ff:ff:ff:ff"

    /// Frames that must arrive.
    var legal: [String: [UInt8]] {
        ["OK-UNICAST": frame(me, "10.0.0.11", 5000, "OK-UNICAST"), "OK-BROADCAST": broadcast("OK-BROADCAST")]
    }

    /// Frames that nobody may see.
    var illegal: [String: [UInt8]] {
        let answer = [UInt8](repeating: 2, count: 240)
        var out: [String: [UInt8]] = [
            "SPOOF-MAC": frame("fa:16:3e:00:01:99", "10.0.0.11", 5000, "SPOOF-MAC"),
            "SPOOF-IP": frame(me, "10.0.0.99", 5000, "SPOOF-IP"),
            "SPOOF-GATEWAY": frame(me, "10.0.0.1", 5000, "SPOOF-GATEWAY"),
            "MULTICAST-SOURCE": frame("01:00:5e:00:00:fb", "10.0.0.11", 5000, "MULTICAST-SOURCE"),
            "ARP-REPLY": arp(2, me, "10.0.0.1", "10.0.0.12", "ARP-REPLY"),
            "ARP-GRATUITOUS": arp(1, me, "10.0.0.1", "10.0.0.1", "ARP-GRATUITOUS"),
            "ARP-HARDWARE": arp(1, "fa:16:3e:00:01:77", "10.0.0.11", "10.0.0.200", "ARP-HARDWARE"),
            "DHCP-SERVER": Frames.ethernet(
                me, victim, 0x800, Frames.udp("10.0.0.11", "10.0.0.12", 67, 68, answer + Array("DHCP-SERVER".utf8))),
            "DHCP-AS-OVN": Frames.ethernet(
                me, all, 0x800, Frames.udp("10.0.0.2", "255.255.255.255", 67, 68, answer + Array("DHCP-AS-OVN".utf8))),
        ]
        for (name, next, type) in [("RA", 58, 134), ("NA", 58, 136), ("UDP6", 17, 0)] as [(String, UInt8, UInt8)] {
            let body = [type] + [UInt8](repeating: 0, count: 15) + Array("IPV6-\(name)".utf8)
            out["IPV6-\(name)"] = Frames.ethernet(me, "33:33:00:00:00:01", 0x86dd, Frames.ipv6(next, body))
        }
        let inner = Frames.word(0x800) + Frames.udp("10.0.0.11", "10.0.0.12", 5000, 5001, Array("VLAN-5".utf8))
        out["VLAN-5"] = Frames.ethernet(me, victim, 0x8100, [0, 5] + inner)
        out["QINQ-5"] = Frames.ethernet(
            me, victim, 0x88a8,
            [0, 5, 0x81, 0, 0, 6] + Frames.word(0x800)
                + Frames.udp("10.0.0.11", "10.0.0.12", 5000, 5001, Array("QINQ-5".utf8)))
        out["MPLS"] = Frames.ethernet(me, victim, 0x8847, [0, 1, 1, 64] + Array("MPLS".utf8))
        out["PPPOE"] = Frames.ethernet(me, all, 0x8863, Array("PPPOE".utf8))
        // A bridge's word to the tree of bridges: its type is a length.
        out["STP"] = Frames.ethernet(me, "01:80:c2:00:00:00", 38, [0x42, 0x42, 3] + Array("STP".utf8))
        out["DHCP6-SERVER"] = Frames.ethernet(
            me, "33:33:00:01:00:02", 0x86dd,
            Frames.ipv6(17, Frames.word(547) + Frames.word(546) + [0, 20, 0, 0, 7] + Array("DHCP6-SERVER".utf8)))
        // The rest of a packet whose beginning was never sent has no ports to be judged by, but an address.
        out["FRAGMENT"] = Frames.ethernet(
            me, victim, 0x800, Frames.udp("10.0.0.99", "10.0.0.12", 67, 68, Array("FRAGMENT".utf8), offset: 100))
        out["LLDP"] = Frames.ethernet(me, all, 0x88cc, Array("LLDP".utf8))
        out["RARP"] = Frames.ethernet(me, all, 0x8035, Array("RARP".utf8))
        return out
    }

    /// What a port that has no address may not send either.
    var unnumbered: [[UInt8]] {
        let mac = "fa:16:3e:00:01:13"
        return [
            frame(mac, "10.0.0.13", 5000, "NO-ADDRESS"),
            arp(1, mac, "10.0.0.13", "10.0.0.13", "NO-ADDRESS"),
        ]
    }

    private func frame(_ from: String, _ address: String, _ port: Int, _ mark: String) -> [UInt8] {
        Frames.ethernet(from, victim, 0x800, Frames.udp(address, "10.0.0.12", port, 5001, Array(mark.utf8)))
    }
    private func broadcast(_ mark: String) -> [UInt8] {
        Frames.ethernet(me, all, 0x800, Frames.udp("10.0.0.11", "10.0.0.255", 5000, 5001, Array(mark.utf8)))
    }
    private func arp(_ operation: Int, _ hardware: String, _ address: String, _ asked: String, _ mark: String)
        -> [UInt8]
    {
        Frames.ethernet(
            me, operation == 2 ? victim : all, 0x806,
            Frames.arp(operation, hardware, address, victim, asked) + Array(mark.utf8))
    }
}
