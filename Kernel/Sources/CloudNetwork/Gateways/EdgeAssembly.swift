import CloudCore
import CloudStore

extension Stored where R == ConnectionService {
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
            member.plan = try gateway.qos.flatMap { (option) throws(CloudError) in try reader.find(option)?.value.plan }
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
