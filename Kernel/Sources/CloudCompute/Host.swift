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

    /// The enabled host of the zone (any, if it names none) with the most memory left that has room; nil for none.
    static func choose(_ server: Server, hosts: [Stored<Host>], servers: [Stored<Server>]) -> ID<Host>? {
        var best: (host: ID<Host>, left: Int)?
        for host in hosts where host.enabled && (server.zone.isEmpty || server.zone == host.zone) {
            let placed = servers.filter { $0.host == host.id.text }
            let memory = placed.reduce(server.memory) { $0 + $1.memory }
            let vcpus = placed.reduce(server.vcpus) { $0 + $1.vcpus }
            guard memory <= host.memory, vcpus <= host.vcpus * overcommit else { continue }
            let left = host.memory - memory
            if best == nil || left > best!.left || (left == best!.left && host.id < best!.host) {
                best = (host.id, left)
            }
        }
        return best?.host
    }
}
