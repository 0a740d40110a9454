@testable import CloudCompute
import CloudCore
@testable import CloudImage
@testable import CloudNetwork
import CloudSim
import CloudStore

/// What the store holds in the end, whole.
struct Holdings: Sendable {
    var networks: [Stored<LogicalNetwork>]
    var subnets: [Stored<Subnet>]
    var ports: [Stored<Port>]
    var groups: [Stored<SecurityGroup>]
    var rules: [Stored<SecurityGroupRule>]
    var routers: [Stored<Router>]
    var routerSpecs: [ID<Router>: RouterSpec]
    var portSpecs: [ID<Port>: PortSpec]
    var groupSpecs: [ID<SecurityGroup>: GroupSpec]
    var tapFlows: [Stored<TapFlow>]
    var floating: [Stored<FloatingIP>]
    var servers: [Stored<Server>]
    var offers: [Stored<TenantConnectionRequest>]
    var connections: [Stored<TenantConnection>]
    var images: [Stored<Image>]
    var consoleTokens: [Stored<ConsoleToken>]
    var probes: [Stored<IsolationProbe>]
    var pairs: [Stored<IsolationPair>]
    var claims: [String: Set<String>]
    var ways: Ways
    var shelves: Shelves
    var signals: [String]
    var audit: [AuditRecord]

    init(_ reader: any Reader) throws(CloudError) {
        networks = try reader.list(LogicalNetwork.self, .everything(LogicalNetwork.kind))
        subnets = try reader.list(Subnet.self, .everything(Subnet.kind))
        ports = try reader.list(Port.self, .everything(Port.kind))
        groups = try reader.list(SecurityGroup.self, .everything(SecurityGroup.kind))
        rules = try reader.list(SecurityGroupRule.self, .everything(SecurityGroupRule.kind))
        routers = try reader.list(Router.self, .everything(Router.kind))
        routerSpecs = [:]
        for router in routers { routerSpecs[router.id] = try router.spec(in: reader) }
        (portSpecs, groupSpecs) = ([:], [:])
        for port in ports { portSpecs[port.id] = try port.spec(in: reader) }
        for group in groups { groupSpecs[group.id] = try group.spec(in: reader) }
        tapFlows = try reader.list(TapFlow.self, .everything(TapFlow.kind))
        floating = try reader.list(FloatingIP.self, .everything(FloatingIP.kind))
        servers = try reader.list(Server.self, .everything(Server.kind))
        offers = try reader.list(TenantConnectionRequest.self, .everything(TenantConnectionRequest.kind))
        connections = try reader.list(TenantConnection.self, .everything(TenantConnection.kind))
        images = try reader.list(Image.self, .everything(Image.kind))
        consoleTokens = try reader.list(ConsoleToken.self, .everything(ConsoleToken.kind))
        probes = try reader.list(IsolationProbe.self, .everything(IsolationProbe.kind))
        pairs = try reader.list(IsolationPair.self, .everything(IsolationPair.kind))
        claims = ["guest-uid": try reader.claims("guest-uid")]
        for subnet in subnets { claims[Subnet.space(subnet.id)] = try reader.claims(Subnet.space(subnet.id)) }
        for network in networks {
            claims[Port.hardware(network.id)] = try reader.claims(Port.hardware(network.id))
            claims[Port.names(network.id)] = try reader.claims(Port.names(network.id))
        }
        ways = try Ways(reader)
        shelves = try Shelves(reader)
        for it in try reader.list(Gateway.self, .everything(Gateway.kind)) {
            routerSpecs[ID(it.id.text)] = try it.spec(in: reader)
        }
        for it in try reader.list(CommonFunctionGateway.self, .everything(CommonFunctionGateway.kind)) {
            routerSpecs[ID(it.id.text)] = try it.spec(in: reader)
        }
        signals = []
        for kind in reader.schemas.all.filter({ !$0.labels.isEmpty }).map(\.kind) {
            for row in try reader.rows(.everything(kind)) {
                for it in try reader.signals(Reference(kind, row.id)) {
                    signals.append("\(it.signal.rawValue) of \(kind) \(row.id)")
                }
            }
        }
        audit = try reader.audit(after: 0, project: nil, limit: .max)
    }
}

extension SimulatedCloud {
    private func holdings() async throws(CloudError) -> Holdings {
        try await world.store.read { (reader) throws(CloudError) in try Holdings(reader) }
    }

