import CloudCore
import CloudStore

extension IPsecSiteConnection: Metered {
    public static let quota = 50

    public static func admit(
        _ draft: inout Stored<IPsecSiteConnection>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let service = try writer.get(draft.service, for: caller)
        let (ike, ipsec) = (try writer.get(draft.ike, for: caller), try writer.get(draft.ipsec, for: caller))
        guard service.project == draft.project else { throw .missing(VPNService.kind.title, service.id.text) }
        guard ike.project == draft.project else { throw .missing(IKEPolicy.kind.title, ike.id.text) }
        guard ipsec.project == draft.project else { throw .missing(IPsecPolicy.kind.title, ipsec.id.text) }
        try draft.check(service, caller, in: writer)
        try draft.claimPeer(in: writer)
        try Router.refresh(service.router, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<IPsecSiteConnection>, from old: Stored<IPsecSiteConnection>, for caller: Caller,
        in writer: any Writer
    ) throws(CloudError) {
        let service = try writer.get(it.service)
        try it.check(service, caller, in: writer)
        if it.peerName != old.peerName {
            try writer.release(peers(it.service), old.peerName)
            try it.claimPeer(in: writer)
        }
        try Router.refresh(service.router, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<IPsecSiteConnection>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try writer.release(peers(it.service), it.peerName)
        if let service = try writer.find(it.service) { try Router.refresh(service.router, in: writer) }
    }

    /// The space in which the names of a gateway's peers are claimed: by them it knows whose secret is whose.
    static func peers(_ service: ID<VPNService>) -> String { "vpn-peer:" + service.text }
}

extension Stored where R == IPsecSiteConnection {
    func claimPeer(in writer: any Writer) throws(CloudError) {
        do throws(CloudError) {
            try writer.claim(IPsecSiteConnection.peers(value.service), value.peerName, for: Reference(id))
        } catch  where error.code == .conflict {
            throw .conflict("Another connection of VPNService \(value.service) has the peer_id '\(value.peerName)'.")
        }
    }

    func check(_ service: Stored<VPNService>, _ caller: Caller, in reader: any Reader) throws(CloudError) {
        let peer = try VPNRules.peer(value.peerAddress)
        try VPNRules.checkName(value.peerName, field: "peer_id")
        if !value.localName.isEmpty { try VPNRules.checkName(value.localName, field: "local_id") }
        try checkProof()
        guard value.detection.action != .clear || value.initiator == .peer else {
            throw .invalid(
                "Invalid input for dpd: a connection that calls its peer calls again; action clear goes with the initiator response-only.",
                field: "dpd")
        }
        if let own = try reader.find(ID<Port>(service.outerPort))?.addresses.first?.address?.v4, own == peer {
            throw .invalid("Invalid input for peer_address: it is the gateway's own.", field: "peer_address")
        }
        try checkGroups(service, caller, in: reader)
        let (mine, theirs) = (try local(of: service, in: reader), try remote(in: reader))
        for block in theirs {
            guard !block.contains(.v4(peer)) else {
                throw .invalid(
                    "\(block) holds the peer's own address, by which it is reached outside.", field: "peer_cidrs")
            }
            for own in mine where own.block.overlaps(block) {
                throw .invalid("\(block) at the peer's end overlaps with \(own.block) at ours.", field: "peer_cidrs")
            }
        }
        try checkRoom(theirs, service, in: reader)
    }

    private func checkProof() throws(CloudError) {
        let texts = [
            ("private_key", value.key), ("certificate", value.certificate), ("peer_ca_certificate", value.authority),
        ]
        switch value.proof {
        case .shared:
            try VPNRules.checkSecret(value.secret)
            for (name, text) in texts where !text.isEmpty {
                throw .invalid("\(name) goes with the auth_mode cert.", field: name)
            }
        case .certificate:
            guard value.secret.isEmpty else { throw .invalid("psk goes with the auth_mode psk.", field: "psk") }
            _ = try VPNRules.pem(value.certificate, ["CERTIFICATE"], most: 4, field: "certificate")
            _ = try VPNRules.pem(value.authority, ["CERTIFICATE"], most: 1, field: "peer_ca_certificate")
            _ = try VPNRules.pem(
                value.key, ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"], most: 1, field: "private_key")
        }
    }

    /// Both ends are said by groups, or neither: then it is the service's subnet, and CIDRs.
    private func checkGroups(
        _ service: Stored<VPNService>, _ caller: Caller, in reader: any Reader
    ) throws(CloudError) {
        if let ours = value.localGroup, let theirs = value.peerGroup {
            guard value.peerBlocks.isEmpty else {
                throw .invalid("peer_cidrs cannot be specified with endpoint groups.", field: "peer_cidrs")
            }
            for (id, sort, field) in [
                (ours, EndpointGroup.Sort.subnet, "local_ep_group_id"), (theirs, .cidr, "peer_ep_group_id"),
            ] {
                let group = try reader.get(id, for: caller)
                guard group.project == project else { throw .missing(EndpointGroup.kind.title, id.text) }
                guard group.type == sort else {
                    throw .invalid("Invalid input for \(field): it must be a group of \(sort)s.", field: field)
                }
            }
            return
        }
        guard value.localGroup == nil, value.peerGroup == nil else {
            throw .invalid("Both endpoint groups are needed, or neither.", field: "local_ep_group_id")
        }
        guard service.subnet != nil else {
            throw .invalid("Without endpoint groups the VPN service needs a subnet.", field: "vpnservice_id")
        }
        guard (1...VPNRules.mostBlocks).contains(value.peerBlocks.count) else {
            throw .invalid("1 to \(VPNRules.mostBlocks) peer_cidrs are needed.", field: "peer_cidrs")
        }
    }

    /// What goes to one peer must not go to another, or to a network that the router is joined to.
    private func checkRoom(
        _ theirs: [CIDR], _ service: Stored<VPNService>, in reader: any Reader
    ) throws(CloudError) {
        var taken: [(CIDR, String)] = []
        for other in try service.connections(in: reader) where other.id != id {
            for block in try other.remote(in: reader) { taken.append((block, "connection \(other.id)")) }
        }
        if let router = try reader.find(service.router) {
            for port in try router.ports(in: reader) {
                for own in port.addresses {
                    if let block = try reader.find(own.subnet)?.cidr {
                        taken.append((block, "a network of the router"))
                    }
                }
            }
        }
        for block in theirs {
            guard let (other, whose) = taken.first(where: { $0.0.overlaps(block) }) else { continue }
            throw .conflict("\(block) at the peer's end overlaps with \(other) of \(whose).")
        }
    }

    /// The blocks at the peer's end.
    func remote(in reader: any Reader) throws(CloudError) -> [CIDR] {
        let field = value.peerGroup == nil ? "peer_cidrs" : "peer_ep_group_id"
        var out: [CIDR] = []
        for text in try value.peerGroup.map({ (id) throws(CloudError) in try reader.get(id).endpoints })
            ?? value.peerBlocks
        { out.append(try VPNRules.block(text, field: field)) }
        return out
    }

    /// The subnets at our end.
    func localSubnets(of service: Stored<VPNService>, in reader: any Reader) throws(CloudError) -> [ID<Subnet>] {
        guard let group = value.localGroup else { return service.subnet.map { [$0] } ?? [] }
        return try reader.get(group).endpoints.map { ID($0) }
    }

    /// Their blocks, each with the router's address there.
    ///
    /// - Throws: `invalid` where one is not joined to the router, or of IPv6.
    func local(
        of service: Stored<VPNService>, in reader: any Reader
    ) throws(CloudError) -> [(block: CIDR, address: IPv4)] {
        var out: [(block: CIDR, address: IPv4)] = []
        let router = try reader.get(service.router)
        for id in try localSubnets(of: service, in: reader) {
            guard let block = try reader.get(id).cidr, !block.isIPv6 else {
                throw .invalid("Subnet \(id) is of IPv6; tunnels carry IPv4.", field: "local_ep_group_id")
            }
            guard let address = try router.address(on: id, in: reader) else {
                throw .invalid(
                    "Subnet \(id) is not connected to router \(router.id).", field: "local_ep_group_id")
            }
            out.append((block, address))
        }
        return out
    }
}
