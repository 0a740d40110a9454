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

    /// A host, and what there is on it already.
    struct Candidate {
        let host: Stored<Host>
        var vcpus = 0, memory = 0
        /// Servers of the new one's group.
        var peers = 0

        /// MiB that stay free with one more server on it; nil where it does not fit.
        func room(for server: Server) -> Int? {
            let (memory, vcpus) = (memory + server.keptMemory, vcpus + server.keptVCPUs)
            return memory <= host.memory && vcpus <= host.vcpus * overcommit ? host.memory - memory : nil
        }
    }

    /// The enabled host of the zone (any, if it names none) with the most memory left that has room and that its
    /// group's policy allows; nil for none.
    static func choose(
        _ server: Server, among candidates: [Candidate], policy: ServerGroup.Policy? = nil
    ) -> ID<Host>? {
        var best: (host: ID<Host>, rank: Int, left: Int)?
        let isFirst = candidates.allSatisfy { $0.peers == 0 }
        for it in candidates where it.host.enabled && (server.zone.isEmpty || server.zone == it.host.zone) {
            guard let left = it.room(for: server) else { continue }
            var rank = 0
            switch policy {
            case .affinity: guard isFirst || it.peers > 0 else { continue }
            case .antiAffinity: guard it.peers == 0 else { continue }
            case .softAffinity: rank = it.peers
            case .softAntiAffinity: rank = -it.peers
            case nil: break
            }
            let isBetter = best.map {
                (rank, left) > ($0.rank, $0.left) || ((rank, left) == ($0.rank, $0.left) && it.host.id < $0.host)
            }
            if isBetter ?? true { best = (it.host.id, rank, left) }
        }
        return best?.host
    }

    /// The hosts as they are for a server that is on none.
    static func candidates(for it: Stored<Server>, in reader: any Reader) throws(CloudError) -> [Candidate] {
        let peers =
            it.serverGroup.isEmpty
            ? []
            : try reader.list(Server.self, Query.everything(Server.kind).with("server_group", .string(it.serverGroup)))
        var out: [Candidate] = []
        for host in try reader.list(Host.self, .everything(Host.kind)) {
            let placed = Query.everything(Server.kind).with("host", .string(host.id.text))
            out.append(
                Candidate(
                    host: host, vcpus: try reader.sum("kept_vcpus", placed),
                    memory: try reader.sum("kept_memory", placed), peers: peers.count { $0.host == host.id.text }))
        }
        return out
    }
}
