import CloudCore
import CloudNetwork
import CloudStore
import CloudWire

/// What the two tenants of a simulation have with each other: networks that one opens and the other's servers join.
extension SimulatedCloud {
    private static let requests = "/provider-connectivity/v2.0/tenant_connection_requests"
    private static let ends = "/provider-connectivity/v2.0/tenant_connections"

    /// A network that was offered, by whom.
    struct Offer {
        var request = "none", approval = "none", owner = 0
    }

    /// What they begin with: one network is open and has, mostly, a server of the other's on it; one is offered.
    func acquaint() async {
        for tenant in tenants.indices { await offer(tenant) }
        guard let open = offers.first else { return }
        await answer(1 - open.owner, open.approval, "approved")
        for _ in 0..<12 { await cloud.engine.drainQuietly() }
        if chance.chance(700) { await connect(1 - open.owner, open.request) }
    }

    /// One of them does something about it: whoever may, mostly.
    func deal(_ any: Int) async {
        let offer = chance.pick(Array(offers.suffix(4))) ?? Offer()
        let tenant = chance.chance(200) ? any : 1 - offer.owner
        switch chance.below(10) {
        case 0: await self.offer(any)
        case 1: await answer(any, offer.approval, ["approved", "denied", "cancelled"][chance.below(3)])
        case 2: await answer(tenant, offer.approval, "approved")
        case 3...6: await connect(tenant, offer.request)
        case 7, 8:
            let id = chance.pick(Array(connections.suffix(3))) ?? "none"
            _ = await send(any, .delete, Self.ends + "/" + id, [])
        default: _ = await send(any, .delete, Self.requests + "/" + offer.request, [])
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
        offers.append(Offer(request: id, approval: approval, owner: tenant))
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
