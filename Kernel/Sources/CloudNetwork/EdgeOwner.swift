import CloudCore
import CloudStore

/// Who stands behind what the edge knows by address or by member.
enum EdgeOwner {
    /// The project that an address was given to, and the edge's member that it leads to; nil where it is nobody's.
    static func of(
        _ address: IPAddress, in reader: any Reader
    ) throws(CloudError) -> (project: ProjectID, member: String)? {
        let text = JSON.string(address.description)
        if let floating = try reader.first(FloatingIP.self, where: "floating_ip_address", text) {
            return (floating.project, floating.router?.text ?? "")
        }
        if let block = try reader.list(PublicIP.self, .everything(PublicIP.kind)).first(where: {
            $0.cidr?.contains(address) ?? false
        }) {
            return (block.project, block.gateway.text)
        }
        // A router's own address outside is on a port of the cloud's.
        for router in try reader.list(Router.self, .everything(Router.kind)) where !router.gatewayPort.isEmpty {
            let port = try reader.find(ID<Port>(router.gatewayPort))
            if port?.addresses.contains(where: { $0.address == address }) ?? false {
                return (router.project, router.id.text)
            }
        }
        for gateway in try reader.list(Gateway.self, where: "type", .string(GatewayType.internet.rawValue)) {
            let port = try reader.find(ID<Port>(gateway.port))
            if port?.addresses.contains(where: { $0.address == address }) ?? false {
                return (gateway.project, gateway.id.text)
            }
        }
        return nil
    }

    /// The project of a router or gateway; nil where there is none of that id.
    static func of(member: String, in reader: any Reader) throws(CloudError) -> ProjectID? {
        if let router = try reader.find(ID<Router>(member)) { return router.project }
        return try reader.find(ID<Gateway>(member))?.project
    }
}
