import CloudCore
import CloudNetwork

/// What charon is told of a tunnel. It goes over the socket as names and values, so that no value can pass for
/// another's name.
enum TunnelConfig {
    static func connection(_ it: TunnelSpec, at address: IPv4) -> ViciMessage {
        var child = ViciMessage()
        child.set("mode", "tunnel")
        child.set("local_ts", it.local.map(\.description))
        child.set("remote_ts", it.remote.map(\.description))
        child.set("esp_proposals", [it.esp.espWords])
        child.set("rekey_time", "\(it.esp.lifetime)s")
        child.set("start_action", "none")
        child.set("close_action", "none")
        // Whether it is called again is not charon's to say; see `StrongSwan`.
        child.set("dpd_action", "clear")
        var children = ViciMessage()
        children.set(it.id.text, child)
        var local = ViciMessage()
        var remote = ViciMessage()
        local.set("id", it.localName)
        remote.set("id", it.peerName)
        switch it.proof {
        case .shared:
            local.set("auth", "psk")
            remote.set("auth", "psk")
        case .certificate(let chain, _, let authority):
            local.set("auth", "pubkey")
            local.set("certs", Array(chain.prefix(1)))
            // Keys and hashes of the CRYPTREC list, in the whole chain.
            remote.set("auth", "rsa-2048-ecdsa-256-sha256-sha384-sha512")
            remote.set("cacerts", [authority])
        }
        var out = ViciMessage()
        out.set("version", "2")
        out.set("local_addrs", [address.description])
        out.set("remote_addrs", [it.peer.description])
        out.set("proposals", [it.ike.ikeWords])
        out.set("rekey_time", "\(it.ike.lifetime)s")
        out.set("dpd_delay", "\(it.probe)s")
        // It would tell the peer of addresses inside.
        out.set("mobike", "no")
        out.set("unique", "no")
        out.set("local", local)
        out.set("remote", remote)
        out.set("children", children)
        var message = ViciMessage()
        message.set(it.id.text, out)
        return message
    }

    /// The commands that give charon what proves us and the peer.
    static func credentials(_ it: TunnelSpec) -> [(command: String, message: ViciMessage)] {
        var message = ViciMessage()
        switch it.proof {
        case .shared(let secret):
            message.set("id", it.id.text)
            message.set("type", "ike")
            message.set("data", secret.text)
            // The peer's name alone: it is claimed once a gateway, ours all tunnels may share.
            message.set("owners", [it.peerName])
            return [("load-shared", message)]
        case .certificate(let chain, let key, _):
            message.set("type", "any")
            message.set("data", key.text)
            return chain.dropFirst().map { text in
                var link = ViciMessage()
                link.set("type", "X509")
                link.set("flag", "NONE")
                link.set("data", text)
                return ("load-cert", link)
            } + [("load-key", message)]
        }
    }

    /// Stands for all that charon is told of a tunnel (FNV-1a, 64 bits, twice); kept in a file that only root reads.
    static func digest(_ it: TunnelSpec, at address: IPv4) -> String {
        var bytes = connection(it, at: address).bytes
        for (command, message) in credentials(it) { bytes += Array(command.utf8) + message.bytes }
        func hash(_ seed: UInt64) -> UInt64 { bytes.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } }
        return Hex.string(hash(0xcbf2_9ce4_8422_2325)) + Hex.string(hash(0x8422_2325_cbf2_9ce4))
    }
}
