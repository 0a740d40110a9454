import CloudCore
import CloudHost
import Glibc

/// What wraps packets.
public enum ESP: String, Sendable {
    /// The kernel's own.
    case kernel
    /// charon's, where the kernel has none.
    case userspace

    /// Where Debian puts charon, and where others do.
    private static let programs = ["/usr/lib/ipsec/charon", "/usr/libexec/ipsec/charon", "/usr/lib/strongswan/charon"]

    /// charon's path; nil where strongSwan is not installed.
    static var charon: String? { programs.first(where: Files.exists) }

    /// Why gateways cannot be run here; nil where they can.
    public static var lack: String? {
        guard let charon else { return "strongSwan is missing: apt-get install \(packages.joined(separator: " "))" }
        let folder = String(charon.prefix(charon.utf8.count - "charon".utf8.count)) + "plugins/libstrongswan-"
        for plugin in ["vici", "openssl", "ccm", "kernel-libipsec"] where !Files.exists(folder + plugin + ".so") {
            return "strongSwan's plugin \(plugin) is missing: apt-get install \(packages.joined(separator: " "))"
        }
        return nil
    }

    static let packages = [
        "strongswan-charon", "strongswan-swanctl", "libcharon-extra-plugins", "libstrongswan-standard-plugins",
        "libstrongswan-extra-plugins",
    ]

    /// Looks by doing: the kernel has ESP where it takes a tunnel's keys in a namespace made for that.
    public static func probe() async -> ESP {
        let argv = [
            "unshare", "-n", "ip", "xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp",
            "spi", "0x1000", "mode", "tunnel", "aead", "rfc4106(gcm(aes))",
            "0x" + String(repeating: "5a", count: 20), "128",
        ]
        return (try? await Command.end(argv).code) == 0 ? .kernel : .userspace
    }

    /// One sentence for the operator.
    public var fact: String {
        switch self {
        case .kernel: "VPN gateways: strongSwan, with the kernel's ESP."
        case .userspace: "VPN gateways: strongSwan, which wraps packets itself, since the kernel has no ESP."
        }
    }
}
