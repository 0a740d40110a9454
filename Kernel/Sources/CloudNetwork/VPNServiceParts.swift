import CloudCore
import CloudStore

/// What a gateway consists of beneath.
extension Stored where R == VPNService {
    /// Takes an address outside, and makes the link to the router with a port at either end.
    mutating func takePorts(_ outside: ID<LogicalNetwork>, in writer: any Writer) throws(CloudError) {
        let outer: ID<Port> = Derived.id("outer port of VPN \(id)"),
            inner: ID<Port> = Derived.id("inner port of VPN \(id)")
        let leg: ID<Port> = Derived.id("router's port towards VPN \(id)")
        let link: ID<LogicalNetwork> = Derived.id("link of VPN \(id)"),
            subnet: ID<Subnet> = Derived.id("block of VPN \(id)")
        var port = try draft(outer, on: outside, of: id.text, VPNService.portOwner, in: writer)
        try port.takeAddresses(for: Reference(outer), only: false, in: writer)
        guard port.addresses.first?.address != nil else {
            throw .invalid("External network \(outside) has no IPv4 subnet.", field: "router_id")
        }
        try writer.insert(port, id: outer)
        var network = LogicalNetwork()
        (network.name, network.portSecurity) = ("vpn-\(id)", false)
        network.description = "Between a router and its VPN gateway."
        try writer.insert(network, id: link)
        var block = Subnet()
        (block.network, block.cidr, block.dhcp) = (link, VPNService.linkBlock, false)
        block.gateway = .v4(VPNService.routerAddress)
        block.pools = [Subnet.Pool(start: .v4(VPNService.innerAddress), end: .v4(VPNService.innerAddress))]
        try writer.insert(block, id: subnet)
        for (place, device, owner, address) in [
            (leg, value.router.text, Router.vpnOwner, VPNService.routerAddress),
            (inner, id.text, VPNService.portOwner, VPNService.innerAddress),
        ] {
            var port = try draft(place, on: link, of: device, owner, in: writer)
            port.addresses = [Port.FixedAddress(subnet: subnet, address: .v4(address))]
            port.addressesAreOpen = false
            try port.takeAddresses(for: Reference(place), in: writer)
            try writer.insert(port, id: place)
        }
        (value.link, value.outerPort, value.innerPort) = (link.text, outer.text, inner.text)
    }

    /// A port of the cloud's own. It sends from the addresses of whoever is behind it, so it is not guarded: the
    /// gateway's own filter lets only what was agreed pass.
    private func draft(
        _ port: ID<Port>, on network: ID<LogicalNetwork>, of device: String, _ owner: String, in writer: any Writer
    ) throws(CloudError) -> Port {
        var draft = Port()
        (draft.network, draft.deviceID, draft.deviceOwner, draft.isOwned) = (network, device, owner, true)
        (draft.isGuarded, draft.guardIsOpen, draft.groupsAreOpen) = (false, false, false)
        try draft.takeCard(for: port, in: writer)
        return draft
    }

    /// Gives ports and link back; those that are gone already are no trouble.
    func giveBack(in writer: any Writer) throws(CloudError) {
        let leg: ID<Port> = Derived.id("router's port towards VPN \(id)")
        for port in [ID<Port>(value.outerPort), ID(value.innerPort), leg] {
            guard var found = try writer.find(port), found.deletingSince == nil else { continue }
            try found.giveBack(in: writer)
        }
        try Router.refresh(value.router, in: writer)
        guard var network = try writer.find(ID<LogicalNetwork>(value.link)), network.deletingSince == nil else {
            return
        }
        for subnet in try writer.list(Subnet.self, where: "network_id", .string(network.id.text)) {
            try writer.remove(Reference(subnet.id))
        }
        try writer.delete(&network)
    }

