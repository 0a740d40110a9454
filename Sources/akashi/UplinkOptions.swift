import ArgumentParser
import CloudCore
import CloudEdge
import CloudNetwork
import CloudOVN

/// How the cloud meets the Internet.
struct UplinkOptions: ParsableArguments {
    @Option(help: "The device of this machine that leads to the Internet. The cloud takes it until akashi down.")
    var uplink: String?
    @Option(help: "The edge's address on the uplink with its prefix, as 192.0.2.2/24; one of each family.")
    var uplinkAddress: [String] = []
    @Option(help: "The uplink's gateway; one of each family.") var uplinkGateway: [String] = []
    @Option(help: "What the uplink carries in each direction, in Mbit/s: what may be guaranteed to tenants.")
    var uplinkRate = 1000
    @Option(
        help: """
            The cloud's addresses on the Internet, when it starts for the first time: the lower half for gateways and \
            floating addresses, the upper half for tenants' blocks. 'none' for a cloud without the Internet.
            """)
    var internet = "203.0.113.0/24"
    @Option(
        help: """
            A network outside of the cloud and the device that leads there, as backbone=eth2: for networks of \
            operators, links between sites and colocation. May be said several times.
            """)
    var physical: [String] = []

    func validate() throws {
        guard uplink != nil || (uplinkAddress.isEmpty && uplinkGateway.isEmpty) else {
            throw ValidationError("--uplink-address and --uplink-gateway need --uplink.")
        }
        guard (1...1_000_000).contains(uplinkRate) else { throw ValidationError("--uplink-rate is 1 to 1000000.") }
        do throws(CloudError) {
            _ = try chosen()
            _ = try addresses()
            _ = try physicalNetworks()
        } catch { throw ValidationError(error.message) }
    }

    /// Nil for a cloud without the Internet.
    func addresses() throws(CloudError) -> CIDR? {
        guard internet != "none" else { return nil }
        guard let block = CIDR(internet), !block.isIPv6, (8...27).contains(block.prefix) else {
            throw .invalid("--internet is a block of IPv4 from /8 to /27, as 203.0.113.0/24, or 'none'.")
        }
        return block
    }

    /// The edge's among them.
    func physicalNetworks() throws(CloudError) -> [PhysicalNetwork] {
        var all = [
            try PhysicalNetwork(name: ConnectionService.edgeName, device: NamespaceEdge.peer, isBrought: true)
        ]
        for text in physical {
            let one = try PhysicalNetwork(text)
            guard !all.contains(where: { $0.name == one.name || $0.device == one.device }) else {
                throw .invalid("--physical \(text): the name or the device is taken.")
            }
            all.append(one)
        }
        return all
    }

    /// The physical networks that are not the edge's.
    func closedLines(by engine: OVNEngine) throws(CloudError) -> NamespaceEdge.Lines {
        let others = try physicalNetworks().filter { $0.name != ConnectionService.edgeName }
        return NamespaceEdge.Lines(
            devices: Dictionary(uniqueKeysWithValues: others.map { ($0.name, $0.device) }),
            areSentToBySockets: engine.datapath == .netdev)
    }

    /// Nil where the cloud has no way out.
    func chosen() throws(CloudError) -> Uplink? {
        guard let uplink else { return nil }
        return try Uplink(device: uplink, addresses: uplinkAddress, gateways: uplinkGateway)
    }
}
