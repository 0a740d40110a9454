import CloudCore
import CloudHost
import CloudNetwork

/// Where one gateway keeps its files, and what is set in its namespace.
struct GatewayPlace: Sendable {
    let id: String
    let esp: ESP
    private let dirs: InstanceDirs

    init(_ gateway: ID<VPNService>, _ dirs: InstanceDirs, _ esp: ESP) throws(CloudError) {
        guard gateway.isPlain else { throw .fault("\(gateway) is no id that a gateway may have") }
        (id, self.dirs, self.esp) = (gateway.text, dirs, esp)
    }

    /// The parent of all gateways' directories.
    static func all(_ dirs: InstanceDirs) -> String { dirs.run + "/vpn" }
    /// What charon sees as /run: its socket and pid file have fixed names there, so each has one of its own.
    var run: String { "\(Self.all(dirs))/\(id)" }
    var socket: String { run + "/vici.sock" }
    /// What charon has been told: its process, and a digest of each tunnel.
    var told: String { run + "/told" }
    var daemon: String { "vpn-\(id)" }
    var handle: String { "\(dirs.run)/\(daemon).process" }
    var log: String { "\(dirs.logs)/\(daemon).log" }
    var namespace: NetworkNamespace { dirs.namespace("vpn-\(id)") }

    /// Bytes that ESP adds at most, in UDP and with the largest block, vector and proof of those offered.
    private static let overhead = 102
    static func insideMTU(_ spec: GatewaySpec) -> Int { spec.mtu - overhead }

    func prepareFiles() throws(CloudError) {
        try Files.ensureDirectory(Self.all(dirs), mode: 0o700)
        try Files.ensureDirectory(run, mode: 0o700)
        try Files.write(Array(configuration.utf8), to: run + "/strongswan.conf")
    }

    /// charon in its own mount and network namespaces.
    func spec(_ charon: String) -> DaemonSpec {
        let socket = socket
        let script = "mount --bind \"$0\" /run && rm -f /run/charon.pid /run/vici.sock && exec \"$1\""
        return DaemonSpec(
            name: daemon, argv: ["unshare", "-m", "sh", "-c", script, run, charon],
            environment: ["STRONGSWAN_CONF": "/run/strongswan.conf"], namespace: namespace
        ) {
            (try? await ViciSession.with(socket, within: .seconds(1)) { (session) throws(CloudError) in
                try await session.call("version")
            }) != nil
        }
    }

    /// OpenSSL before all others: it knows the processor's own instructions. What charon says of a tunnel has the
    /// tunnel's name before it.
    private var configuration: String {
        let kernel = (esp == .userspace ? "kernel-libipsec " : "") + "kernel-netlink"
        return """
            charon {
              load = random nonce openssl ccm aesni hmac kdf pem pkcs1 pkcs8 x509 pubkey constraints \(kernel) socket-default vici
              install_virtual_ip = no
              send_vendor_id = no
              retransmit_tries = 4
              retransmit_timeout = 2
              retransmit_base = 1.5
              init_limit_half_open = 200
              plugins {
                openssl {
                  load_legacy = no
                }
                vici {
                  socket = unix:///run/vici.sock
                }
              }
              filelog {
                stdout {
                  default = 0
                  ike = 1
                  cfg = 1
                  ike_name = yes
                  flush_line = yes
                  time_format = %FT%T
                }
              }
            }

            """
    }

    /// Sets forwarding, filter, addresses and ways. All of it is replaced, so that repeating it is harmless.
    func prepareNetwork(_ spec: GatewaySpec) async throws(CloudError) {
        let settings = [
            "net/ipv4/ip_forward": "1", "net/ipv4/conf/all/rp_filter": "0", "net/ipv4/conf/default/rp_filter": "0",
            "net/ipv4/conf/all/arp_ignore": "1", "net/ipv4/conf/all/send_redirects": "0",
            "net/ipv4/conf/default/send_redirects": "0", "net/ipv4/conf/all/accept_redirects": "0",
            "net/ipv4/conf/outer/rp_filter": "0", "net/ipv4/conf/inner/rp_filter": "0",
            "net/ipv6/conf/all/disable_ipv6": "1", "net/ipv6/conf/default/disable_ipv6": "1",
        ]
        let script = settings.sorted { $0.key < $1.key }
            .map { "[ ! -e /proc/sys/\($0.key) ] || echo \($0.value) > /proc/sys/\($0.key)" }.joined(separator: "\n")
        // The kernel shows the settings of the namespace of whoever opens the file.
        try await Command.run(namespace.enter(["sh", "-e"]), input: Array(script.utf8))
        // The filter first: nothing is forwarded before it says so.
        try await Command.run(
            namespace.enter(["nft", "-f", "-"]), input: Array(GatewayFilter.text(spec, esp, Self.insideMTU(spec)).utf8))
        var lines = ["addr flush dev lo scope global"]
        for address in Set(spec.tunnels.flatMap(\.localAddresses)).sorted() {
            lines.append("addr replace \(address)/32 dev lo scope global")
        }
        lines.append("route flush dev inner proto static")
        for block in Set(spec.tunnels.flatMap(\.local)).sorted(by: { $0.description < $1.description }) {
            lines.append("route replace \(block) via \(spec.router) dev inner proto static")
        }
        if let hop = spec.nextHop {
            lines.append("route replace default via \(hop) dev outer proto static")
        } else {
            lines.append("route flush default")
        }
        // A flush of nothing ends with an error that says so.
        try await Command.run(
            ["ip", "-n", namespace.name, "-force", "-batch", "-"],
            input: Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    /// charon makes its device with an MTU for wider paths than ours.
    func shrinkDevice(_ spec: GatewaySpec) async throws(CloudError) {
        guard esp == .userspace else { return }
        try await Command.run([
            "ip", "-n", namespace.name, "link", "set", "ipsec0", "mtu", String(Self.insideMTU(spec)),
        ])
    }
}
