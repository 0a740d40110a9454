import CloudCore
import CloudStore

/// A machine that runs guests.
public struct Host: Resource {
    public var zone = "", vcpus = 0, memory = 0, disk = 0, accelerator = "", enabled = true

    public init() {}

    public static let kind = Kind("host", "hosts", service: "compute")
    public static let access = Access.system
    public static let fields: [Field<Host>] = [
        .text("zone", \.zone, [.read, .create, .indexed], max: 64, "The availability zone it is in."),
        .integer("vcpus", \.vcpus, [.read, .create], 0...65_536, "Processors."),
        .integer("memory", \.memory, [.read, .create], 0...(1 << 40), "MiB that guests may have."),
        .integer("disk", \.disk, [.read, .create], 0...(1 << 40), "GiB that guests may have."),
        .text("accelerator", \.accelerator, [.read, .create], max: 16, "kvm or tcg."),
        .boolean("enabled", \.enabled, [.read, .create, .update], "Whether new guests may come to it."),
    ]
}

/// Where a server goes: a pure function of what the store holds.
enum Placement {
    /// Virtual processors that share one real processor.
    static let overcommit = 16

    /// The enabled host of the zone (any, if it names none) with the most memory left that has room and that its
    /// group's policy allows; nil for none.
    static func choose(
        _ server: Server, hosts: [Stored<Host>], servers: [Stored<Server>], policy: ServerGroup.Policy? = nil
    ) -> ID<Host>? {
        var best: (host: ID<Host>, rank: Int, left: Int)?
        let peers = servers.filter {
            !server.serverGroup.isEmpty && $0.serverGroup == server.serverGroup && !$0.host.isEmpty
        }
        for host in hosts where host.enabled && (server.zone.isEmpty || server.zone == host.zone) {
            guard let left = room(for: server, on: host, servers: servers) else { continue }
            let beside = peers.count { $0.host == host.id.text }
            var rank = 0
            switch policy {
            case .affinity: guard peers.isEmpty || beside > 0 else { continue }
            case .antiAffinity: guard beside == 0 else { continue }
            case .softAffinity: rank = beside
            case .softAntiAffinity: rank = -beside
            case nil: break
            }
            let isBetter = best.map {
                (rank, left) > ($0.rank, $0.left) || ((rank, left) == ($0.rank, $0.left) && host.id < $0.host)
            }
            if isBetter ?? true { best = (host.id, rank, left) }
        }
        return best?.host
    }

    /// MiB that stay free on a host with one more server on it; nil where it does not fit.
    static func room(for server: Server, on host: Stored<Host>, servers: [Stored<Server>]) -> Int? {
        let placed = servers.filter { $0.host == host.id.text }
        let memory = placed.reduce(server.needs.memory) { $0 + $1.value.needs.memory }
        let vcpus = placed.reduce(server.needs.vcpus) { $0 + $1.value.needs.vcpus }
        return memory <= host.memory && vcpus <= host.vcpus * overcommit ? host.memory - memory : nil
    }
}

extension Server {
    /// What is kept free for it: until a resize is confirmed, it may go back.
    var needs: (vcpus: Int, memory: Int) {
        (max(vcpus, previous?.vcpus ?? 0), max(memory, previous?.memory ?? 0))
    }
}
