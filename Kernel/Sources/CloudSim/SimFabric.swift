import CloudCore
import CloudNetwork
import Synchronization

/// A device on a host, joined to a port.
public struct SimPlug: Hashable, Sendable {
    public var uid: Int
    /// False from a reboot of the host on: what is written of it outlives the device.
    public var isThere: Bool
    public init(uid: Int, isThere: Bool) { (self.uid, self.isThere) = (uid, isThere) }
}

/// A fabric that carries nothing, and keeps books as the real one does.
public final class SimFabric: Fabric {
    /// All that the fabric has.
    public struct State: Sendable {
        public var networks: [ID<LogicalNetwork>: NetworkSpec] = [:]
        public var ports: [ID<Port>: PortSpec] = [:]
        public var groups: [ID<SecurityGroup>: GroupSpec] = [:]
        public var routers: [ID<Router>: RouterSpec] = [:]
        public var mirrors: [HostName: [ID<TapFlow>: MirrorSpec]] = [:]
        public var plugs: [HostName: [ID<Port>: SimPlug]] = [:]
    }
    private let mischief: Mischief
    private let books = Mutex(State())

    public init(_ mischief: Mischief) { self.mischief = mischief }

    /// The books, for checks.
    public var state: State { books.withLock { $0 } }

    /// The name of the device of a port.
    public static func device(_ port: ID<Port>) -> String { "sim" + port.text.prefix(11) }

    public func ensureNetwork(_ network: NetworkSpec) async throws(CloudError) {
        try await mischief.effect("ensure network \(network.id) with \(network.subnets.map(\.cidr.description))") {
            () throws(CloudError) in books.withLock { $0.networks[network.id] = network }
        }
    }

    public func removeNetwork(_ network: ID<LogicalNetwork>) async throws(CloudError) {
        try await mischief.effect("remove network \(network)") { () throws(CloudError) in
            books.withLock { books in
                books.networks[network] = nil
                books.ports = books.ports.filter { $0.value.network != network }
            }
        }
    }

    public func ensurePort(_ port: PortSpec) async throws(CloudError) {
        try await mischief.effect("ensure port \(port.id)") { () throws(CloudError) in
            let refusal = books.withLock { books -> CloudError? in
                guard books.networks[port.network] != nil else {
                    return .unavailable("network", "port \(port.id) is wanted before its network")
                }
                for group in port.groups.sorted() where books.groups[group] == nil {
                    return .unavailable("network", "port \(port.id) is wanted before its group \(group)")
                }
                if let old = books.ports[port.id], old.network != port.network {
                    return .fault("port \(port.id) is there on another network")
                }
                books.ports[port.id] = port
                return nil
            }
            if let refusal { throw refusal }
        }
    }

    public func removePort(_ port: ID<Port>) async throws(CloudError) {
        try await mischief.effect("remove port \(port)") { () throws(CloudError) in
            books.withLock { $0.ports[port] = nil }
        }
    }

    public func ensureGroup(_ group: GroupSpec) async throws(CloudError) {
        try await mischief.effect("ensure group \(group.id) with \(group.rules.count) rules") { () throws(CloudError) in
            books.withLock { $0.groups[group.id] = group }
        }
    }

    public func removeGroup(_ group: ID<SecurityGroup>) async throws(CloudError) {
        try await mischief.effect("remove group \(group)") { () throws(CloudError) in
            books.withLock { $0.groups[group] = nil }
        }
    }

    public func ensureRouter(_ router: RouterSpec) async throws(CloudError) {
        try await mischief.effect("ensure router \(router.id)") { () throws(CloudError) in
            books.withLock { $0.routers[router.id] = router }
        }
    }

    public func removeRouter(_ router: ID<Router>) async throws(CloudError) {
        try await mischief.effect("remove router \(router)") { () throws(CloudError) in
            books.withLock { $0.routers[router] = nil }
        }
    }

    public func groups() async throws(CloudError) -> Set<ID<SecurityGroup>> {
        try await mischief.effect("list groups") { () throws(CloudError) in books.withLock { Set($0.groups.keys) } }
    }

