import CloudCore
import CloudWire

extension Stage {
    /// A router that leads out and is joined to a subnet; or a VPN service beside one, which leads to the subnet.
    func makeEdge(_ kind: String, for actor: Actor) async throws(CloudError) -> String {
        let owner = actor == .reader || actor == .nobody ? Actor.member : actor
        let outside = try await make("external_network", for: .operator)
        let router = try await made(
            owner, "routers", "router", ["external_gateway_info": ["network_id": .string(outside)]])
        guard kind == "vpnservice" else { return router }
        let network = try await made(owner, "networks", "network", [:])
        let subnet = try await made(
            owner, "subnets", "subnet", ["network_id": .string(network), "cidr": "10.77.0.0/24", "ip_version": 4])
        let joined = await send(
            owner, .put, "/network/v2.0/routers/\(router)/add_router_interface", ["subnet_id": .string(subnet)])
        guard joined.status == 200 else { throw .fault("no interface: \(joined.text)") }
        let service = try await made(
            owner, "vpn/vpnservices", "vpnservice", ["router_id": .string(router), "subnet_id": .string(subnet)])
        try await settle()
        return service
    }

    /// The id of what a create route makes.
    func made(
        _ actor: Actor, _ path: String, _ key: String, _ body: [String: JSON]
    ) async throws(CloudError) -> String {
        let answer = await send(actor, .post, "/network/v2.0/" + path, .object([key: .object(body)]))
        guard answer.status == 201, let id = answer.json[key]?["id"]?.string else {
            throw .fault("no \(key): \(answer.text)")
        }
        return id
    }
}
