import CloudCore
import CloudNetwork
import Synchronization

/// Gateways that encrypt nothing. A tunnel is up when a gateway at its peer's address has one back that agrees.
public final class SimTunnels: Tunnels {
    private let mischief: Mischief
    private let clock: SimClock
    private let books = Mutex<[ID<VPNService>: GatewaySpec]>([:])
    public let host = HostName("host0")

    public init(_ mischief: Mischief, clock: SimClock) { (self.mischief, self.clock) = (mischief, clock) }

    /// The books, for checks.
    public var all: [ID<VPNService>: GatewaySpec] { books.withLock { $0 } }

    public func namespace(of gateway: ID<VPNService>) -> String { "sim-" + gateway.text }

    public func ensureGateway(_ gateway: GatewaySpec) async throws(CloudError) {
        try await mischief.effect("ensure gateway \(gateway.id) with \(gateway.tunnels.map(\.id))") {
            () throws(CloudError) in books.withLock { $0[gateway.id] = gateway }
        }
    }

    public func removeGateway(_ gateway: ID<VPNService>) async throws(CloudError) {
        try await mischief.effect("remove gateway \(gateway)") { () throws(CloudError) in
            books.withLock { $0[gateway] = nil }
        }
    }

    public func gateways() async throws(CloudError) -> Set<ID<VPNService>> {
        try await mischief.effect("list gateways") { () throws(CloudError) in books.withLock { Set($0.keys) } }
    }

    public func state(
        of tunnel: ID<IPsecSiteConnection>, of gateway: ID<VPNService>
    ) async throws(CloudError) -> TunnelState {
        try await mischief.effect("state of tunnel \(tunnel)") { () throws(CloudError) in
            books.withLock { books in
                guard let mine = books[gateway]?.tunnels.first(where: { $0.id == tunnel }), let own = books[gateway]
                else { return TunnelState(isUp: false) }
                let back = books.values.first { $0.address == mine.peer }?.tunnels.first { $0.peer == own.address }
                guard let back else { return TunnelState(isUp: false, reason: "The peer does not answer.") }
                let agrees =
                    back.peerName == mine.localName && back.localName == mine.peerName && back.ike == mine.ike
                    && back.proof == mine.proof && back.esp == mine.esp
                guard agrees else { return TunnelState(isUp: false, reason: "The peer refused.") }
                var flow = TunnelState.Flow()
                (flow.bytesIn, flow.packetsIn) = (100, 1)
                return TunnelState(isUp: true, seconds: 1, flows: ["keys": flow])
            }
        }
    }
}
