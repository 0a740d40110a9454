import CloudCore
import CloudHost

/// Which Open vSwitch and OVN are used, and how they forward packets.
public struct OVNEngine: Hashable, Sendable {
    /// What forwards packets.
    public enum Datapath: String, Sendable {
        /// ovs-vswitchd itself, where the kernel has no openvswitch module.
        case netdev
        /// The kernel's module.
        case system
    }
    /// Numbers of a version, compared one after another: 3.1.0 is `[3, 1, 0]`.
    public struct Version: Hashable, Comparable, Sendable, CustomStringConvertible {
        public let numbers: [Int]
        public init(_ numbers: Int...) { self.numbers = numbers }
        /// The last word of a line that is a version: `ovs-vswitchd (Open vSwitch) 3.5.0`.
        public init?(line: some StringProtocol) {
            let words = line.split(separator: " ").map { $0.split(separator: ".").map { Int($0) } }
            guard let found = words.last(where: { $0.count >= 2 && !$0.contains(nil) }) else { return nil }
            numbers = found.compactMap { $0 }
        }
        public static func < (a: Self, b: Self) -> Bool { a.numbers.lexicographicallyPrecedes(b.numbers) }
        public var description: String { numbers.map(String.init).joined(separator: ".") }
    }

    /// Where programs are looked for, in this order.
    public let directories: [String]
    /// The files of the schemas, in the order of `OVSDB.Database`: host, north, south.
    public let schemas: [String]
    public let datapath: Datapath
    public let ovs: Version
    public let ovn: Version

    /// Why this engine must not carry tenants' traffic; nil where it may.
    public var refusal: String? {
        guard datapath == .netdev else { return nil }
        guard ovs < Version(3, 1, 3) || (ovs >= Version(3, 2) && ovs < Version(3, 2, 3)) else { return nil }
        return "A tenant's traffic can crash the userspace datapath of Open vSwitch \(ovs) (its connection tracking "
            + "asserts); run deps/fetch-ovn for a version without the fault, or load the kernel's openvswitch module."
    }

    /// Whether OVN may answer DNS: before these releases whatever came from port 53 passed every rule of a network
    /// with names (CVE-2025-0650).
    public var answersNames: Bool {
        ovn >= Version(24, 9, 2) || (ovn >= Version(24, 3, 5) && ovn < Version(24, 9))
    }

    private var namesFact: String? {
        guard !answersNames else { return nil }
        return "OVN \(ovn) is not asked to answer DNS: until 24.03.5 and 24.09.2 packets from port 53 passed every "
            + "security group of a network with names (CVE-2025-0650). Servers' names do not resolve."
    }

    /// One sentence for the operator.
    public var summary: String {
        "OVN \(ovn) with Open vSwitch \(ovs) in \(directories[0]), forwarding "
            + (datapath == .netdev ? "in userspace, since the kernel has no openvswitch module." : "in the kernel.")
    }

    /// What the operator should know before the start, a sentence each; a refusal apart.
    public var facts: [String] { [summary, Tap.fact] + (namesFact.map { [$0] } ?? []) }

    /// The program's path.
    public func program(_ name: String) -> String {
        directories.map { "\($0)/\(name)" }.first(where: Files.exists) ?? name
    }

    /// Whether the kernel has openvswitch, or can load it.
    public static func kernelForwards() async -> Bool {
        if Files.exists("/sys/module/openvswitch") { return true }
        return (try? await Command.end(["modinfo", "openvswitch"]).code) == 0
    }

    /// The distribution's packages with the kernel's datapath.
    public static func installed() async throws(CloudError) -> OVNEngine {
        try await OVNEngine(
            directories: ["/usr/sbin", "/usr/bin"],
            schemas: [
                "/usr/share/openvswitch/vswitch.ovsschema", "/usr/share/ovn/ovn-nb.ovsschema",
                "/usr/share/ovn/ovn-sb.ovsschema",
            ], datapath: .system)
    }

    /// What `deps/fetch-ovn` printed, with the userspace datapath.
    public static func fetched(_ prefix: String) async throws(CloudError) -> OVNEngine {
        try await OVNEngine(
            directories: [prefix + "/bin"],
            schemas: ["vswitch", "ovn-nb", "ovn-sb"].map { "\(prefix)/share/\($0).ovsschema" }, datapath: .netdev)
    }

    private init(directories: [String], schemas: [String], datapath: Datapath) async throws(CloudError) {
        func version(_ name: String) async throws(CloudError) -> Version {
            let path = directories.map { "\($0)/\(name)" }.first(where: Files.exists)
            guard let path else { throw .unavailable("network", "there is no \(name) in \(directories)") }
            let text = try await Command.run([path, "--version"]).text
            guard let found = Version(line: text.split(separator: "\n").first ?? "") else {
                throw .fault("\(path) tells no version: \(text)")
            }
            return found
        }
        let ovs = try await version("ovs-vswitchd")
        let ovn = try await version("ovn-controller")
        self.init(directories: directories, schemas: schemas, datapath: datapath, ovs: ovs, ovn: ovn)
    }

    init(directories: [String], schemas: [String], datapath: Datapath, ovs: Version, ovn: Version) {
        (self.directories, self.schemas, self.datapath) = (directories, schemas, datapath)
        (self.ovs, self.ovn) = (ovs, ovn)
    }
}
