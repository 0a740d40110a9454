import CloudCore
import CloudNetwork
import CloudStore
import CloudWire

/// What the two tenants of a simulation have with each other: networks that one opens and the other's servers join.
extension SimulatedCloud {
    private static let requests = "/provider-connectivity/v2.0/tenant_connection_requests"
    private static let ends = "/provider-connectivity/v2.0/tenant_connections"

    /// What they begin with: one network is open, the other waits for an answer.
    func acquaint(_ tenant: Int) async {
        await offer(tenant)
        if tenant == 0, let open = offers.last { await answer(1 - tenant, open.approval, "approved") }
    }

    func deal(_ tenant: Int) async {
        let offer = chance.pick(Array(offers.suffix(4))) ?? ("none", "none")
        switch chance.below(10) {
        case 0: await self.offer(tenant)
        case 1, 2: await answer(tenant, offer.approval, ["approved", "denied", "cancelled"][chance.below(3)])
        case 3...6: await connect(tenant, offer.request)
        case 7, 8:
            let id = chance.pick(Array(connections.suffix(3))) ?? "none"
            _ = await send(tenant, .delete, Self.ends + "/" + id, [])
        default: _ = await send(tenant, .delete, Self.requests + "/" + offer.request, [])
        }
    }

    private func offer(_ tenant: Int) async {
        let body: JSON = [
            "tenant_connection_request": [
                "network_id": .string(some("network", tenant)), "tenant_id_other": .string(tenants[1 - tenant].project),
            ]
        ]
        guard let made = await send(tenant, .post, Self.requests, body)?.body["tenant_connection_request"],
            let id = made["id"]?.string, let approval = made["approval_request_id"]?.string
        else { return }
        offers.append((id, approval))
    }

    private func answer(_ tenant: Int, _ approval: String, _ status: String) async {
        _ = await send(tenant, .put, "/sss/v2/approval-requests/" + approval, ["status": .string(status)])
    }

    private func connect(_ tenant: Int, _ request: String) async {
        var options: [String: JSON] = [:]
        if chance.chance(300) { options["fixed_ips"] = [["ip_address": .string("10.0.0.\(chance.below(8))")]] }
        if chance.chance(300) {
            var pair: [String: JSON] = ["ip_address": .string("10.0.0.\(chance.below(8))")]
            if chance.chance(500) { pair["mac_address"] = .string("02:00:00:00:00:0\(chance.below(4))") }
            options["allowed_address_pairs"] = [.object(pair)]
        }
        let body: JSON = [
            "tenant_connection": [
                "tenant_connection_request_id": .string(request), "device_type": "ECL::Compute::Server",
                "device_id": .string(some("server", tenant)), "attachment_opts": .object(options),
            ]
        ]
        let made = await send(tenant, .post, Self.ends, body)?.body["tenant_connection"]
        if let id = made?["id"]?.string { connections.append(id) }
    }
}