    /// What must hold before any sweep, and without waiting for a look at the world that nothing called for.
    func untouched() async throws(CloudError) -> [String] {
        let holdings = try await holdings()
        return (fabric(holdings) + beyond(holdings)).map { "before the sweep: " + $0 }
    }

    /// Everything that is wrong once all is quiet.
    func check() async throws(CloudError) -> [String] {
        let holdings = try await holdings()
        return fabric(holdings) + plugs(holdings) + servers(holdings) + images(holdings) + claims(holdings)
            + consoles(holdings) + connections(holdings) + probes(holdings)
            + ways(holdings) + (try await shelves(holdings.shelves, holdings))
            + (try await promisesKept(holdings)) + audit(holdings)
            + holdings.signals.map { "nobody dealt with the signal " + $0 }
    }

    private func fabric(_ holdings: Holdings) -> [String] {
        var faults: [String] = []
        let state = world.fabric.state
        var networks: [ID<LogicalNetwork>: NetworkSpec] = [:]
        for it in holdings.networks {
            if it.deletingSince != nil { faults.append("network \(it.id) was not removed") }
            let specs = holdings.subnets.filter { $0.network == it.id }.map { $0.spec(holdings) }
            var spec = NetworkSpec(id: it.id, subnets: specs, mtu: LogicalNetwork.mtu, physical: it.physical)
            (spec.domain, spec.segment) = (String(it.domain.dropLast()), it.segment)
            spec.links = holdings.ways.links[it.id] ?? []
            networks[it.id] = spec
            if it.status != (it.adminUp ? .active : .down) { faults.append("network \(it.id) rests as \(it.status)") }
        }
        func sorted(_ spec: NetworkSpec) -> NetworkSpec {
            var spec = spec
            spec.subnets.sort { $0.id < $1.id }
            return spec
        }
        for id in Set(networks.keys).union(state.networks.keys).sorted()
        where networks[id].map(sorted) != state.networks[id].map(sorted) {
            faults.append(
                "network \(id) is \(networks[id].map { "\($0)" } ?? "nothing") in the store and \(state.networks[id].map { "\($0)" } ?? "nothing") in the fabric"
            )
        }
        let ports = holdings.portSpecs
        for id in Set(ports.keys).union(state.ports.keys).sorted() where ports[id] != state.ports[id] {
            faults.append("port \(id) differs between the store and the fabric")
        }
        for port in holdings.ports where port.deletingSince != nil { faults.append("port \(port.id) was not removed") }
        return faults + groups(holdings) + mirrors(holdings)
    }

    private func mirrors(_ holdings: Holdings) -> [String] {
        var faults: [String] = []
        var wanted: [HostName: [ID<TapFlow>: MirrorSpec]] = [:]
        for it in holdings.tapFlows {
            if it.deletingSince != nil { faults.append("tap flow \(it.id) was not removed") }
            let hosts = [it.source, it.listener].map { id in holdings.ports.first { $0.id == id }?.host }
            if hosts.contains(nil) { faults.append("tap flow \(it.id) outlives a port") }
            let host = hosts[0] == hosts[1] ? hosts[0] ?? "" : ""
            if it.host != host || it.status != (host.isEmpty ? .down : .active) {
                faults.append("tap flow \(it.id) says \(it.status) on '\(it.host)' and not on '\(host)'")
            }
            if !host.isEmpty { wanted[HostName(host), default: [:]][it.id] = it.spec }
        }
        let there = world.fabric.state.mirrors.filter { !$0.value.isEmpty }
        if wanted != there { faults.append("mirrors are \(there) and should be \(wanted)") }
        return faults
    }

    private func consoles(_ holdings: Holdings) -> [String] {
        let servers = Set(holdings.servers.map(\.id.text))
        return holdings.consoleTokens.filter { !servers.contains($0.server) }.map {
            "a console's token outlives server \($0.server)"
        }
    }

    private func probes(_ holdings: Holdings) -> [String] {
        var faults = holdings.ports.filter(\.isProbes).map { "the probe's port \($0.id) was left behind" }
        let own = holdings.networks.filter { $0.project.text.isEmpty && !holdings.ways.networks.contains($0.id) }
        faults += own.map { "the probe's network \($0.id) was left" }
        for it in holdings.probes {
            let pairs = holdings.pairs.filter { $0.probe == it.id.text }
            if it.status != .done || it.finishedAt == nil { faults.append("probe \(it.id) has no verdict") }
            if it.verdict == .crossed { faults.append("probe \(it.id) found what is not there") }
            if pairs.count != it.pairs { faults.append("probe \(it.id) lost its pairs") }
        }
        return faults
    }

