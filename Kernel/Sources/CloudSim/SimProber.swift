import CloudCore
import CloudNetwork
import Synchronization

/// A prober that sends nothing, and looks at the simulated fabric's books as frames would.
public final class SimProber: Probing {
    /// What a test has put out of order.
    public struct State: Sendable {
        /// Networks between which a unicast frame crosses.
        public var leaks: [(from: ID<LogicalNetwork>, to: ID<LogicalNetwork>)] = []
        /// Networks on which nothing is heard.
        public var deaf: Set<ID<LogicalNetwork>> = []
        public var faults: [WiringFault] = []
        /// How many cards routers were told to forget.
        public var forgotten = 0
    }
    public let host = HostName("host0")
    private let mischief: Mischief
    private let fabric: SimFabric
    private let books = Mutex(State())

    public init(_ mischief: Mischief, fabric: SimFabric) { (self.mischief, self.fabric) = (mischief, fabric) }

    public var state: State { books.withLock { $0 } }
    public func change(_ body: (inout State) -> Void) { books.withLock { body(&$0) } }

    public func attempt(_ stations: [ProbeStation]) async throws(CloudError) -> ProbeReport {
        try await mischief.effect("probe \(stations.count) networks") { () throws(CloudError) in
            let (plugs, ports, state) = (fabric.state.plugs[host] ?? [:], fabric.state.ports, state)
            var report = ProbeReport(attempts: [], deaf: [:])
            for from in stations {
                let isWhole = from.cards.allSatisfy { plugs[$0.port]?.isThere == true && ports[$0.port] != nil }
                if !isWhole || state.deaf.contains(from.network) {
                    report.deaf[from.network] = "Nothing is heard on network \(from.network)."
                }
                for to in stations {
                    let leaks = state.leaks.contains { $0.from == from.network && $0.to == to.network }
                    report.attempts.append(
                        ProbeAttempt(.unicast, from: from.network, to: to.network, sent: 2, heard: leaks ? 2 : 0))
                }
            }
            return report
        }
    }

    public func faults(in wiring: Wiring) async throws(CloudError) -> [WiringFault] {
        try await mischief.effect("compare \(wiring.ports.count) ports") { () throws(CloudError) in state.faults }
    }

    public func forget(_ cards: [MAC]) async throws(CloudError) {
        try await mischief.effect("forget \(cards.count) cards") { () throws(CloudError) in
            books.withLock { $0.forgotten += cards.count }
        }
    }
}
