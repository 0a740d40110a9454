@testable import CloudCompute
import CloudCore
@testable import CloudNetwork
import CloudSim
import CloudStore

extension Holdings {
    /// What connections have on a network beside their ports' own.
    func further(on network: ID<LogicalNetwork>) -> (addresses: Set<IPAddress>, macs: Set<String>) {
        let pairs = connections.filter { $0.network == network.text }.flatMap(\.pairs)
        return (Set(pairs.map(\.prefix.block.first)), Set(pairs.compactMap { $0.mac?.text }))
    }
}

extension SimulatedCloud {
    /// Nobody is on another tenant's network but by a request that this one made and the other approved.
    func connections(_ holdings: Holdings) -> [String] {
        var faults: [String] = []
        let ports = Dictionary(uniqueKeysWithValues: holdings.ports.map { ($0.id.text, $0) })
        for port in holdings.ports {
            let network = holdings.networks.first { $0.id == port.network }
            guard network?.project != port.project else { continue }
            let connection = holdings.connections.first { $0.port == port.id.text }
            let offer = holdings.offers.first { $0.id == connection?.request }
            let isAgreed =
                offer?.status == .registered && offer?.project == network?.project && offer?.network == port.network
                && offer?.other == port.project.text
            if !isAgreed { faults.append("port \(port.id) is on another tenant's network without its leave") }
        }
        for it in holdings.connections {
            let server = holdings.servers.first { $0.id.text == it.device }
            guard let port = ports[it.port] else {
                faults.append("connection \(it.id) has no port")
                continue
            }
            if port.project != it.project || port.deviceID != it.device || port.network.text != it.network {
                faults.append("connection \(it.id) has another port than its own")
            }
            if server?.project != it.project { faults.append("connection \(it.id) is of another tenant's server") }
            // What sleeps holds on to its cards until it wakes.
            if it.deletingSince != nil, server?.status != .suspended {
                faults.append("connection \(it.id) was not removed")
            }
            if it.deletingSince == nil, !it.isMade, server?.status == .active, port.status == .active {
                faults.append("connection \(it.id) is made and does not know")
            }
        }
        for it in holdings.offers where it.deletingSince != nil { faults.append("request \(it.id) was not removed") }
        return faults
    }
}
