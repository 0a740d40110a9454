import CloudCore
import CloudStore

/// Where a probe stands on one network: three ports of the cloud's own. They count in nobody's quota, no tenant sees
/// them, and whoever wants what they have gets it.
struct ProbePlan: Hashable, Sendable {
    let probe: ID<IsolationProbe>
    let network: ID<LogicalNetwork>

    enum Role: String, CaseIterable { case sender, listener, stranger }

    /// Marks a probe's port.
    static let owner = "network:probe"
    /// The block of a network of the probe's own, the same for both.
    private static let block = CIDR("10.251.0.0/24")!, block6 = CIDR("fd7a:6b61:7368::/64")!
    /// A subnet with fewer free addresses than this is left alone.
    private static let room = 16

    func portID(_ role: Role) -> ID<Port> { Derived.id("\(role) of \(probe) on \(network)") }
    var portIDs: [ID<Port>] { Role.allCases.map(portID) }

    /// The networks of the probe's own, for where there are too few tenants'.
    private static func own(_ probe: ID<IsolationProbe>) -> [ID<LogicalNetwork>] {
        ["one", "other"].map { Derived.id("\($0) network of \(probe)") }
    }

    // MARK: Choosing

    /// The networks of a run: those asked for, or those that were probed longest ago; never all of one project.
    static func choose(
        _ wanted: [ID<LogicalNetwork>], for probe: ID<IsolationProbe>, in reader: any Reader
    ) throws(CloudError) -> [ID<LogicalNetwork>] {
        let own = own(probe)
        let all = try reader.list(LogicalNetwork.self, Query(LogicalNetwork.kind, limit: .max)).filter {
            // A network that leads out is everyone's.
            !$0.isExternal && $0.physical.isEmpty && $0.status == .active && !$0.project.text.isEmpty
        }
        var chosen: [Stored<LogicalNetwork>]
        if wanted.isEmpty {
            let last = try lastProbed(in: reader)
            let order = all.sorted { a, b in
                let (old, new) = (last[a.id.text] ?? 0, last[b.id.text] ?? 0)
                return old != new ? old < new : a.id < b.id
            }
            var counts: [ProjectID: Int] = [:]
            chosen = []
            for it in order where chosen.count < IsolationProbe.most {
                guard counts[it.project, default: 0] < IsolationProbe.most / 2 else { continue }
                counts[it.project, default: 0] += 1
                chosen.append(it)
            }
        } else {
            chosen = all.filter { wanted.contains($0.id) }
        }
        let isEnough = Set(chosen.map(\.project)).count > 1 || !wanted.isEmpty && chosen.count > 1
        return isEnough ? chosen.map(\.id) : chosen.prefix(IsolationProbe.most - 2).map(\.id) + own
    }

    /// When each network was probed last, in microseconds since 1970.
    private static func lastProbed(in reader: any Reader) throws(CloudError) -> [String: Int64] {
        var out: [String: Int64] = [:]
        for probe in try reader.list(IsolationProbe.self, Query(IsolationProbe.kind, limit: 1000)) {
            for network in probe.networks { out[network] = max(out[network] ?? 0, probe.createdAt.microseconds) }
        }
        return out
    }

    // MARK: Coming

    /// Puts the ports on a network, unless it has gone by now; makes the network where it is to be the probe's own.
    static func place(
        on network: ID<LogicalNetwork>, for probe: ID<IsolationProbe>, in writer: any Writer
    ) throws(CloudError) {
        let place = ProbePlan(probe: probe, network: network)
        if own(probe).contains(network) { try place.weave(in: writer) }
        guard let found = try writer.find(network), found.deletingSince == nil else { return }
        let open = try group("open", isOpen: true, in: writer), shut = try group("shut", isOpen: false, in: writer)
        for (number, role) in Role.allCases.enumerated() {
            let id = place.portID(role)
            guard try writer.find(id) == nil else { continue }
            var draft = Port()
            (draft.network, draft.name) = (network, role.rawValue)
            (draft.deviceID, draft.deviceOwner, draft.isOwned) = (probe.text, owner, true)
            draft.groups = [role == .stranger ? shut : open]
            let mac = Port.freshMAC(id)
            draft.mac = mac
            try writer.claim(Port.hardware(network), mac.text, for: Reference(id))
            for group in draft.groups { try writer.claim(SecurityGroup.space(group), id.text, for: Reference(id)) }
            try draft.takeProbeAddresses(for: Reference(id), room: room, in: writer)
            if !draft.addresses.contains(where: { $0.address?.isIPv6 == false }) {
                // Of no subnet, so that nothing is taken from one that has little or none.
                draft.pairs = [try Port.Pair(json: ["ip_address": .string("169.254.200.\(10 + number)")])]
            }
            try writer.insert(draft, id: id, project: ID(""))
        }
    }

    private func weave(in writer: any Writer) throws(CloudError) {
        guard try writer.find(network) == nil else { return }
        var draft = LogicalNetwork()
        (draft.name, draft.description) = ("isolation-probe", "Made for isolation probe \(probe), and gone after it.")
        try writer.insert(draft, id: network, project: ID(""))
        for cidr in [Self.block, Self.block6] {
            var subnet = Subnet()
            (subnet.network, subnet.cidr) = (network, cidr)
            let id: ID<Subnet> = Derived.id("subnet \(cidr) of \(network)")
            _ = try writer.create(subnet, id: id, project: ID(""), for: .system("probe"))
        }
    }

