import CloudCore
import CloudEngine
import CloudStore

extension IPsecSiteConnection: Lifecycle {
    public static func step(
        _ label: Label, _ turn: inout Turn<IPsecSiteConnection>, in world: VPNWorld
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .untie { return .hop(.untie) }
        let it = turn.it
        let (gateway, isUnwanted) = try await turn.store.read {
            (reader) throws(CloudError) -> (GatewaySpec?, isUnwanted: Bool) in
            guard let service = try reader.find(it.service), service.deletingSince == nil, service.adminUp else {
                return (nil, true)
            }
            return (service.status == .active ? try service.gateway(in: reader) : nil, false)
        }
        if let gateway { try await world.tunnels.ensureGateway(gateway) }
        switch label {
        case .tie:
            guard let gateway else {
                // Whatever its gateway waits for, it says when it is there; one that is not wanted says nothing.
                if it.status != .pending || isUnwanted {
                    turn.it.observe(TunnelState(isUp: false), "Its VPN service is down.", turn.now)
                }
                return .nap(.seconds(30))
            }
            guard it.adminUp else {
                turn.it.observe(TunnelState(isUp: false), "Its admin_state_up is false.", turn.now)
                return .rest
            }
            let state = try await world.tunnels.state(of: it.id, of: gateway.id)
            turn.it.observe(state, state.isUp ? "" : state.reason, turn.now)
            // A dead peer is noticed by the gateway; this only reads it.
            return .nap(state.isUp ? .seconds(15) : .seconds(5))
        case .untie:
            return .gone
        }
    }

    public static func failed(
        _ label: Label, _ turn: inout Turn<IPsecSiteConnection>, _ error: CloudError
    ) -> Next<Label> {
        if label != .untie { turn.it.status = .error }
        turn.it.fault = "The connection could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }
}

extension Stored where R == IPsecSiteConnection {
    /// Writes down what is seen: a change at once, mere counting every five minutes, since each is a line of the log.
    mutating func observe(_ state: TunnelState, _ reason: String, _ now: Instant) {
        let status = state.isUp ? IPsecSiteConnection.Status.active : .down
        let isNews = status != value.status || reason != value.fault || value.meter.keys != Set(state.flows.keys)
        let isTime = value.meter.seen.map { now - $0 >= .seconds(300) } ?? true
        guard isNews || (isTime && state.isUp) else { return }
        (value.status, value.fault) = (status, reason)
        value.meter.take(state, at: now)
    }

    /// What the gateway is told of it; nil where nothing of ours is at this end.
    func tunnel(
        at address: IPv4, of service: Stored<VPNService>, in reader: any Reader
    ) throws(CloudError) -> TunnelSpec? {
        let own = try local(of: service, in: reader)
        guard !own.isEmpty, let peer = IPv4(value.peerAddress) else { return nil }
        let (ike, ipsec) = (try reader.get(value.ike), try reader.get(value.ipsec))
        let proof: TunnelSpec.Proof =
            value.proof == .shared
            ? .shared(Secret(value.secret))
            : .certificate(
                chain: try VPNRules.pem(value.certificate, ["CERTIFICATE"], most: 4, field: "certificate"),
                key: Secret(value.key), authority: value.authority)
        return TunnelSpec(
            id: id, peer: peer, localName: value.localName.isEmpty ? address.description : value.localName,
            peerName: value.peerName, proof: proof, ike: ike.value.proposal, esp: ipsec.value.proposal,
            local: own.map(\.block), remote: try remote(in: reader), localAddresses: own.map(\.address),
            initiates: value.initiator == .both,
            probe: value.detection.action == .disabled ? 0 : value.detection.interval, mtu: value.mtu)
    }
}
