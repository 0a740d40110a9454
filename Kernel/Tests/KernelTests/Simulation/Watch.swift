import CloudCore
@testable import CloudNetwork
import CloudSim
import CloudStore

/// Sees every commit of a simulated cloud, and what must hold after each, whatever else goes wrong.
///
/// Everything happens one after the other: that is what the mark says.
final class Watch: @unchecked Sendable {
    /// How many commits have changed a resource.
    private(set) var changes = 0
    private(set) var faults: [String] = []
    private var versions: [Reference: Int] = [:]
    private let edge: SimEdge, fabric: SimFabric, tunnels: SimTunnels

    private typealias Rule = (kinds: Set<Kind>, faults: @Sendable (Watch, any Reader) throws(CloudError) -> [String])
    private static let rules: [Rule] = [
        (
            [Gateway.kind, QoSOption.kind, ConnectionService.kind],
            { (it, reader) throws(CloudError) in try it.promised(reader) + it.carried() }
        ),
        ([PublicIP.kind, ReservedAddress.kind], { (it, reader) throws(CloudError) in try it.given(reader) }),
        ([LogicalNetwork.kind, ColocationLogicalLink.kind], { (it, _) in it.segments() }),
        (
            [VPNService.kind, IPsecSiteConnection.kind, Router.kind, EndpointGroup.kind],
            { (it, reader) throws(CloudError) in try it.ownTunnels(reader) }
        ),
    ]

    init(_ world: SimWorld, isThorough: Bool) {
        (edge, fabric, tunnels) = (world.edge, world.fabric, world.tunnels)
        world.store.observe { [weak self] in self?.see($0, $1, isThorough) }
    }

    /// Most commits only lease work, which changes no version.
    private func see(_ touched: Set<Reference>, _ reader: any Reader, _ isThorough: Bool) {
        do throws(CloudError) {
            var kinds: Set<Kind> = []
            for target in touched {
                let version = try reader.row(target.kind, target.id)?.version ?? 0
                if versions.updateValue(version, forKey: target) != version { kinds.insert(target.kind) }
            }
            guard !kinds.isEmpty else { return }
            changes += 1
            // One fault leads to many.
            guard isThorough, faults.count < 5 else { return }
            for rule in Self.rules where !rule.kinds.isDisjoint(with: kinds) {
                faults += try rule.faults(self, reader).map { "at one time " + $0 }
            }
        } catch { faults.append("the watch met \(error)") }
    }

    /// What a line guarantees is never more than it carries.
    private func promised(_ reader: any Reader) throws(CloudError) -> [String] {
        var sums: [ID<ConnectionService>: Int] = [:]
        for it in try reader.list(Gateway.self, .everything(Gateway.kind)) where it.deletingSince == nil {
            guard let option = try it.qos.map({ (id) throws(CloudError) in try reader.get(id) }) else { continue }
            if option.type == .guarantee { sums[it.service, default: 0] += option.bandwidth }
        }
        var faults: [String] = []
        for it in try reader.list(ConnectionService.self, .everything(ConnectionService.kind))
        where sums[it.id, default: 0] > it.bandwidth {
            faults.append("\(sums[it.id]!) Mbit/s were guaranteed on \(it.value.name)")
        }
        return faults
    }

    /// Nor at the edge, which leads no address to two members.
    private func carried() -> [String] {
        guard let spec = edge.state.spec else { return [] }
        let kept = spec.members.compactMap(\.plan).filter(\.isGuaranteed).map(\.ceiling).reduce(0, +)
        let reach = spec.members.flatMap { it in
            it.blocks + it.addresses.map { CIDR(holding: $0, prefix: $0.width) }
        }
        return Self.overlaps(reach).map { "the edge led to two members: \($0)" }
            + (kept > spec.bandwidth ? ["the edge kept \(kept) Mbit/s"] : [])
    }

    /// Public blocks and reservations are somebody's once.
    private func given(_ reader: any Reader) throws(CloudError) -> [String] {
        let blocks = try reader.list(PublicIP.self, .everything(PublicIP.kind)).compactMap(\.cidr)
        let kept = try reader.list(ReservedAddress.self, .everything(ReservedAddress.kind)).flatMap(\.blocks)
        return Self.overlaps(blocks + kept).map { "two had an address: \($0)" }
    }

    private static func overlaps(_ blocks: [CIDR]) -> [String] {
        let sorted = blocks.sorted { $0.first < $1.first }
        return zip(sorted, sorted.dropFirst()).filter { $0.overlaps($1) }.map { "\($0) and \($1)" }
    }

    /// Two networks on one VLAN of a physical network are one.
    private func segments() -> [String] {
        var owners: [String: ID<LogicalNetwork>] = [:]
        var faults: [String] = []
        for it in fabric.state.networks.values {
            let own = it.segment > 0 ? ["\(it.physical) \(it.segment)"] : []
            for place in own + it.links.map({ "\($0.physical) \($0.segment)" }) {
                if let other = owners.updateValue(it.id, forKey: place) {
                    faults.append("\(other) and \(it.id) were joined on \(place)")
                }
            }
        }
        return faults
    }

    /// A tunnel, and all that it names, is of one tenant.
    private func ownTunnels(_ reader: any Reader) throws(CloudError) -> [String] {
        var faults: [String] = []
        func require<R>(_ id: ID<R>?, of project: ProjectID, _ user: String) throws(CloudError) where R: Resource {
            if let id, let found = try reader.find(id), found.project != project {
                faults.append("\(user) named \(R.kind) \(id) of another tenant")
            }
        }
        for it in try reader.list(VPNService.self, .everything(VPNService.kind)) {
            try require(it.router, of: it.project, "VPN service \(it.id)")
            try require(it.subnet, of: it.project, "VPN service \(it.id)")
            for tunnel in tunnels.all[it.id]?.tunnels ?? [] {
                try require(tunnel.id, of: it.project, "gateway \(it.id)")
            }
        }
        for it in try reader.list(IPsecSiteConnection.self, .everything(IPsecSiteConnection.kind)) {
            let user = "connection \(it.id)"
            try require(it.service, of: it.project, user)
            try require(it.ike, of: it.project, user)
            try require(it.ipsec, of: it.project, user)
            for group in [it.localGroup, it.peerGroup] {
                try require(group, of: it.project, user)
                // Whoever is being deleted holds its group no longer.
                let endpoints = try group.flatMap { (id) throws(CloudError) in try reader.find(id) }?.endpoints ?? []
                for endpoint in endpoints { try require(ID<Subnet>(endpoint), of: it.project, user) }
            }
        }
        return faults
    }
}
