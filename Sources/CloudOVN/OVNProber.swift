import CloudCore
import CloudHost
import CloudNetwork

/// Tries to get from network to network, through taps of the probe's own and with frames made by hand.
public struct OVNProber: Probing {
    let fabric: OVNFabric

    public init(fabric: OVNFabric) { self.fabric = fabric }

    public var host: HostName { fabric.host }

    public func attempt(_ stations: [ProbeStation]) async throws(CloudError) -> ProbeReport {
        guard !stations.isEmpty else { return ProbeReport(attempts: [], deaf: [:]) }
        let nonce = SystemDice().bytes(8)
        return try await Inside.run(fabric.namespace) { () throws(CloudError) in
            ProbeRun(stations, nonce: nonce).go()
        }
    }

    /// Only of addresses that are the probe's own: nobody else's has a card of that name.
    public func forget(_ cards: [MAC]) async throws(CloudError) {
        guard !cards.isEmpty else { return }
        try await fabric.central.transact(
            .south, cards.map { Operation.delete("MAC_Binding", [["mac", "==", .string($0.text)]]) })
    }
}