    /// A group of the cloud's own that all probes share.
    private static func group(
        _ name: String, isOpen: Bool, in writer: any Writer
    ) throws(CloudError) -> ID<SecurityGroup> {
        let id: ID<SecurityGroup> = Derived.id("isolation probe's group, \(name)")
        if let found = try writer.find(id) {
            guard found.deletingSince == nil else { throw .conflict("The probe's security group is being deleted.") }
            return id
        }
        var group = SecurityGroup()
        (group.name, group.description) = ("isolation-probe-\(name)", "For the isolation probe's own ports")
        try writer.insert(group, id: id, project: ID(""))
        guard isOpen else { return id }
        for direction in SecurityGroupRule.Direction.allCases {
            for family in SecurityGroupRule.EtherType.allCases {
                var rule = SecurityGroupRule()
                (rule.group, rule.direction, rule.etherType) = (id, direction, family)
                try writer.insert(rule, id: Derived.id("\(direction) \(family) of \(id)"))
            }
        }
        return id
    }

    // MARK: Looking

    /// Its ports that are there.
    func ports(in reader: any Reader) throws(CloudError) -> [Stored<Port>] {
        var out: [Stored<Port>] = []
        for id in portIDs {
            if let port = try reader.find(id), port.deletingSince == nil { out.append(port) }
        }
        return out
    }

    /// What a probe has to stand on just now.
    struct Sight: Sendable {
        var stations: [ProbeStation] = []
        /// The networks that are still there, and whose.
        var owners: [ID<LogicalNetwork>: ProjectID] = [:]
        /// Those on which not all of its ports are, and why.
        var incomplete: [ID<LogicalNetwork>: String] = [:]
    }

    /// A network that was deleted in the meantime is none that could be crossed.
    static func look(_ plan: [ProbePlan], in reader: any Reader) throws(CloudError) -> Sight {
        var sight = Sight()
        for place in plan {
            guard let network = try reader.find(place.network), network.deletingSince == nil else { continue }
            sight.owners[network.id] = network.project
            if let station = try place.station(network, in: reader) {
                sight.stations.append(station)
            } else {
                sight.incomplete[network.id] = "The probe's ports on network \(network.id) are gone."
            }
        }
        return sight
    }

    private func station(
        _ network: Stored<LogicalNetwork>, in reader: any Reader
    ) throws(CloudError) -> ProbeStation? {
        let ports = try ports(in: reader)
        guard ports.count == Role.allCases.count else { return nil }
        let cards = ports.map(\.card)
        var station = ProbeStation(
            network: network.id, project: network.project, sender: cards[0], listener: cards[1], stranger: cards[2])
        for own in ports[0].addresses where own.address?.isIPv6 == false {
            if try reader.find(own.subnet)?.value.answersDHCP == true { station.lease = own.address?.v4 }
        }
        for leg in try reader.list(Port.self, where: "network_id", .string(network.id.text)) where leg.value.isRouters {
            guard let router = try reader.find(ID<Router>(leg.deviceID)), let mac = leg.mac else { continue }
            station.routers.insert(router.id)
            station.routes.formUnion(try router.spec(in: reader).routes.map(\.destination).filter { $0.prefix > 0 })
            if let address = leg.addresses.compactMap(\.address?.v4).first {
                station.gateway = ProbeStation.Gateway(mac: mac, address: address)
            }
            let outside = try reader.find(ID<Port>(router.gatewayPort))?.addresses.compactMap(\.address?.v4).first
            station.outside = outside ?? station.outside
        }
        return station
    }

    // MARK: Going

    /// Gives back the ports, and the network where it was made for the probe.
    func leave(in writer: any Writer) throws(CloudError) {
        for var port in try ports(in: writer) { try port.giveBack(in: writer) }
        guard Self.own(probe).contains(network), var own = try writer.find(network), own.deletingSince == nil else {
            return
        }
        for subnet in try writer.list(Subnet.self, where: "network_id", .string(network.text)) {
            try writer.remove(Reference(subnet.id))
        }
        try writer.delete(&own)
    }
}

extension Stored where R == Port {
    /// Whether it is a probe's, and gives way to whatever a tenant wants.
    var isProbes: Bool { value.deviceOwner == ProbePlan.owner && project.text.isEmpty }

    fileprivate var card: ProbeCard {
        let link = value.pairs.first?.prefix.block.first.v4
        return ProbeCard(
            port: id, mac: value.mac ?? Port.freshMAC(id), v4: value.addresses.compactMap(\.address?.v4).first ?? link,
            v6: value.addresses.compactMap { if case .v6(let it) = $0.address { it } else { nil } }.first)
    }
}

extension Writer {
    /// Has the probes' ports leave a network, or those of them with an address that somebody else wants. Returns whether
    /// any was there.
    @discardableResult
    func evictProbes(
        from network: ID<LogicalNetwork>, where isWanted: ((Port.FixedAddress) -> Bool)? = nil
    ) throws(CloudError) -> Bool {
        var isAny = false
        for var port in try list(Port.self, where: "network_id", .string(network.text)) where port.isProbes {
            if let isWanted, !port.addresses.contains(where: isWanted) { continue }
            try port.giveBack(in: self)
            isAny = true
        }
        return isAny
    }
}

extension Wiring {
    /// All that the store says the fabric is to have. What is being deleted may still be there.
    init(all reader: any Reader) throws(CloudError) {
        self.init()
        for it in try reader.list(LogicalNetwork.self, .everything(LogicalNetwork.kind)) {
            networks.append(try LogicalNetwork.spec(of: it.id, in: reader))
        }
        for it in try reader.list(Port.self, .everything(Port.kind)) { ports.append(try it.spec(in: reader)) }
        for it in try reader.list(SecurityGroup.self, .everything(SecurityGroup.kind)) {
            groups.append(try it.spec(in: reader))
        }
    }
}