    private func groups(_ holdings: Holdings) -> [String] {
        var faults: [String] = []
        let state = world.fabric.state
        let groups = holdings.groupSpecs
        for id in Set(groups.keys).union(state.groups.keys).sorted() where groups[id] != state.groups[id] {
            faults.append("security group \(id) differs between the store and the fabric")
        }
        for id in Set(holdings.routerSpecs.keys).union(state.routers.keys).sorted()
        where holdings.routerSpecs[id] != state.routers[id] {
            faults.append("router \(id) differs between the store and the fabric")
        }
        for port in holdings.ports where port.isGuarded && port.groups.contains(where: { groups[$0] == nil }) {
            faults.append("port \(port.id) is in a group that is none")
        }
        for it in holdings.groups where it.deletingSince != nil {
            faults.append("security group \(it.id) was not removed")
        }
        for it in holdings.routers where it.deletingSince != nil { faults.append("router \(it.id) was not removed") }
        return faults
    }

    private func plugs(_ holdings: Holdings) -> [String] {
        var faults: [String] = []
        for (host, plugs) in world.fabric.state.plugs.sorted(by: { $0.key < $1.key }) {
            for port in plugs.keys.sorted() {
                let found = holdings.ports.first { $0.id == port }
                if isJack(found, holdings) { continue }
                let device = found?.deviceID ?? ""
                let server = holdings.servers.first { $0.id.text == device }
                if server?.host != host.text { faults.append("plug \(port) on \(host) belongs to nobody there") }
            }
        }
        return faults
    }

    private func servers(_ holdings: Holdings) -> [String] {
        var faults: [String] = []
        for (host, guests) in world.hypervisor.guests.sorted(by: { $0.key < $1.key }) {
            for id in guests.keys.sorted() where holdings.servers.first(where: { $0.id == id })?.host != host.text {
                faults.append("guest \(id) on \(host) belongs to nobody there")
            }
        }
        for it in holdings.servers {
            let guest = world.hypervisor.guests[HostName(it.host)]?[it.id]
            let mine = holdings.ports.filter { $0.deviceID == it.id.text && $0.deviceOwner.hasPrefix("compute:") }
            if it.deletingSince != nil { faults.append("server \(it.id) was not removed") }
            switch (it.status, it.power) {
            case (.active, .on) where guest?.state == .running, (.paused, .paused) where guest?.state == .paused:
                faults += running(it, guest!.spec, mine)
            case (.verifyResize, .on) where guest?.state == .running && it.previous != nil:
                faults += running(it, guest!.spec, mine)
            case (.shutoff, .off) where guest?.state ?? .absent == .absent: break
            case (.verifyResize, .off) where guest?.state ?? .absent == .absent && it.previous != nil: break
            case (.verifyResize, .on) where it.isHalted && guest?.state == .absent: break
            case (.verifyResize, .suspended) where it.isHalted && guest?.state == .absent: break
            case (.suspended, .suspended) where guest?.state == .suspended: break
            case (.shutoff, .suspended) where it.isHalted && guest?.state == .absent: break
            case (.shutoff, .on) where it.isHalted && guest?.state == .absent: break
            // With no host there is nothing to try again: it says so.
            case (.error, _) where it.host.isEmpty && !it.fault.isEmpty: break
            default:
                faults.append(
                    "server \(it.id) rests as \(it.status) \(it.fault) where \(it.power) is wanted and its guest is \(guest?.state.rawValue ?? "none")"
                )
            }
            if !it.snapshot.isEmpty { faults.append("server \(it.id) still waits to become an image") }
            if world.hypervisor.disksMade[it.id, default: 0] > 1 + it.generation {
                faults.append("server \(it.id) lost its disk")
            }
            for port in mine where port.project != it.project {
                faults.append("server \(it.id) has a port of another project")
            }
        }
        return faults
    }

    private func running(_ it: Stored<Server>, _ spec: GuestSpec, _ ports: [Stored<Port>]) -> [String] {
        var faults: [String] = []
        if spec.uid != it.uid || spec.memory.count != it.memory || spec.vcpus != it.vcpus || spec.disk.image != it.image
        {
            faults.append("guest \(it.id) is not what its server is")
        }
        if Set(spec.nics.map(\.port)) != Set(ports.map(\.id.text))
            || Set(spec.nics.map(\.mac)) != Set(ports.compactMap(\.mac))
        {
            faults.append("guest \(it.id) has other cards than its server")
        }
        for port in ports {
            let plug = world.fabric.state.plugs[HostName(it.host)]?[port.id]
            if plug != SimPlug(uid: it.uid, isThere: true) {
                faults.append("port \(port.id) of running \(it.id) is not plugged")
            }
            if port.host != it.host || port.status != (port.adminUp ? .active : .down) {
                faults.append("port \(port.id) of running \(it.id) says \(port.status) on '\(port.host)'")
            }
        }
        return faults
    }

