import CloudCore
import CloudStore

extension Stored where R == Subnet {
    /// A router's routes to the outside by a subnet there.
    ///
    /// Where the edge is, its neighbours are reached by it too, though they are on the same network: it lets nobody send
    /// as another, bounds everyone by plan, and counts. (Each half goes before the whole, which is directly connected.
    /// Open vSwitch in userspace could not take a packet through the translations of two routers at once besides.)
    func waysOut(in reader: any Reader) throws(CloudError) -> [HostRoute] {
        guard let hop = value.gateway, let cidr = value.cidr else { return [] }
        var out = [HostRoute(destination: CIDR(holding: hop, prefix: 0), nextHop: hop)]
        if try reader.get(value.network).physical == ConnectionService.edgeName {
            out += cidr.halves.map { HostRoute(destination: $0, nextHop: hop) }
        }
        return out
    }
}

extension Stored where R == ConnectionService {
    /// What its line carries, and what of it which gateway may use; services of one physical network share it.
    func line(in reader: any Reader) throws(CloudError) -> LineSpec {
        var line = LineSpec(physical: value.physical, bandwidth: 0, plans: [:])
        for service in try reader.list(ConnectionService.self, Query(ConnectionService.kind))
        where service.physical == value.physical {
            line.bandwidth += service.bandwidth
            for gateway in try reader.list(Gateway.self, where: "service_id", .string(service.id.text)) {
                line.plans[gateway.segment] = try gateway.plan(in: reader)
            }
        }
        return line
    }

    /// What the edge is told; nil where this service's network does not end there.
    func edge(in reader: any Reader) throws(CloudError) -> EdgeSpec? {
        guard let id = value.network, try reader.find(id)?.physical == ConnectionService.edgeName else { return nil }
        var spec = EdgeSpec(addresses: [], bandwidth: value.bandwidth, members: [])
        for subnet in try reader.list(Subnet.self, where: "network_id", .string(id.text)) {
            guard let gateway = subnet.gateway, let cidr = subnet.cidr else { continue }
            spec.addresses.insert("\(gateway)/\(cidr.prefix)")
        }
        for gateway in try reader.list(Gateway.self, where: "network_id", .string(id.text)) {
            guard var member = try member(gateway.id.text, gateway.port, in: reader) else { continue }
            let blocks = try reader.list(PublicIP.self, where: "gateway_id", .string(gateway.id.text))
            member.blocks = Set(blocks.compactMap(\.cidr))
            member.plan = try gateway.plan(in: reader)
            spec.members.insert(member)
        }
        for router in try reader.list(Router.self, where: "gateway_network", .string(id.text)) {
            guard var member = try member(router.id.text, router.gatewayPort, in: reader) else { continue }
            for floating in try reader.list(FloatingIP.self, where: "router_id", .string(router.id.text)) {
                if let address = floating.address { member.addresses.insert(.v4(address)) }
            }
            // Addresses of IPv6 are their owners' own wherever they go.
            for port in try router.ports(Router.interfaceOwner, in: reader) {
                for own in port.addresses where own.address?.isIPv6 ?? false {
                    if let cidr = try reader.find(own.subnet)?.cidr { member.blocks.insert(cidr) }
                }
            }
            spec.members.insert(member)
        }
        return spec
    }

    private func member(_ id: String, _ port: String, in reader: any Reader) throws(CloudError) -> EdgeMember? {
        guard let port = try reader.find(ID<Port>(port)), let mac = port.mac else { return nil }
        return EdgeMember(
            id: id, mac: mac, addresses: Set(port.addresses.compactMap(\.address)), blocks: [], plan: nil)
    }
}
