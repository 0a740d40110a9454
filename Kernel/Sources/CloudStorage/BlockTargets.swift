import CloudCore
import CloudStore

/// A volume as a virtual storage serves it: logical unit 1 of an iSCSI target of its own (RFC 7143).
public struct TargetVolume: Hashable, Sendable {
    public var disk: OpenDisk
    /// Who may log in; nobody else is told of it.
    public var initiators: Set<String>
    public init(disk: OpenDisk, initiators: Set<String>) { (self.disk, self.initiators) = (disk, initiators) }

    /// Its target's name.
    public var name: String { Self.name(of: disk.volume) }
    public static let prefix = "iqn.2026-11.internal.akashi:"
    public static func name(of volume: String) -> String { prefix + volume }
    /// Its logical unit's number there.
    public static let unit = 1
}

/// A way to where initiators beyond the subnet are.
public struct HostPath: Hashable, Sendable, JSONConvertible {
    public var destination: CIDR
    public var nextHop: IPv4
    public init(destination: CIDR, nextHop: IPv4) { (self.destination, self.nextHop) = (destination, nextHop) }

    public init(json: JSON) throws(CloudError) {
        guard let destination = json["destination"]?.string.flatMap({ CIDR($0) }), !destination.isIPv6,
            let hop = json["nexthop"]?.string.flatMap({ IPv4($0) }), json.object?.count == 2
        else { throw .invalid("a route has a destination, as 10.1.0.0/24, and a nexthop, both of IPv4.") }
        (self.destination, nextHop) = (destination, hop)
    }
    public var json: JSON {
        ["destination": .string(destination.description), "nexthop": .string(nextHop.description)]
    }
}

/// All that one virtual storage serves.
public struct TargetSpec: Hashable, Sendable {
    public var id: ID<VirtualStorage>
    /// The system user that its processes run as, which has its volumes' files.
    public var user: Int
    public var address: IPv4
    public var routes: [HostPath]
    /// Each once.
    public var volumes: [TargetVolume]

    public init(id: ID<VirtualStorage>, user: Int, address: IPv4, routes: [HostPath], volumes: [TargetVolume]) {
        (self.id, self.user, self.address, self.routes, self.volumes) = (id, user, address, routes, volumes)
    }

    /// The device in its namespace.
    public static let device = "storage"
    /// Volumes and routes that one may have, and initiators of one volume.
    public static let mostVolumes = 32, mostRoutes = 20, mostInitiators = 32

    /// Throws `invalid` for what may not go into names, files and commands, and for more than is served.
    public func check() throws(CloudError) {
        guard id.isPlain else { throw .invalid("A virtual storage has a plain id.") }
        guard volumes.count <= Self.mostVolumes, Set(volumes.map(\.name)).count == volumes.count else {
            throw .invalid("A virtual storage serves at most \(Self.mostVolumes) volumes, each once.")
        }
        guard routes.count <= Self.mostRoutes, !routes.contains(where: \.destination.isIPv6) else {
            throw .invalid("A virtual storage has at most \(Self.mostRoutes) routes of IPv4.", field: "host_routes")
        }
        for volume in volumes {
            guard ID<Volume>(volume.disk.volume).isPlain else { throw .invalid("A volume has a plain id.") }
            try Initiators.check(Array(volume.initiators))
        }
    }
}

/// Names of iSCSI nodes (RFC 3720, section 3.2.6).
public enum Initiators {
    /// Throws `invalid` for more than one volume may have, repetitions, and what is no node's name.
    public static func check(_ names: [String]) throws(CloudError) {
        guard names.count <= TargetSpec.mostInitiators, Set(names).count == names.count else {
            throw .invalid(
                "A volume has at most \(TargetSpec.mostInitiators) initiators, each once.", field: "initiator_iqns")
        }
        for name in names where !isName(name) {
            throw .invalid(
                "'\(name.prefix(64))' is no iSCSI name: it begins with iqn., eui. or naa. and has up to 223 small letters, digits, '.', '-' and ':'.",
                field: "initiator_iqns")
        }
    }

    private static func isName(_ name: String) -> Bool {
        name.utf8.count <= 223 && name.utf8.count > 4
            && ["iqn.", "eui.", "naa."].contains { name.hasPrefix($0) }
            && name.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || "-.:".utf8.contains($0)
            }
    }
}

/// Serves volumes over iSCSI on one host. Every call is idempotent.
public protocol BlockTargets: Sendable {
    /// The machine that serves.
    var host: HostName { get }
    /// The system users that virtual storages run as: each has one, for nobody and nothing else.
    var users: Range<Int> { get }
    /// The network namespace that a virtual storage's device is to be in.
    func namespace(of storage: ID<VirtualStorage>) -> String
    /// Has it serve these volumes to these initiators and nothing else, at its address alone; its device is there.
    /// What does not change is not disturbed. An initiator that may no longer is logged out.
    ///
    /// - Throws: `invalid` for what `TargetSpec.check` refuses; `unavailable` where it cannot be served now.
    func ensureTarget(_ target: TargetSpec) async throws(CloudError)
    /// Ends it: nothing of it runs, and no file of a volume is open. Done where there is none.
    func removeTarget(_ storage: ID<VirtualStorage>) async throws(CloudError)
    /// Every one of which anything is left, for the sweep.
    func targets() async throws(CloudError) -> Set<ID<VirtualStorage>>
}