    public func routers() async throws(CloudError) -> Set<ID<Router>> {
        try await mischief.effect("list routers") { () throws(CloudError) in books.withLock { Set($0.routers.keys) } }
    }

    public func networks() async throws(CloudError) -> Set<ID<LogicalNetwork>> {
        try await mischief.effect("list networks") { () throws(CloudError) in books.withLock { Set($0.networks.keys) } }
    }

    public func ports() async throws(CloudError) -> Set<ID<Port>> {
        try await mischief.effect("list ports") { () throws(CloudError) in books.withLock { Set($0.ports.keys) } }
    }

    public func ensurePlug(
        _ port: ID<Port>, uid: Int, mtu: Int, on host: HostName
    ) async throws(CloudError) -> String {
        try await mischief.effect("ensure plug \(port) for user \(uid) on \(host)") { () throws(CloudError) in
            books.withLock { $0.plugs[host, default: [:]][port] = SimPlug(uid: uid, isThere: true) }
            return Self.device(port)
        }
    }

    public func ensureJack(_ jack: JackSpec, on host: HostName) async throws(CloudError) {
        try await mischief.effect("ensure jack \(jack.port) in \(jack.namespace) on \(host)") {
            () throws(CloudError) in
            let isThere = books.withLock { books in
                guard books.ports[jack.port] != nil else { return false }
                books.plugs[host, default: [:]][jack.port] = SimPlug(uid: 0, isThere: true)
                return true
            }
            guard isThere else { throw .unavailable("network", "a jack is wanted before its port \(jack.port)") }
        }
    }

    public func removePlug(_ port: ID<Port>, on host: HostName) async throws(CloudError) {
        try await mischief.effect("remove plug \(port) on \(host)") { () throws(CloudError) in
            books.withLock { $0.plugs[host]?[port] = nil }
        }
    }

    public func plugs(on host: HostName) async throws(CloudError) -> Set<ID<Port>> {
        try await mischief.effect("list plugs on \(host)") { () throws(CloudError) in
            books.withLock { Set(($0.plugs[host] ?? [:]).keys) }
        }
    }

    public func ensureMirror(_ mirror: MirrorSpec, on host: HostName) async throws(CloudError) {
        try await mischief.effect("ensure mirror \(mirror.id) on \(host)") { () throws(CloudError) in
            let arePlugged = books.withLock { books in
                let plugs = books.plugs[host] ?? [:]
                guard plugs[mirror.source] != nil, plugs[mirror.listener] != nil else { return false }
                books.mirrors[host, default: [:]][mirror.id] = mirror
                return true
            }
            if !arePlugged { throw .unavailable("network", "mirror \(mirror.id) is wanted before its ports") }
        }
    }

    public func removeMirror(_ mirror: ID<TapFlow>, on host: HostName) async throws(CloudError) {
        try await mischief.effect("remove mirror \(mirror) on \(host)") { () throws(CloudError) in
            books.withLock { $0.mirrors[host]?[mirror] = nil }
        }
    }

    public func mirrors(on host: HostName) async throws(CloudError) -> Set<ID<TapFlow>> {
        try await mischief.effect("list mirrors on \(host)") { () throws(CloudError) in
            books.withLock { Set(($0.mirrors[host] ?? [:]).keys) }
        }
    }

    public func agents() async throws(CloudError) -> [AgentSpec] {
        try await mischief.effect("try agents") { () throws(CloudError) in
            books.withLock { Set($0.plugs.keys).union([HostName("host0")]) }.map {
                AgentSpec(.controller, host: $0, isAlive: true, seen: nil)
            }
        }
    }

    public func settle(on host: HostName) async throws(CloudError) {
        try await mischief.effect("settle \(host)") { () throws(CloudError) in }
    }

    /// A reboot of the host: its devices are gone, what is written of them is not.
    public func reboot(_ host: HostName) {
        books.withLock { books in
            for port in (books.plugs[host] ?? [:]).keys { books.plugs[host]![port]!.isThere = false }
        }
    }
}