    private func images(_ holdings: Holdings) -> [String] {
        var faults: [String] = []
        let sizes = world.files.sizes
        for it in holdings.images {
            if it.deletingSince != nil { faults.append("image \(it.id) was not removed") }
            let isRight = it.status == .active ? sizes[it.id] == it.size : it.status == .queued && sizes[it.id] == nil
            if !isRight {
                faults.append("image \(it.id) is \(it.status) and has \(sizes[it.id] ?? -1) of \(it.size) bytes")
            }
        }
        for id in sizes.keys.sorted() where !holdings.images.contains(where: { $0.id == id }) {
            faults.append("bytes of image \(id), which is none")
        }
        return faults
    }

    private func claims(_ holdings: Holdings) -> [String] {
        var faults: [String] = []
        let uids = holdings.servers.filter { !$0.host.isEmpty }.map(\.uid)
        if Set(uids).count != uids.count { faults.append("two servers have one user") }
        if holdings.claims["guest-uid"] != Set(uids.map(String.init)) {
            faults.append("users claimed are not those in use")
        }
        for (network, ports) in Dictionary(grouping: holdings.ports, by: \.network) {
            let macs = ports.compactMap { $0.mac?.text }
            if Set(macs).count != macs.count { faults.append("two ports of \(network) have one hardware address") }
            if holdings.claims[Port.names(network)] != Set(ports.map(\.dnsName).filter { !$0.isEmpty }) {
                faults.append("names claimed on \(network) are not its ports'")
            }
            if holdings.claims[Port.hardware(network)] != Set(macs).union(holdings.further(on: network).macs) {
                faults.append("hardware addresses claimed on \(network) are not its ports'")
            }
        }
        for subnet in holdings.subnets {
            let used =
                holdings.ports.flatMap(\.addresses).filter { $0.subnet == subnet.id }.compactMap(\.address?.description)
                + holdings.floating.filter { $0.value.subnet == subnet.id }.compactMap(\.address?.description)
            if Set(used).count != used.count { faults.append("two ports share an address of subnet \(subnet.id)") }
            let further = holdings.further(on: subnet.network).addresses.filter { subnet.cidr!.contains($0) }
            if !Set(used).isDisjoint(with: further.map(\.description)) {
                faults.append("a port has what a connection has further on subnet \(subnet.id)")
            }
            if holdings.claims[Subnet.space(subnet.id)] != Set(used).union(further.map(\.description)) {
                faults.append("claims of subnet \(subnet.id) are not its ports'")
            }
            let routers = holdings.ports.filter(\.value.isRouters).flatMap(\.addresses).compactMap(
                \.address?.description)
            if let gateway = subnet.gateway, !routers.contains(gateway.description), used.contains(gateway.description)
            {
                faults.append("a port has the gateway of \(subnet.id)")
            }
        }
        return faults
    }
}

extension Stored where R == Subnet {
    fileprivate func spec(_ holdings: Holdings) -> SubnetSpec {
        let isIPv6 = value.cidr!.isIPv6
        var spec = SubnetSpec(
            id: id, cidr: value.cidr!, gateway: value.gateway,
            dhcp: value.dhcp && (!isIPv6 || [.stateful, .stateless].contains(value.addressMode)),
            nameServers: value.nameServers.isEmpty
                ? [value.gateway ?? (isIPv6 || !value.dhcp ? nil : IPAddress("169.254.169.254"))].compactMap {
                    isIPv6 || value.dhcp ? $0 : nil
                } : value.nameServers.compactMap { IPAddress($0) },
            routes: value.hostRoutes.map { HostRoute(destination: $0.destination, nextHop: $0.nextHop) },
            dhcpServer: isIPv6 ? nil : value.gateway?.v4 ?? IPv4("169.254.169.254")!,
            isRouted: holdings.ports.contains { port in
                port.addresses.contains { $0.subnet == id && $0.address != nil && $0.address == value.gateway }
            })
        spec.isStateless = value.addressMode == .stateless
        spec.timeServers = value.ntpServers.compactMap { IPAddress($0) }
        return spec
    }
}