    /// Brings the gateway's devices into its namespace, and returns when they carry packets.
    func join(_ world: VPNWorld, _ store: any Store) async throws(CloudError) {
        let it = self
        let (networks, ports) = try await store.read { (reader) throws(CloudError) in
            var networks: [NetworkSpec] = []
            var ports: [(spec: PortSpec, prefix: Int)] = []
            for id in [it.outerPort, it.innerPort] {
                let port = try reader.get(ID<Port>(id))
                let spec = try port.spec(in: reader)
                guard let own = spec.addresses.first,
                    let cidr = try reader.get(own.subnet).cidr
                else { throw .fault("port \(id) of VPN service \(it.id) has no address") }
                networks.append(try LogicalNetwork.spec(of: port.network, in: reader))
                ports.append((spec, cidr.prefix))
            }
            return (networks, ports)
        }
        let names = [GatewaySpec.outerDevice, GatewaySpec.innerDevice]
        for (place, port) in ports.enumerated() {
            try await world.fabric.ensureNetwork(networks[place])
            try await world.fabric.ensurePort(port.spec)
            let jack = JackSpec(
                port: port.spec.id, namespace: world.tunnels.namespace(of: id), device: names[place],
                mac: port.spec.mac, addresses: port.spec.addresses.map { "\($0.address)/\(port.prefix)" },
                mtu: networks[place].mtu)
            try await world.fabric.ensureJack(jack, on: world.tunnels.host)
        }
        try await world.fabric.settle(on: world.tunnels.host)
    }

    /// Writes which host carries the gateway's ports.
    func bind(to host: HostName, in writer: any Writer) throws(CloudError) {
        for id in [value.outerPort, value.innerPort] {
            guard var port = try writer.find(ID<Port>(id)), port.host != host.text || port.status != .active else {
                continue
            }
            (port.host, port.status, port.fault) = (host.text, .active, "")
            try writer.update(&port)
        }
    }

    /// What the gateway is told, as it stands now.
    func gateway(in reader: any Reader) throws(CloudError) -> GatewaySpec {
        guard let own = try reader.find(ID<Port>(value.outerPort))?.addresses.first, let address = own.address?.v4,
            let subnet = try reader.find(own.subnet), let cidr = subnet.cidr
        else { throw .fault("VPN service \(id) has no address outside") }
        var tunnels: [TunnelSpec] = []
        for it in try connections(in: reader) where it.adminUp {
            if let tunnel = try it.tunnel(at: address, of: self, in: reader) { tunnels.append(tunnel) }
        }
        return GatewaySpec(
            id: id, address: address, prefix: cidr.prefix, nextHop: subnet.gateway?.v4,
            router: VPNService.routerAddress, mtu: LogicalNetwork.mtu, tunnels: tunnels.sorted { $0.id < $1.id })
    }

    /// Its tunnels, but for those that are being deleted.
    func connections(in reader: any Reader) throws(CloudError) -> [Stored<IPsecSiteConnection>] {
        try reader.list(IPsecSiteConnection.self, where: "vpnservice_id", .string(id.text))
    }
}

extension Router {
    /// The mark of a router's port towards its VPN gateway.
    static let vpnOwner = "network:router_vpn"
}

extension Stored where R == Router {
    /// Its address on a subnet that it is joined to; nil where it is not.
    func address(on subnet: ID<Subnet>, in reader: any Reader) throws(CloudError) -> IPv4? {
        for port in try ports(Router.interfaceOwner, in: reader) {
            for own in port.addresses where own.subnet == subnet { return own.address?.v4 }
        }
        return nil
    }

    private func gateways(in reader: any Reader) throws(CloudError) -> [Stored<VPNService>] {
        try reader.list(VPNService.self, where: "router_id", .string(id.text))
    }

    /// The ways to what lies behind its VPN gateway. They stand while a tunnel is down, so that what is meant for it
    /// never leaves unencrypted by another way.
    func tunnelRoutes(in reader: any Reader) throws(CloudError) -> Set<HostRoute> {
        var routes: Set<HostRoute> = []
        for gateway in try gateways(in: reader) {
            for it in try gateway.connections(in: reader) {
                for block in try it.remote(in: reader) {
                    routes.insert(HostRoute(destination: block, nextHop: .v4(VPNService.innerAddress)))
                }
            }
        }
        return routes
    }

    /// Throws `conflict` where a tunnel leads to a subnet that the router is to leave.
    func refuseLeaving(_ subnet: ID<Subnet>, in reader: any Reader) throws(CloudError) {
        for gateway in try gateways(in: reader) {
            var used = Set([gateway.subnet].compactMap { $0 })
            for it in try gateway.connections(in: reader) {
                used.formUnion(try it.localSubnets(of: gateway, in: reader))
            }
            guard !used.contains(subnet) else {
                throw .conflict("Subnet \(subnet) is used by VPNService \(gateway.id).")
            }
        }
    }

    /// Throws `conflict` where the router's VPN gateway has its address on the network that is to be left.
    func refuseGatewayChange(in reader: any Reader) throws(CloudError) {
        if let gateway = try gateways(in: reader).first {
            throw .conflict("Gateway cannot be updated for router \(id), since VPNService \(gateway.id) uses it.")
        }
    }
}
